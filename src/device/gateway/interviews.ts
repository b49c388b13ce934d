/**
 * How a device of our own protocol comes in: it is heard while the join window is open, has to answer a fresh number (so a
 * message that a broker kept proves nothing), and where it has a key, signs the answer with it.
 */
import { equalBytes } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import { NONCE_BYTES } from "../../codec/device/limits.js";
import type { BirthMessage, IdentityMessage } from "../../codec/device/messages.js";
import { identitySigningBytes } from "../../codec/device/signingBytes.js";
import type { Suite } from "../../crypto/suite.js";
import type { Voucher } from "../device.js";
import { CANDIDATES_MAX, INTERVIEW_MS } from "./limits.js";
import type { Pile } from "./pile.js";
import type { Candidate } from "./table.js";

interface Interview {
  readonly link: string;
  readonly address: string;
  readonly nonce: Uint8Array;
  readonly untilMs: number;
}

export type InterviewVerdict =
  | { readonly kind: "passed"; readonly voucher: Voucher; readonly identity: IdentityMessage }
  /** Nobody was asked, or with another number. */
  | { readonly kind: "unasked" }
  | { readonly kind: "failed" };

export class Interviews {
  readonly #pile: Pile;
  readonly #random: Random;
  readonly #suite: Suite;
  readonly #underWay = new Map<string, Interview>();
  readonly #candidates = new Map<string, Candidate>();

  constructor(pile: Pile, random: Random, suite: Suite) {
    this.#pile = pile;
    this.#random = random;
    this.#suite = suite;
  }

  /** Who was heard and may not join, or has not answered yet. */
  get candidates(): Iterable<Candidate> {
    return this.#candidates.values();
  }

  note(link: string, address: string, { profile, serial }: BirthMessage): void {
    const name = placeName(link, address);
    this.#candidates.delete(name);
    const heardAtMs = this.#pile.now.monotonicMs;
    bounded(this.#candidates, name, { link, address, profile, serial, heardAtMs });
  }

  /** One question at a time for each place: who asks for more of them does not get more of them. */
  ask(link: string, address: string): void {
    const name = placeName(link, address);
    const { monotonicMs } = this.#pile.now;
    const known = this.#underWay.get(name);
    if (known !== undefined && monotonicMs < known.untilMs) return;
    const nonce = this.#random.bytes(NONCE_BYTES);
    this.#underWay.delete(name);
    bounded(this.#underWay, name, { link, address, nonce, untilMs: monotonicMs + INTERVIEW_MS });
    this.#pile.messages.push({ kind: "say", link, address, message: { kind: "challenge", nonce } });
  }

  answer(link: string, address: string, identity: IdentityMessage): InterviewVerdict {
    const name = placeName(link, address);
    const interview = this.#underWay.get(name);
    if (interview === undefined || this.#pile.now.monotonicMs >= interview.untilMs) return { kind: "unasked" };
    if (!equalBytes(interview.nonce, identity.nonce)) return { kind: "unasked" };
    this.#underWay.delete(name);
    const { publicKey, signature } = identity;
    if (publicKey.length === 0) return { kind: "passed", voucher: { kind: "gateway" }, identity };
    const digest = this.#suite.hash(identitySigningBytes(address, identity));
    if (this.#suite.prepare(publicKey)?.verify(digest, signature) !== true) return { kind: "failed" };
    return { kind: "passed", voucher: { kind: "key", publicKey }, identity };
  }

  forget(link: string, address: string): void {
    this.#candidates.delete(placeName(link, address));
  }
}

function placeName(link: string, address: string): string {
  return `${link}\n${address}`;
}

/** The oldest entry makes room. */
function bounded<V>(map: Map<string, V>, key: string, value: V): void {
  if (map.size >= CANDIDATES_MAX) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
