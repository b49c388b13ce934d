/** Who belongs to the gateway: devices of the operator's file, of a bridge, and those that joined by themselves. */
import { equalBytes } from "../../base/bytes.js";
import type { IdentityMessage } from "../../codec/device/messages.js";
import { DEVICE_ID, DEVICES_MAX, type DeviceId, type DeviceRecord, type Voucher } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import { JOIN_WINDOW_MS_MAX } from "./limits.js";
import type { Pile } from "./pile.js";
import type { GatewayProblem } from "./problems.js";
import { deviceBytes, deviceFrom } from "./records.js";
import type { Shadow } from "./shadow.js";
import type { DeviceTable, Member } from "./table.js";

export interface MembershipOptions {
  readonly pile: Pile;
  readonly table: DeviceTable;
  readonly shadow: Shadow;
  readonly profileOf: (id: string) => DeviceProfile | undefined;
  readonly came: (member: Member) => void;
  readonly left: (member: Member) => void;
}

export class Membership {
  readonly #options: MembershipOptions;
  /** Readings of devices that the operator's file or a bridge has not named again yet. */
  readonly #keptShadows = new Map<DeviceId, Uint8Array>();
  /** Joined, but of a profile that nobody has given yet: a bridge's devices until the bridge lists them. */
  readonly #unresolved = new Map<DeviceId, DeviceRecord>();
  #openUntilMs: number | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get joining(): boolean {
    return this.#openUntilMs !== undefined && this.#options.pile.now.monotonicMs < this.#openUntilMs;
  }

  /** Milliseconds that the window stays open. */
  get joiningForMs(): number {
    return this.joining ? (this.#openUntilMs ?? 0) - this.#options.pile.now.monotonicMs : 0;
  }

  /** @param shadows what was kept of every device, by id */
  restore(devices: readonly Uint8Array[], shadows: Iterable<readonly [DeviceId, Uint8Array]>): void {
    for (const [id, bytes] of shadows) this.#keptShadows.set(id, bytes);
    for (const bytes of devices) {
      const record = deviceFrom(bytes);
      const profile = this.#options.profileOf(record.profile);
      if (profile === undefined) this.#unresolved.set(record.id, record);
      else this.#put(record, profile, false);
    }
  }

  open(forMs: number): void {
    const { pile } = this.#options;
    const openForMs = Math.min(Math.max(0, forMs), JOIN_WINDOW_MS_MAX);
    this.#openUntilMs = pile.now.monotonicMs + openForMs;
    pile.outputs.push({ kind: "joinWindow", open: openForMs > 0, forMs: openForMs });
  }

  tick(): void {
    if (this.#openUntilMs === undefined || this.joining) return;
    this.#openUntilMs = undefined;
    this.#options.pile.outputs.push({ kind: "joinWindow", open: false, forMs: 0 });
  }

  /** After its interview. */
  join(link: string, address: string, identity: IdentityMessage, voucher: Voucher): void {
    const { pile, table } = this.#options;
    const known = table.get(address)?.record ?? this.#unresolved.get(address);
    if (known !== undefined && (known.link !== link || known.address !== address)) {
      pile.refuse({ code: "GATEWAY_DEVICE_EXISTS", device: address });
      return;
    }
    const record: DeviceRecord = {
      id: address,
      profile: identity.profile,
      link,
      address,
      name: `${identity.profile.split("/")[1] ?? identity.profile} ${identity.serial}`,
      groups: known?.groups ?? [],
      ...(known?.owner === undefined ? {} : { owner: known.owner }),
      voucher,
      joinedAt: pile.now.wallMs,
    };
    const profile = this.#options.profileOf(record.profile);
    if (profile === undefined) {
      this.#refuseProfile(record);
      return;
    }
    // What joins as our own protocol is reached by our own protocol, whatever its profile is bound to otherwise.
    if (profile.binding.protocol !== "edgeseal") this.#refuseProfile(record);
    else this.#admit(record, profile);
  }

  /** Named by a file or a bridge; known devices are changed in place. */
  install(record: DeviceRecord, profile: DeviceProfile, by: "file" | "bridge"): void {
    const { table, pile } = this.#options;
    const member = table.get(record.id);
    const known = member?.record ?? this.#unresolved.get(record.id);
    if (by === "file") this.#put(record, profile, true);
    else if (member?.fixed === true) pile.counters.add("GATEWAY_DEVICE_FIXED");
    else if (known === undefined) this.#installNew(record, profile);
    else if (known.link !== record.link || known.voucher.kind === "key")
      pile.refuse({ code: "GATEWAY_DEVICE_EXISTS", device: record.id });
    else this.#update({ ...known, profile: record.profile, address: record.address, name: record.name }, profile);
  }

  remove(id: DeviceId, by?: "file"): GatewayProblem | undefined {
    const { table, pile, shadow, left } = this.#options;
    const member = table.get(id);
    if (member === undefined) return { code: "GATEWAY_DEVICE_UNKNOWN", address: id };
    if (member.fixed && by !== "file") return { code: "GATEWAY_DEVICE_FIXED", device: id };
    left(member);
    table.drop(id);
    shadow.forget(id);
    pile.writes.push({ kind: "deviceGone", id });
    pile.outputs.push({ kind: "left", record: member.record });
    return undefined;
  }

  registrationsChanged(): void {
    const { table } = this.#options;
    for (const member of table.values()) member.registration = table.lookUp(member.record);
  }

  #installNew(record: DeviceRecord, profile: DeviceProfile): void {
    if (this.joining) this.#admit(record, profile);
    else this.#options.pile.refuse({ code: "GATEWAY_NOT_JOINING", device: record.id });
  }

  /** A bridge repeats its list at each change of any device: what has not changed is left alone. */
  #update(record: DeviceRecord, profile: DeviceProfile): void {
    const { table, pile } = this.#options;
    const before = table.get(record.id);
    const bytes = deviceBytes(record);
    const same = before !== undefined && equalBytes(deviceBytes(before.record), bytes);
    if (same && sameProfile(before.profile, profile)) return;
    if (!same) pile.writes.push({ kind: "device", id: record.id, bytes });
    this.#put(record, profile, false);
  }

  #admit(record: DeviceRecord, profile: DeviceProfile): void {
    const problem = this.#problem(record);
    if (problem === undefined) {
      this.#options.pile.writes.push({ kind: "device", id: record.id, bytes: deviceBytes(record) });
      this.#put(record, profile, false);
    } else this.#options.pile.refuse(problem);
  }

  #problem(record: DeviceRecord): GatewayProblem | undefined {
    const { table } = this.#options;
    if (!DEVICE_ID.test(record.id)) return { code: "GATEWAY_DEVICE_ID", id: record.id };
    if (table.full && table.get(record.id) === undefined) return { code: "GATEWAY_DEVICES_FULL", max: DEVICES_MAX };
    const holder = record.voucher.kind === "key" ? table.holderOf(record.voucher.publicKey, record.id) : undefined;
    if (holder !== undefined) return { code: "GATEWAY_KEY_TAKEN", device: record.id, holder: holder.record.id };
    const { verdict } = table.lookUp(record);
    if (verdict === "registered") return undefined;
    return { code: "GATEWAY_NOT_REGISTERED", device: record.id, verdict };
  }

  #put(record: DeviceRecord, profile: DeviceProfile, fixed: boolean): void {
    const { table, pile, shadow, came } = this.#options;
    this.#unresolved.delete(record.id);
    const member = table.put(record, profile, fixed);
    const kept = this.#keptShadows.get(record.id);
    if (kept !== undefined) {
      Object.assign(member, shadow.restore(record.id, profile, kept, pile.now));
      this.#keptShadows.delete(record.id);
    }
    pile.outputs.push({ kind: "joined", record, profile });
    came(member);
  }

  #refuseProfile({ id, profile }: DeviceRecord): void {
    this.#options.pile.refuse({ code: "GATEWAY_PROFILE_UNKNOWN", device: id, profile });
  }
}

/** Profiles are plain data in maps, made anew from each list. */
function sameProfile(a: DeviceProfile, b: DeviceProfile): boolean {
  return a === b || textOf(a) === textOf(b);
}

function textOf(profile: DeviceProfile): string {
  return JSON.stringify(profile, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
