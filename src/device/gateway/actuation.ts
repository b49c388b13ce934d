/**
 * Commands on their way to devices, effectively once: a command is kept before it is sent for the first time, sent again with
 * the same id until it is answered or has expired, and a later one for the same target takes the place of an earlier one.
 * Devices of our own protocol drop what they have done already; all others are only told absolute states, never steps.
 */
import { toHex } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import { COMMAND_ID_BYTES, type CommandResult, type DeviceCommand } from "../command.js";
import type { DeviceId } from "../device.js";
import { affordanceOf, directionTo } from "../rules/direction.js";
import {
  COMMAND_LIFE_MS_MAX,
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
import type { DeviceTable } from "./table.js";

/** Of the counters that the store keeps. */
export const SEQUENCE_COUNTER = "commandSequence";

interface Pending extends KeptCommand {
  readonly triggeredAtMs: number;
  /** Monotonic, of a command of this run: a clock that is set meanwhile changes nothing. Others go by the wall clock. */
  readonly untilMs: number | undefined;
  attempts: number;
  /** Monotonic. */
  nextMs: number;
}

export interface ActuationOptions {
  readonly gateway: string;
  readonly pile: Pile;
  readonly random: Random;
  readonly table: DeviceTable;
  readonly linkIsUp: (link: string) => boolean;
  readonly settled: (cause: CommandCause, result: CommandResult, latencyUs: number) => void;
}

export class Actuation {
  readonly #options: ActuationOptions;
  readonly #pending = new Map<string, Pending>();
  /** The same, of each device by target. */
  readonly #ofDevice = new Map<DeviceId, Map<string, Pending>>();
  #gone: Uint8Array[] = [];
  #sequence = 0;
  #reserved = 0;

  constructor(options: ActuationOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** After a start: numbers go on above what was reserved, and what was on its way goes on being sent. */
  restore(reserved: number, kept: readonly KeptCommand[]): void {
    this.#sequence = reserved;
    this.#reserved = reserved;
    const { monotonicMs } = this.#options.pile.now;
    for (const { command, cause } of kept) {
      // Whoever asked in an earlier run is no more; a number of theirs may be somebody else's now.
      const asked: CommandCause = cause.kind === "request" ? { kind: "request", by: cause.by } : cause;
      const times = { triggeredAtMs: monotonicMs, untilMs: undefined, attempts: 1, nextMs: monotonicMs };
      this.#hold({ command, cause: asked, ...times });
    }
  }

  /** Undefined when it is on its way; the caller has checked target, value and policy. */
  start(
    wanted: Omit<DeviceCommand, "id">,
    cause: CommandCause,
    triggeredAtMs: number,
    id?: Uint8Array,
  ): GatewayProblem | undefined {
    const { pile, random } = this.#options;
    const { now } = pile;
    const again = id === undefined ? undefined : this.#pending.get(toHex(id));
    // The sender's own number for something else: a device that has done the one takes the other for a repetition.
    if (again !== undefined && !isSame(again.command, wanted))
      return { code: "GATEWAY_COMMAND_ID", device: wanted.device };
    this.#supersede(wanted.device, wanted.target);
    this.#tellGone();
    if ((this.#ofDevice.get(wanted.device)?.size ?? 0) >= COMMANDS_PER_DEVICE_MAX)
      return { code: "GATEWAY_COMMANDS_FULL", device: wanted.device, max: COMMANDS_PER_DEVICE_MAX };
    if (this.#pending.size >= COMMANDS_MAX)
      return { code: "GATEWAY_COMMANDS_FULL", device: wanted.device, max: COMMANDS_MAX };
    // Nobody can know it beforehand and answer for the device.
    const command: DeviceCommand = { ...wanted, id: id ?? random.bytes(COMMAND_ID_BYTES) };
    const untilMs = now.monotonicMs + Math.min(COMMAND_LIFE_MS_MAX, wanted.expiresAt - now.wallMs);
    const pending: Pending = { command, cause, triggeredAtMs, untilMs, attempts: 0, nextMs: 0 };
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
  wakeLink(link: string): void {
    for (const device of this.#ofDevice.keys())
      if (this.#options.table.get(device)?.record.link === link) this.wake(device);
  }

  wake(device: DeviceId): void {
    for (const pending of this.#ofDevice.get(device)?.values() ?? []) this.#send(pending);
  }

  forget(device: DeviceId): void {
    for (const pending of this.#ofDevice.get(device)?.values() ?? []) this.#settle(pending, "failed");
  }

  tick(): void {
    const { pile } = this.#options;
    for (const pending of this.#pending.values()) {
      if (this.#expired(pending)) this.#settle(pending, "expired");
      else if (pending.nextMs <= pile.now.monotonicMs) this.#send(pending);
    }
    this.#tellGone();
  }

  #tellGone(): void {
    for (const id of this.#gone) this.#options.pile.writes.push({ kind: "commandGone", id });
    this.#gone = [];
  }

  /**
   * Of an earlier run, while the wall clock is not set, nobody can tell: only what goes the safe way is still worth doing.
   * That cannot be said either before the device's profile is there, which a bridge may bring.
   */
  #expired({ command, untilMs }: Pending): boolean {
    const { pile, table } = this.#options;
    const { now } = pile;
    if (untilMs !== undefined) return now.monotonicMs >= untilMs;
    if (now.wallSet) return now.wallMs >= command.expiresAt;
    const member = table.get(command.device);
    if (member === undefined) return false;
    const affordance = affordanceOf(member.profile, command.target);
    return affordance === undefined || directionTo(affordance, command.value, undefined) !== "safe";
  }

  #hold(pending: Pending): void {
    const { device, target } = pending.command;
    this.#pending.set(toHex(pending.command.id), pending);
    const others = this.#ofDevice.get(device);
    if (others === undefined) this.#ofDevice.set(device, new Map([[target, pending]]));
    else others.set(target, pending);
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
    const expiresAt = this.#expiryOf(pending);
    // A number of its own each time: a device takes none that is not above the last, whatever came in between.
    const message = { kind: "command" as const, sender: gateway, sequence: this.#nextSequence(), ...rest, expiresAt };
    pile.messages.push({ kind: "say", link: record.link, address: record.address, message });
  }

  /** By the clock of now, for what began before it was set. */
  #expiryOf({ command, untilMs }: Pending): number {
    const { now } = this.#options.pile;
    if (untilMs === undefined) return command.expiresAt;
    return Math.max(command.expiresAt, Math.floor(now.wallMs + untilMs - now.monotonicMs));
  }

  #supersede(device: DeviceId, target: string): void {
    const pending = this.#ofDevice.get(device)?.get(target);
    if (pending !== undefined) this.#settle(pending, "superseded");
  }

  #settle(pending: Pending, result: CommandResult): void {
    const { pile, settled } = this.#options;
    const { command, cause, triggeredAtMs } = pending;
    this.#pending.delete(toHex(command.id));
    const others = this.#ofDevice.get(command.device);
    if (others?.get(command.target) === pending) others.delete(command.target);
    if (others?.size === 0) this.#ofDevice.delete(command.device);
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
}

function isSame(a: Omit<DeviceCommand, "id">, b: Omit<DeviceCommand, "id">): boolean {
  return a.device === b.device && a.target === b.target && a.value === b.value;
}
