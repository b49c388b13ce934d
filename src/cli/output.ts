/** How commands speak: answers on standard output, troubles on standard error, one object where `--json` was asked for. */
import { writeJson } from "../codec/json.js";
import { type Description, describe } from "../text/describe.js";

export const EXIT_OK = 0;
/** The command was understood and its answer is no: not valid, not possible, not well. */
export const EXIT_NO = 1;
/** The command line or the input cannot be understood. */
export const EXIT_USAGE = 2;

/** Codes after which the command was not carried out because it was not understood. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "COMMAND_USAGE",
  "INPUT_UNREADABLE",
  "INPUT_TOO_LARGE",
  "INPUT_NOT_JSON",
  "INPUT_NOT_OBJECT",
]);

export interface Console {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One JSON object, or readable lines. */
export function printAnswer(console: Console, json: boolean, answer: object, lines: readonly string[]): void {
  console.out(json ? `${writeJson(answer)}\n` : lines.map((line) => `${line}\n`).join(""));
}

/** @returns the exit code for what was thrown. */
export function printFailure(console: Console, json: boolean, thrown: unknown): number {
  const description = describe(thrown);
  if (USAGE_CODES.has(description.code)) {
    console.error(`edgeseal: ${inWords(description)}\n`);
    return EXIT_USAGE;
  }
  if (json) console.out(`${writeJson(asJson(description))}\n`);
  else console.error(`edgeseal: ${inWords(description)}\n`);
  if (console.environment.EDGESEAL_DEBUG === "1" && thrown instanceof Error) console.error(`${stackOf(thrown)}\n`);
  return EXIT_NO;
}

export interface FailureJson {
  readonly code: string;
  readonly message: string;
  readonly advice?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function asJson({ code, sentence, advice, data }: Description): FailureJson {
  const values = data === undefined || Object.keys(data).length === 0 ? {} : { data };
  return { code, message: sentence, ...(advice === undefined ? {} : { advice }), ...values };
}

/** `Sentence. Advice. [CODE]` */
export function inWords({ code, sentence, advice }: Description): string {
  return `${advice === undefined ? sentence : `${sentence} ${advice}`} [${code}]`;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
