/** Numbers as the demonstration shows them. */
import { styleText } from "node:util";

const KIB = 1_024;
const LABEL_CHARACTERS = 10;
const TITLE_CHARACTERS = 62;

export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** What every picture takes. */
export interface ScreenOptions {
  readonly colour: boolean;
  readonly seconds: number;
  readonly keys: boolean;
}

export function painter(colour: boolean): Paint {
  return (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text);
}

export function labelled(paint: Paint): (text: string) => string {
  return (text) => paint("dim", text.padEnd(LABEL_CHARACTERS));
}

export function headerLine(paint: Paint, title: string, seconds: number): string {
  return `${paint("bold", "edgeseal")}  ${title.padEnd(TITLE_CHARACTERS)}${`${seconds} s`.padStart(8)}`;
}

export function count(value: number | undefined): string {
  return value === undefined ? "-" : value.toLocaleString("en");
}

export function rate(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en")}/s`;
}

export function milliseconds(value: number | undefined): string {
  if (value === undefined) return "-";
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

/** With a tenth: of what takes a few milliseconds. */
export function shortTime(value: number | undefined): string {
  if (value === undefined) return "-";
  return value < 100 ? `${value.toFixed(1)} ms` : milliseconds(value);
}

export function bytes(value: number): string {
  return value < KIB * KIB ? `${(value / KIB).toFixed(1)} KiB` : `${(value / KIB / KIB).toFixed(1)} MiB`;
}
