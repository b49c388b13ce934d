/** What an attack is: bytes or text that a stranger sends, and the codes one of which refuses it. */
import type { Subject } from "../../../src/codec/wire/topics.js";
import type { Forger } from "../forger.js";

export type HostileInput =
  /** A payload on a topic of the header network. */
  | { readonly kind: "wire"; readonly subject: Subject; readonly payload: Uint8Array }
  /** A header as the answer to getBlockByNumber, JSON text. */
  | { readonly kind: "json"; readonly payload: string }
  | { readonly kind: "tars"; readonly form: "header" | "transaction" | "receipt"; readonly payload: Uint8Array };

export type Hostile = HostileInput & {
  /** One of these is counted, and the trusted header stays where it is. */
  readonly expectedCodes: readonly string[];
};

export interface Attack {
  /** Lower case with hyphens, unique. */
  readonly name: string;
  /** One sentence for people. */
  readonly title: string;
  /** Whether the chain at hand has what the attack needs (a layout, a suite, a past change of sealers). */
  readonly appliesTo: (forger: Forger) => boolean;
  /** True where the right answer is to stop for good: more than the tolerated number of sealers has lied. */
  readonly halts: boolean;
  /**
   * Makes the input against a client that trusts the issuer's head. May let the issuer issue blocks first (a stranger's
   * transaction has to stand in a block); then the client has to be shown the new head before.
   */
  readonly run: (forger: Forger) => Hostile;
}

const ALWAYS = (): boolean => true;

export function attack(
  name: string,
  title: string,
  run: Attack["run"],
  more: Partial<Pick<Attack, "appliesTo" | "halts">> = {},
): Attack {
  return { name, title, run, appliesTo: more.appliesTo ?? ALWAYS, halts: more.halts ?? false };
}

/** A hostile payload on the topic of the newest header. */
export function onHead(payload: Uint8Array, ...expectedCodes: string[]): Hostile {
  return { kind: "wire", subject: { kind: "head" }, payload, expectedCodes };
}

export function asJson(payload: string, ...expectedCodes: string[]): Hostile {
  return { kind: "json", payload, expectedCodes };
}
