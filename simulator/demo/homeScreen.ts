/** The live picture of the home: a snapshot in, lines of text out, as many at any time, for a terminal of 80 by 24. */
import type { DeviceValue } from "../../src/device/value.js";
import { realLines } from "./chainScreen.js";
import {
  bytes,
  count,
  headerLine,
  labelled,
  milliseconds,
  type Paint,
  painter,
  type ScreenOptions,
  shortTime,
} from "./figures.js";
import type { HomeSnapshot } from "./homeWorld.js";
import type { RealHeader } from "./realHeaders.js";
import type { ActResult } from "./story.js";

/** Commands of one act that are shown: a scene of the home has no more. */
const RESULTS_SHOWN = 4;
const INDENT = " ".repeat(10);
const RECEIPT_DIGITS = 16;

export function drawHome(home: HomeSnapshot, real: readonly RealHeader[], options: ScreenOptions): string[] {
  const paint = painter(options.colour);
  const label = labelled(paint);
  const lines = [
    headerLine(paint, "a home whose rules go on without the chain", options.seconds),
    "",
    `${label("chain")}${chainText(home, paint)}`,
    `${label("gateway")}${gatewayText(home)}`,
    `${label("receipts")}${receiptText(home)}`,
    "",
    ...deviceLines(home, paint, label),
    "",
    ...actLines(home, paint, label),
    "",
    `${label("linkage")}sensor to command  ${linkageText(home)}`,
    `${label("so far")}smoke ${count(home.smokes)}, leaving home ${count(home.leavings)}, notices ${count(home.notices)}`,
    `${label("strangers")}${strangerText(home, paint)}`,
    `${label("files")}${home.folder}`,
    ...realLines(real, paint),
  ];
  if (options.keys) lines.push(keyLine(home, paint));
  return lines;
}

/** One line of everything, for logs. */
export function homeLine(home: HomeSnapshot): string {
  const parts = [
    `height ${count(home.height)}`,
    home.state,
    `header age ${milliseconds(home.headerAgeMs)}`,
    ...(home.cut ? ["chain cut off"] : []),
    `devices ${home.gateway?.online ?? 0}/${home.gateway?.devices ?? 0}`,
    `smokes ${home.smokes}`,
    `leavings ${home.leavings}`,
    `sensor to command ${linkageText(home)}`,
    `receipts ${home.receipts}, signed to ${home.signedTo}`,
    ...home.lies.slice(-1).map(({ refusedBy }) => `lie refused: ${refusedBy ?? "..."}`),
    home.act.title,
  ];
  return parts.join("  ");
}

function chainText({ cut, state, height, headerAgeMs, chain }: HomeSnapshot, paint: Paint): string {
  const shown = cut ? paint("yellow", "CUT OFF") : paint(state === "FOLLOWING" ? "green" : "yellow", state);
  const age = cut ? paint("yellow", milliseconds(headerAgeMs)) : milliseconds(headerAgeMs);
  return `${chain}  one sealer  height ${paint("bold", count(height))}  ${shown}  header age ${age}`;
}

function gatewayText({ gateway, memoryBytes }: HomeSnapshot): string {
  if (gateway === undefined) return "starting";
  const { online, devices, rules, store } = gateway;
  const files = `${rules.active} rule, ${rules.scenes} scenes`;
  return `${online} of ${devices} devices  ${files}  ${bytes(store.bytesWritten)} written  ${bytes(memoryBytes)} for all`;
}

function receiptText({ receipts, signedTo, lastReceipt }: HomeSnapshot): string {
  const newest = lastReceipt === undefined ? "" : `, newest ${lastReceipt.slice(0, RECEIPT_DIGITS)}...`;
  return `${count(receipts)} in a chain, signed up to number ${count(signedTo)}${newest}`;
}

function linkageText({ linkage: { lastMs, p50Ms, p99Ms, count: commands } }: HomeSnapshot): string {
  return `last ${shortTime(lastMs)}  p50 ${shortTime(p50Ms)}  p99 ${shortTime(p99Ms)}  of ${count(commands)}`;
}

interface Shown {
  readonly maker: string;
  readonly device: string;
  readonly name: string;
  readonly property: string;
  readonly words: (value: DeviceValue, paint: Paint) => string;
}

const either =
  (yes: string, no: string) =>
  (value: DeviceValue): string =>
    value === true ? yes : no;

const SHOWN: readonly (readonly Shown[])[] = [
  [
    {
      ...{ maker: "Zigbee2MQTT", device: "smoke-kitchen", name: "smoke alarm", property: "smoke" },
      words: (value, paint) => (value === true ? paint("red", "SMOKE") : "clear"),
    },
    {
      ...{ maker: "", device: "contact-door", name: "door contact", property: "closed" },
      words: either("shut", "open"),
    },
  ],
  [
    {
      ...{ maker: "edgeseal", device: "gas-valve", name: "gas valve", property: "open" },
      words: either("open", "closed"),
    },
    {
      ...{ maker: "", device: "window-kitchen", name: "kitchen window", property: "open" },
      words: either("open", "shut"),
    },
  ],
  [
    {
      ...{ maker: "  signed", device: "lock-door", name: "door lock", property: "locked" },
      words: either("locked", "unlocked"),
    },
  ],
  [
    {
      ...{ maker: "Tasmota", device: "light-hall", name: "hall light", property: "on" },
      words: (value, paint) => (value === true ? paint("yellow", "on") : "off"),
    },
  ],
  [
    {
      ...{ maker: "Modbus TCP", device: "meter", name: "meter", property: "power" },
      words: (value) => `${(Number(value) / 10).toFixed(1)} W`,
    },
  ],
];

function deviceLines(home: HomeSnapshot, paint: Paint, label: (text: string) => string): string[] {
  return SHOWN.map((row, i) => {
    const cells = row.map(({ device, name, property, words }) => {
      const value = home.believed[device]?.[property];
      const offline = home.availability[device] === "offline";
      const plain = value === undefined ? "-" : offline ? "offline" : words(value, (_, text) => text);
      const shown = value === undefined || offline ? plain : words(value, paint);
      return `${name.padEnd(15)}${shown}${" ".repeat(Math.max(0, 10 - plain.length))}`;
    });
    return `${label(i === 0 ? "devices" : "")}${paint("cyan", (row[0]?.maker ?? "").padEnd(14))}${cells.join("  ")}`.trimEnd();
  });
}

function actLines({ act }: HomeSnapshot, paint: Paint, label: (text: string) => string): string[] {
  const results = act.results.slice(-RESULTS_SHOWN).map((result) => INDENT + resultText(result, paint));
  if (act.refusedBy !== undefined) results.push(`${INDENT}${paint("yellow", `not done: ${act.refusedBy}`)}`);
  const empty = Array.from({ length: Math.max(0, RESULTS_SHOWN - results.length) }, () => "");
  return [`${label("now")}${paint("bold", act.title)}`, ...results.slice(0, RESULTS_SHOWN), ...empty];
}

function resultText({ device, target, value, result, latencyMs }: ActResult, paint: Paint): string {
  const good = result === "done" || result === "sent";
  const command = `${device}.${target} = ${value}`.padEnd(32);
  return `${command}${paint(good ? "green" : "yellow", result.padEnd(11))}after ${shortTime(latencyMs)}`;
}

function strangerText({ lies }: HomeSnapshot, paint: Paint): string {
  const refused = lies.filter(({ refusedBy }) => refusedBy !== undefined).length;
  const last = lies.at(-1);
  const shown = last === undefined ? "" : `; ${paint("green", last.refusedBy ?? "...")}`;
  return `${count(lies.length)} lies, ${count(refused)} refused${shown}`;
}

function keyLine({ cut }: HomeSnapshot, paint: Paint): string {
  const key = (letter: string, text: string): string => `${paint("inverse", ` ${letter} `)} ${text}`;
  const chain = key("c", cut ? "bring the chain back" : "cut the chain off");
  return [chain, key("a", "a stranger lies"), key("q", "quit")].join("   ");
}
