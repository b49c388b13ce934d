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
import { DEVICES_MAX, type Voucher } from "../device.js";
import { CANDIDATES_MAX, INTERVIEW_MS } from "./limits.js";
import type { Pile } from "./pile.js";
import type { Candidate, Member } from "./table.js";

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
  /** Another key than the device's own. */
  | { readonly kind: "other-key" }
  | { readonly kind: "failed" };

export class Interviews {
  readonly #pile: Pile;
  readonly #random: Random;
  readonly #suite: Suite;
  /** Of strangers, who may be any number. */
  readonly #underWay = new Map<string, Interview>();
  /** Of the gateway's devices: no stranger takes their place, and all of them may be asked at once. */
  readonly #ofMembers = new Map<string, Interview>();
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
    bounded(this.#candidates, CANDIDATES_MAX, name, { link, address, profile, serial, heardAtMs });
  }

  /** One question at a time for each place: who asks for more of them does not get more of them. */
  ask(link: string, address: string, isMember: boolean): void {
    const name = placeName(link, address);
    const { monotonicMs } = this.#pile.now;
    const underWay = isMember ? this.#ofMembers : this.#underWay;
    const known = underWay.get(name);
    if (known !== undefined && monotonicMs < known.untilMs) return;
    const nonce = this.#random.bytes(NONCE_BYTES);
    underWay.delete(name);
    const max = isMember ? DEVICES_MAX : CANDIDATES_MAX;
    bounded(underWay, max, name, { link, address, nonce, untilMs: monotonicMs + INTERVIEW_MS });
    this.#pile.messages.push({ kind: "say", link, address, message: { kind: "challenge", nonce } });
  }

  /** A device with a key answers with it; whoever is faster and answers with another one does not end its interview. */
  answer(from: Member | Place, identity: IdentityMessage): InterviewVerdict {
    const member = "record" in from ? from : undefined;
    const { link, address } = "record" in from ? from.record : from;
    const name = placeName(link, address);
    const underWay = member === undefined ? this.#underWay : this.#ofMembers;
    const interview = underWay.get(name);
    if (interview === undefined || this.#pile.now.monotonicMs >= interview.untilMs) return { kind: "unasked" };
    if (!equalBytes(interview.nonce, identity.nonce)) return { kind: "unasked" };
    const { publicKey, signature } = identity;
    const own = member?.record.voucher.kind === "key" ? member.record.voucher.publicKey : undefined;
    if (own === undefined) underWay.delete(name);
    else if (!equalBytes(own, publicKey)) return { kind: "other-key" };
    if (publicKey.length === 0) return { kind: "passed", voucher: { kind: "gateway" }, identity };
    const digest = this.#suite.hash(identitySigningBytes(address, identity));
    const key = own === undefined ? this.#suite.prepare(publicKey) : member?.key;
    if (key?.verify(digest, signature) !== true) return { kind: "failed" };
    underWay.delete(name);
    return { kind: "passed", voucher: { kind: "key", publicKey }, identity };
  }

  forget(link: string, address: string): void {
    this.#candidates.delete(placeName(link, address));
  }
}

interface Place {
  readonly link: string;
  readonly address: string;
}

function placeName(link: string, address: string): string {
  return `${link}\n${address}`;
}

/** The oldest entry makes room. */
function bounded<V>(map: Map<string, V>, max: number, key: string, value: V): void {
  if (map.size >= max) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
