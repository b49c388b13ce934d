/**
 * Commands on their way to devices, effectively once: a command is kept before it is sent for the first time, sent again with
 * the same id until it is answered or has expired, and a later one for the same target takes the place of an earlier one.
 * Devices of our own protocol drop what they have done already; all others are only told absolute states, never steps.
 */
import { concatBytes, int64Bytes, toHex, utf8Bytes } from "../../base/bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { COMMAND_ID_BYTES, type CommandResult, type DeviceCommand } from "../command.js";
import type { DeviceId } from "../device.js";
import { affordanceOf, directionTo } from "../rules/direction.js";
import {
  COMMAND_REPEAT_MS,
  COMMAND_REPEAT_MS_MAX,
  COMMAND_SEQUENCES_RESERVED,
  COMMANDS_MAX,
  COMMANDS_PER_DEVICE_MAX,
} from "./limits.js";
import type { CommandCause } from "./messages.js";
import type { Pile } from "./pile.js";
import type { GatewayProblem } from "./problems.js";
import { commandBytes, type KeptCommand } from "./records.js";
import type { DeviceTable, Member } from "./table.js";

/** Of the counters that the store keeps. */
export const SEQUENCE_COUNTER = "commandSequence";
const ID_TAG = utf8Bytes("edgeseal/command");

interface Pending extends KeptCommand {
  readonly triggeredAtMs: number;
  attempts: number;
  /** Monotonic. */
  nextMs: number;
}

export interface ActuationOptions {
  readonly gateway: string;
  readonly suite: Suite;
  readonly pile: Pile;
  readonly table: DeviceTable;
  readonly linkIsUp: (link: string) => boolean;
  readonly settled: (cause: CommandCause, result: CommandResult, latencyUs: number) => void;
}

export class Actuation {
  readonly #options: ActuationOptions;
  readonly #gatewayName: Uint8Array;
  readonly #pending = new Map<string, Pending>();
  readonly #counts = new Map<DeviceId, number>();
  #gone: Uint8Array[] = [];
  #sequence = 0;
  #reserved = 0;

  constructor(options: ActuationOptions) {
    this.#options = options;
    this.#gatewayName = utf8Bytes(options.gateway);
  }

  get size(): number {
    return this.#pending.size;
  }

  /** After a start: numbers go on above what was reserved, and what was on its way goes on being sent. */
  restore(reserved: number, kept: readonly KeptCommand[]): void {
    this.#sequence = reserved;
    this.#reserved = reserved;
    const { monotonicMs } = this.#options.pile.now;
    for (const { command, cause } of kept)
      this.#hold({ command, cause, triggeredAtMs: monotonicMs, attempts: 1, nextMs: monotonicMs });
  }

  /** Undefined when it is on its way; the caller has checked target, value and policy. */
  start(
    wanted: Omit<DeviceCommand, "id">,
    cause: CommandCause,
    triggeredAtMs: number,
    id?: Uint8Array,
  ): GatewayProblem | undefined {
    const { pile } = this.#options;
    this.#supersede(wanted.device, wanted.target);
    if ((this.#counts.get(wanted.device) ?? 0) >= COMMANDS_PER_DEVICE_MAX)
      return { code: "GATEWAY_COMMANDS_FULL", device: wanted.device, max: COMMANDS_PER_DEVICE_MAX };
    if (this.#pending.size >= COMMANDS_MAX)
      return { code: "GATEWAY_COMMANDS_FULL", device: wanted.device, max: COMMANDS_MAX };
    const command: DeviceCommand = { ...wanted, id: id ?? this.#id(this.#nextSequence()) };
    const pending: Pending = { command, cause, triggeredAtMs, attempts: 0, nextMs: 0 };
    pile.writes.push({ kind: "command", id: command.id, bytes: commandBytes(pending) });
    this.#hold(pending);
    this.#send(pending);
    pile.outputs.push({ kind: "commanded", command, cause, triggeredAtMs });
    return undefined;
  }

  /** The device's own word, or its link's. False: no such command is on its way. */
  answered(id: Uint8Array, device: DeviceId | undefined, result: CommandResult): boolean {
    const pending = this.#pending.get(toHex(id));
    if (pending === undefined || (device !== undefined && pending.command.device !== device)) return false;
    this.#settle(pending, result);
    return true;
  }

  /** A device or its link is back: it hears at once what waits for it. */
  wake(concerns: (member: Member) => boolean): void {
    for (const pending of this.#pending.values()) {
      const member = this.#options.table.get(pending.command.device);
      if (member !== undefined && concerns(member)) this.#send(pending);
    }
  }

  forget(device: DeviceId): void {
    for (const pending of [...this.#pending.values()])
      if (pending.command.device === device) this.#settle(pending, "failed");
  }

  tick(): void {
    const { pile, table } = this.#options;
    for (const pending of [...this.#pending.values()]) {
      if (this.#expired(pending.command, table)) this.#settle(pending, "expired");
      else if (pending.nextMs <= pile.now.monotonicMs) this.#send(pending);
    }
    for (const id of this.#gone) pile.writes.push({ kind: "commandGone", id });
    this.#gone = [];
  }

  /** While the wall clock is not set nobody can tell: only what goes the safe way is still worth doing. */
  #expired(command: DeviceCommand, table: DeviceTable): boolean {
    const { now } = this.#options.pile;
    if (now.wallSet) return now.wallMs >= command.expiresAt;
    const member = table.get(command.device);
    const affordance = member === undefined ? undefined : affordanceOf(member.profile, command.target);
    return affordance === undefined || directionTo(affordance, command.value, undefined) !== "safe";
  }

  #hold(pending: Pending): void {
    const { device } = pending.command;
    this.#pending.set(toHex(pending.command.id), pending);
    this.#counts.set(device, (this.#counts.get(device) ?? 0) + 1);
  }

  #send(pending: Pending): void {
    const { pile, table, linkIsUp, gateway } = this.#options;
    const { command } = pending;
    const member = table.get(command.device);
    if (member === undefined) return;
    const { record, profile } = member;
    const pause = Math.min(COMMAND_REPEAT_MS_MAX, COMMAND_REPEAT_MS * 2 ** Math.min(16, pending.attempts));
    pending.nextMs = pile.now.monotonicMs + pause;
    if (!linkIsUp(record.link)) return;
    pending.attempts++;
    if (profile.binding.protocol !== "edgeseal") {
      pile.messages.push({ kind: "carry", record, profile, command });
      return;
    }
    const { device: _, ...rest } = command;
    // A number of its own each time: a device takes none that is not above the last, whatever came in between.
    const message = { kind: "command" as const, sender: gateway, sequence: this.#nextSequence(), ...rest };
    pile.messages.push({ kind: "say", link: record.link, address: record.address, message });
  }

  #supersede(device: DeviceId, target: string): void {
    if (!this.#counts.has(device)) return;
    for (const pending of this.#pending.values()) {
      if (pending.command.device !== device || pending.command.target !== target) continue;
      this.#settle(pending, "superseded");
      return;
    }
  }

  #settle(pending: Pending, result: CommandResult): void {
    const { pile, settled } = this.#options;
    const { command, cause, triggeredAtMs } = pending;
    this.#pending.delete(toHex(command.id));
    const left = (this.#counts.get(command.device) ?? 1) - 1;
    if (left === 0) this.#counts.delete(command.device);
    else this.#counts.set(command.device, left);
    this.#gone.push(command.id);
    const latencyUs = Math.max(0, Math.round((pile.now.monotonicMs - triggeredAtMs) * 1_000));
    pile.counters.add(`COMMAND_${result.toUpperCase()}`);
    pile.outputs.push({ kind: "settled", command, cause, result, latencyUs });
    settled(cause, result, latencyUs);
  }

  /** Numbers are reserved on the disk many at a time, so that none is used twice over a crash. */
  #nextSequence(): number {
    if (this.#sequence >= this.#reserved) {
      this.#reserved = this.#sequence + COMMAND_SEQUENCES_RESERVED;
      this.#options.pile.writes.push({ kind: "counter", name: SEQUENCE_COUNTER, value: this.#reserved });
    }
    return ++this.#sequence;
  }

  #id(sequence: number): Uint8Array {
    const { suite } = this.#options;
    return suite.hash(concatBytes([ID_TAG, int64Bytes(sequence), this.#gatewayName])).slice(0, COMMAND_ID_BYTES);
  }
}
