/** The devices of a gateway: who is where, whether they are there, and how they behave. */
import { equalBytes } from "../../base/bytes.js";
import type { PreparedKey, Suite } from "../../crypto/suite.js";
import {
  DEVICES_MAX,
  type DeviceId,
  type DeviceRecord,
  type Registration,
  type RegistrationSource,
} from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { Availability, DeviceFacts } from "../view.js";
import { Conduct } from "./conduct.js";

/** One device as the gateway deals with it. */
export interface Member extends DeviceFacts {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  /** Named in the operator's file, which alone can take it out. */
  readonly fixed: boolean;
  registration: Registration;
  availability: Availability;
  /** Of its own protocol: start and count of the newest message taken. */
  birth: number;
  sequence: number;
  /** The count that is on the disk. */
  keptSequence: number;
  /** Its clock at that message: another message of the same number shows another one. */
  uptimeMs: number;
  /** Monotonic; undefined before it has said anything since the start. */
  heardAtMs: number | undefined;
  /** Longest time between two readings before it counts as gone; undefined: only its link can tell. */
  readonly silentAfterMs: number | undefined;
  readonly conduct: Conduct;
  readonly key: PreparedKey | undefined;
  probes: number;
  /** Monotonic; undefined: nobody asks. */
  nextProbeMs: number | undefined;
  /** Monotonic; until then it may answer somebody who says that it is gone. */
  doubtedUntilMs: number | undefined;
}

export interface Candidate {
  readonly link: string;
  readonly address: string;
  readonly profile: string;
  readonly serial: string;
  readonly heardAtMs: number;
}

/** What a device without readings of a limited age may be silent for: for ever. */
const SILENCE_FACTOR = 3;

export class DeviceTable {
  readonly #members = new Map<DeviceId, Member>();
  readonly #places = new Map<string, Member>();
  readonly #suite: Suite;
  readonly #registrations: RegistrationSource;

  readonly #registeredOnly: boolean;

  /** @param registeredOnly false: whoever was let in by the operator counts as registered, with the lowest tier. */
  constructor(suite: Suite, registrations: RegistrationSource, registeredOnly: boolean) {
    this.#suite = suite;
    this.#registrations = registrations;
    this.#registeredOnly = registeredOnly;
  }

  get size(): number {
    return this.#members.size;
  }

  get full(): boolean {
    return this.#members.size >= DEVICES_MAX;
  }

  values(): IterableIterator<Member> {
    return this.#members.values();
  }

  get(id: DeviceId): Member | undefined {
    return this.#members.get(id);
  }

  at(link: string, address: string): Member | undefined {
    return this.#places.get(placeName(link, address));
  }

  /** Who else has this key. */
  holderOf(publicKey: Uint8Array, except: DeviceId): Member | undefined {
    for (const member of this.#members.values()) {
      const { voucher } = member.record;
      if (member.record.id === except || voucher.kind !== "key") continue;
      if (equalBytes(voucher.publicKey, publicKey)) return member;
    }
    return undefined;
  }

  /**
   * Takes the place of a member of the same id. What is known of the same device at the same place stays known: its count, so
   * that nothing old is taken for new, and its conduct.
   */
  put(record: DeviceRecord, profile: DeviceProfile, fixed: boolean): Member {
    const before = this.#members.get(record.id);
    this.drop(record.id);
    const fresh: Member = {
      record,
      profile,
      fixed,
      registration: this.lookUp(record),
      availability: "unknown",
      birth: 0,
      sequence: 0,
      keptSequence: 0,
      uptimeMs: 0,
      heardAtMs: undefined,
      silentAfterMs: silenceOf(profile),
      conduct: new Conduct(),
      key: record.voucher.kind === "key" ? this.#suite.prepare(record.voucher.publicKey) : undefined,
      probes: 0,
      nextProbeMs: undefined,
      doubtedUntilMs: undefined,
    };
    const member =
      before !== undefined && sameDevice(before.record, record) ? { ...fresh, ...standing(before) } : fresh;
    this.#members.set(record.id, member);
    const place = placeName(record.link, record.address);
    // Where a retired device was, another one may be now.
    if (member.registration.verdict !== "retired" || !this.#places.has(place)) this.#places.set(place, member);
    return member;
  }

  drop(id: DeviceId): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    const place = placeName(member.record.link, member.record.address);
    if (this.#places.get(place) === member) this.#places.delete(place);
  }

  lookUp(record: DeviceRecord): Registration {
    const found = this.#registrations.registration(record);
    if (found.verdict !== "unknown" || this.#registeredOnly) return found;
    return { verdict: "registered", trustTier: 0, evidence: { kind: "join-window", at: record.joinedAt } };
  }
}

function sameDevice(a: DeviceRecord, b: DeviceRecord): boolean {
  if (a.link !== b.link || a.address !== b.address || a.voucher.kind !== b.voucher.kind) return false;
  return a.voucher.kind !== "key" || (b.voucher.kind === "key" && equalBytes(a.voucher.publicKey, b.voucher.publicKey));
}

/** What stays when a device is installed again: its count, its presence and its conduct. */
function standing(before: Member) {
  const { availability, birth, sequence, keptSequence, uptimeMs, heardAtMs } = before;
  const { conduct, probes, nextProbeMs, doubtedUntilMs } = before;
  return {
    ...{ availability, birth, sequence, keptSequence, uptimeMs, heardAtMs },
    ...{ conduct, probes, nextProbeMs, doubtedUntilMs },
  };
}

function placeName(link: string, address: string): string {
  return `${link}\n${address}`;
}

function silenceOf(profile: DeviceProfile): number | undefined {
  let longest: number | undefined;
  for (const { staleAfterMs } of profile.properties.values())
    if (staleAfterMs !== undefined && staleAfterMs > (longest ?? 0)) longest = staleAfterMs;
  return longest === undefined ? undefined : SILENCE_FACTOR * longest;
}
