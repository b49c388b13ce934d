/** From a problem to words for people. The only place where a code becomes a sentence. */
import { DomainError, type Problem } from "../base/error.js";
import { textOf } from "./index.js";

export interface Description {
  readonly code: string;
  /** What happened. */
  readonly sentence: string;
  /** What can be done about it, where something can. */
  readonly advice?: string;
  /** The values of the case, for programs. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Long enough for any sentence of ours; a node's own error text inside one may be longer. */
export const SENTENCE_CHARACTERS_MAX = 1_000;
/** Sentences quote what strangers sent: nothing in them may move a terminal's cursor or begin a new line. */
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** Of anything: a problem, a typed error, or what a library threw. Never throws. */
export function describe(thrown: unknown): Description {
  const problem = thrown instanceof DomainError ? (thrown.problem as Problem) : thrown;
  if (isProblem(problem)) {
    const text = textOf(problem.code);
    if (text !== undefined) {
      const sentence = shortened(text.says(problem));
      const data = dataOf(problem);
      return { code: problem.code, sentence, ...(text.advice === undefined ? {} : { advice: text.advice }), data };
    }
  }
  return {
    code: "UNEXPECTED",
    sentence: shortened(`Something unexpected happened: ${thrown instanceof Error ? thrown.message : String(thrown)}`),
    advice: "This is a mistake in edgeseal. Run it again with EDGESEAL_DEBUG=1 and report what it prints.",
  };
}

function dataOf({ code: _code, ...values }: Problem): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" ? value.slice(0, SENTENCE_CHARACTERS_MAX) : value,
  ]);
  return Object.fromEntries(entries);
}

function isProblem(value: unknown): value is Problem {
  const isObject = typeof value === "object" && value !== null && !(value instanceof Error);
  return isObject && "code" in value && typeof value.code === "string";
}

function shortened(sentence: string): string {
  const line = sentence.replace(CONTROL_CHARACTERS, " ");
  return line.length <= SENTENCE_CHARACTERS_MAX ? line : `${line.slice(0, SENTENCE_CHARACTERS_MAX)}...`;
}
