/**
 * What devices of our own protocol say: whose it is, whether it is new, whether the key that joined has signed it. What passes
 * goes on to the core; what does not is a fault of the device.
 *
 * Of a device with a key only signed messages count: a birth that anybody could have published leads to a question, not to a
 * change. `birth` and `sequence` order everything; a broker's repetition is known by them and by the device's own clock.
 */
import type {
  AckMessage,
  BirthMessage,
  DeathMessage,
  EventMessage,
  IdentityMessage,
  StateMessage,
} from "../../codec/device/messages.js";
import { eventSigningBytes, stateSigningBytes } from "../../codec/device/signingBytes.js";
import type { Suite } from "../../crypto/suite.js";
import type { Voucher } from "../device.js";
import type { Interviews } from "./interviews.js";
import type { FromDevice } from "./messages.js";
import type { Pile } from "./pile.js";
import type { Presence } from "./presence.js";
import type { GatewayProblem } from "./problems.js";
import type { DeviceTable, Member } from "./table.js";

/** How far the age of what was said is known. */
export type Age = "now" | "unknown";

export interface SpeechOutlets {
  readonly joining: () => boolean;
  readonly join: (link: string, address: string, identity: IdentityMessage, voucher: Voucher) => void;
  readonly state: (member: Member, message: StateMessage, age: Age, isNew: boolean) => void;
  readonly event: (member: Member, message: EventMessage) => void;
  readonly ack: (member: Member, message: AckMessage) => void;
  /** Said in its name, perhaps by somebody else. */
  readonly suspect: (member: Member, problem: GatewayProblem) => void;
  readonly fault: (member: Member, problem: GatewayProblem) => void;
  readonly cloned: (member: Member) => void;
}

export class NativeSpeech {
  readonly #pile: Pile;
  readonly #suite: Suite;
  readonly #table: DeviceTable;
  readonly #interviews: Interviews;
  readonly #presence: Presence;
  readonly #outlets: SpeechOutlets;

  constructor(
    pile: Pile,
    suite: Suite,
    table: DeviceTable,
    interviews: Interviews,
    presence: Presence,
    outlets: SpeechOutlets,
  ) {
    this.#pile = pile;
    this.#suite = suite;
    this.#table = table;
    this.#interviews = interviews;
    this.#presence = presence;
    this.#outlets = outlets;
  }

  said(link: string, address: string, message: FromDevice, retained: boolean): void {
    const member = this.#table.at(link, address);
    if (message.kind === "identity") this.#identity(link, address, member, message);
    else if (member === undefined) this.#stranger(link, address, message);
    else if (message.kind === "birth") this.#birth(member, message, retained);
    else if (message.kind === "death") this.#death(member, message, retained);
    else if (message.kind === "ack") this.#ack(member, message, retained);
    else this.#counted(member, message, retained);
  }

  #stranger(link: string, address: string, message: FromDevice): void {
    if (message.kind !== "birth") {
      this.#pile.refuse({ code: "GATEWAY_DEVICE_UNKNOWN", link, address });
      return;
    }
    this.#interviews.note(link, address, message);
    if (this.#outlets.joining()) this.#interviews.ask(link, address, false);
    else this.#pile.refuse({ code: "GATEWAY_NOT_JOINING", device: address });
  }

  #birth(member: Member, message: BirthMessage, retained: boolean): void {
    if (message.birth > member.birth || this.#outlets.joining()) this.#ask(member);
    else if (message.birth < member.birth && !retained) this.#olderStart(member, message.birth);
  }

  #identity(link: string, address: string, member: Member | undefined, message: IdentityMessage): void {
    const verdict = this.#interviews.answer(member ?? { link, address }, message);
    if (verdict.kind === "unasked") {
      this.#pile.refuse({ code: "GATEWAY_INTERVIEW_FAILED", device: address });
    } else if (verdict.kind === "failed") {
      const problem = { code: "GATEWAY_SIGNATURE_WRONG" as const, device: address };
      if (member === undefined) this.#pile.refuse(problem);
      else this.#outlets.suspect(member, problem);
    } else if (verdict.kind === "other-key") {
      this.#pile.refuse({ code: "GATEWAY_KEY_MISMATCH", device: address });
    } else if (member === undefined || (this.#outlets.joining() && !member.fixed)) {
      if (this.#outlets.joining()) this.#outlets.join(link, address, message, verdict.voucher);
      else this.#pile.refuse({ code: "GATEWAY_NOT_JOINING", device: address });
    } else if (member.record.voucher.kind === "gateway" && verdict.voucher.kind === "key" && !member.fixed) {
      // It joined without one. Of a device that the operator's file names without a key, any key will do.
      this.#outlets.suspect(member, { code: "GATEWAY_KEY_MISMATCH", device: address });
    } else if (message.birth < member.birth) {
      this.#cloneSign(member, { code: "GATEWAY_REPLAYED", device: address, sequence: message.birth });
    } else {
      this.#start(member, message.birth);
      this.#presence.heard(member);
    }
  }

  #death(member: Member, message: DeathMessage, retained: boolean): void {
    // Left by an earlier start of it, and kept by the broker.
    if (message.birth < member.birth) return;
    // What a broker kept is older than what was heard since.
    if (retained && member.heardAtMs !== undefined) return;
    // Nobody has signed it: a broker says it for whoever has left it as a will.
    if (member.record.voucher.kind === "key") this.#presence.doubt(member);
    else this.#presence.gone(member);
  }

  #ack(member: Member, message: AckMessage, retained: boolean): void {
    if (retained) this.#outlets.suspect(member, { code: "GATEWAY_ACK_UNKNOWN", device: member.record.id });
    else this.#outlets.ack(member, message);
  }

  #counted(member: Member, message: StateMessage | EventMessage, retained: boolean): void {
    const { id } = member.record;
    if (!this.#signedWell(member, message)) return;
    const replayed = { code: "GATEWAY_REPLAYED" as const, device: id, sequence: message.sequence };
    switch (orderOf(member, message)) {
      case "new":
        this.#take(member, message, retained);
        break;
      case "same":
        if (!retained) this.#repeated(member);
        else if (message.kind === "state") this.#outlets.state(member, message, "unknown", false);
        break;
      case "older":
        if (!retained) this.#outlets.suspect(member, replayed);
        break;
      case "older start":
        if (!retained) this.#olderStart(member, message.sequence);
        break;
      case "impossible":
        if (!retained) this.#cloneSign(member, replayed);
    }
  }

  #take(member: Member, message: StateMessage | EventMessage, retained: boolean): void {
    this.#start(member, message.birth);
    member.sequence = message.sequence;
    member.uptimeMs = message.uptimeMs;
    if (!retained) this.#presence.heard(member);
    if (message.kind === "state") this.#outlets.state(member, message, retained ? "unknown" : "now", true);
    // An event that a broker kept happened at some time or other.
    else if (!retained) this.#outlets.event(member, message);
  }

  #repeated(member: Member): void {
    this.#pile.counters.add("GATEWAY_MESSAGE_REPEATED");
    this.#presence.heard(member);
  }

  #signedWell(member: Member, message: StateMessage | EventMessage): boolean {
    const { record, key } = member;
    if (record.voucher.kind !== "key") return true;
    const device = record.id;
    if (message.signature.length === 0) {
      this.#outlets.suspect(member, { code: "GATEWAY_SIGNATURE_MISSING", device });
      return false;
    }
    const bytes =
      message.kind === "state"
        ? stateSigningBytes(record.address, message)
        : eventSigningBytes(record.address, message);
    if (key?.verify(this.#suite.hash(bytes), message.signature) === true) return true;
    this.#outlets.suspect(member, { code: "GATEWAY_SIGNATURE_WRONG", device });
    return false;
  }

  #start(member: Member, birth: number): void {
    if (birth === member.birth) return;
    member.birth = birth;
    member.sequence = 0;
    member.uptimeMs = 0;
  }

  /**
   * The name's earlier start speaks after a later one: a late message, a restored memory, or a second device. Under a name
   * with a key anybody can repeat what the device once signed, so it is asked: the answer to a fresh number tells.
   */
  #olderStart(member: Member, sequence: number): void {
    const problem: GatewayProblem = { code: "GATEWAY_REPLAYED", device: member.record.id, sequence };
    if (member.record.voucher.kind === "gateway") {
      this.#cloneSign(member, problem);
      return;
    }
    this.#pile.refuse(problem);
    this.#ask(member);
  }

  #ask({ record }: Member): void {
    this.#interviews.ask(record.link, record.address, true);
  }

  #cloneSign(member: Member, problem: GatewayProblem): void {
    if (member.conduct.cloneSign(this.#pile.now.monotonicMs)) this.#outlets.cloned(member);
    else this.#outlets.fault(member, problem);
  }
}

/**
 * Where a message stands. One device counts its messages and its time the same way, so a later number with an earlier time, or
 * the other way round, comes from two of them; somebody who only repeats old messages cannot make one up.
 */
function orderOf(
  member: Member,
  message: { readonly birth: number; readonly sequence: number; readonly uptimeMs: number },
): "new" | "same" | "older" | "older start" | "impossible" {
  if (message.birth < member.birth) return "older start";
  if (message.birth > member.birth) return "new";
  const later = Math.sign(message.sequence - member.sequence);
  // Not known since a restart of ours.
  const laterTime = member.uptimeMs === 0 ? later : Math.sign(message.uptimeMs - member.uptimeMs);
  if (later * laterTime < 0 || (later === 0 && laterTime !== 0)) return "impossible";
  if (later === 0) return "same";
  return later > 0 ? "new" : "older";
}
