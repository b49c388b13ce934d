/**
 * A virtual device of our own protocol: it is stepped with messages and the time, and says what it publishes. It keeps what
 * a real one keeps over a power cut (its count of births and the newest sequence of each sender) and no clock, timer or
 * socket. What it measures follows from (seed, index, time), see `curves.ts`.
 */
import type { Millis } from "../../src/base/clock.js";
import type {
  AckMessage,
  BirthMessage,
  ChallengeMessage,
  CommandMessage,
  DeathMessage,
  DeviceMessage,
  EventMessage,
  IdentityMessage,
  StateMessage,
} from "../../src/codec/device/messages.js";
import { eventSigningBytes, identitySigningBytes, stateSigningBytes } from "../../src/codec/device/signingBytes.js";
import type { DeviceId } from "../../src/device/device.js";
import type { DeviceValue, ValueType } from "../../src/device/value.js";
import { countedUntil, curveAt, DAY_MS, mixed, within } from "./curves.js";
import type { VirtualAction, VirtualModel, VirtualProperty } from "./models.js";

/** Acknowledgements that are repeated when a command comes again. */
export const ACKS_KEPT_MAX = 16;
/** Senders whose sequences are kept. A further one is refused: forgetting one would let its old commands in again. */
export const SENDERS_MAX = 8;

const PER_MILLE = 1_000;

/** Why a command was not carried out. */
export type CommandRefusal =
  | "COMMAND_RETAINED"
  | "COMMAND_EXPIRED"
  | "COMMAND_SEQUENCE"
  | "COMMAND_SENDERS"
  | "COMMAND_TARGET"
  | "COMMAND_VALUE"
  | "COMMAND_BROKEN";

export interface DeviceKey {
  /** X || Y, 64 bytes. */
  readonly publicKey: Uint8Array;
  /** Over the suite's hash of the bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Instead of the model's own `low` and `high` of curves, by property. */
export type Between = Readonly<Record<string, readonly [low: number, high: number]>>;

export interface NativeDeviceOptions {
  readonly id: DeviceId;
  readonly model: VirtualModel;
  readonly seed: number;
  readonly index: number;
  /** Births before this one; grows with every start. */
  readonly births?: number;
  readonly key?: DeviceKey;
  readonly between?: Between;
  readonly software?: string;
}

export interface DeviceNow {
  /** Wall clock, for the expiry of commands. */
  readonly wallMs: Millis;
  /** The time of the world that is measured: milliseconds since some midnight. */
  readonly worldMs: number;
}

export interface DeviceAnswer {
  /** In the order in which they are published. */
  readonly messages: readonly DeviceMessage[];
  readonly refusal?: CommandRefusal;
}

interface KeptAck {
  readonly id: string;
  readonly ack: AckMessage;
}

const NO_BYTES = new Uint8Array(0);

export class NativeDevice {
  readonly id: DeviceId;
  readonly model: VirtualModel;
  readonly #seed: number;
  readonly #index: number;
  readonly #key: DeviceKey | undefined;
  readonly #between: Between | undefined;
  readonly #software: string;
  #birth: number;
  #sequence = 0;
  #startedAt = 0;
  #readings = 0;
  /** Set from outside and held; undefined until something is. */
  #held: Map<string, DeviceValue> | undefined;
  #acks: KeptAck[] | undefined;
  #senders: Map<string, number> | undefined;
  /** Truth of the properties that events follow, one bit each. */
  #truths = 0;
  /** Off by this much more with every hour since `#driftsFrom`, in the property's integers. */
  #driftPerHour = 0;
  #driftsFrom = 0;
  #broken = false;
  /** Commands carried out: each id once. */
  commandsDone = 0;

  constructor(options: NativeDeviceOptions) {
    this.id = options.id;
    this.model = options.model;
    this.#seed = options.seed;
    this.#index = options.index;
    this.#birth = options.births ?? 0;
    this.#key = options.key;
    this.#between = options.between;
    this.#software = options.software ?? "1.0.0";
  }

  get birth(): number {
    return this.#birth;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Power comes: a new birth, counted from the start; held values, acknowledgements and the senders' sequences are kept. */
  powerOn(now: DeviceNow): void {
    this.#birth++;
    this.#sequence = 0;
    this.#startedAt = now.worldMs;
  }

  /** The first message after each connect: who it is. */
  birthMessage(): BirthMessage {
    return { kind: "birth", birth: this.#birth, ...this.#identity() };
  }

  /** For the will: the broker says it when the device is gone. */
  death(): DeathMessage {
    return { kind: "death", birth: this.#birth };
  }

  /** All properties, and before them the events that have come since the last call. */
  report(now: DeviceNow): DeviceMessage[] {
    const events = this.#events(now);
    return [...events, this.state(now)];
  }

  state(now: DeviceNow): StateMessage {
    this.#readings++;
    const values = this.model.properties.map((property) => [property.name, this.value(property, now)] as const);
    return this.stateOf(values, now);
  }

  /** A state message of these values, whatever they are: counted and signed as its own. */
  stateOf(values: StateMessage["values"], now: DeviceNow): StateMessage {
    const unsigned = { kind: "state" as const, ...this.#count(now), values };
    const signature = this.#key?.sign(stateSigningBytes(this.id, unsigned)) ?? NO_BYTES;
    return { ...unsigned, signature };
  }

  /** From the world: sets a held property, or makes an alarm true or false. */
  set(property: string, value: DeviceValue): void {
    this.#held ??= new Map();
    this.#held.set(property, value);
  }

  /** From now on its curves are off by this much more with every hour. */
  drift(perHour: number, now: DeviceNow): void {
    this.#driftPerHour = perHour;
    this.#driftsFrom = now.worldMs;
  }

  /** Its motor or relay no longer does what it is told: commands fail. */
  breakDown(broken: boolean): void {
    this.#broken = broken;
  }

  command(message: CommandMessage, retained: boolean, now: DeviceNow): DeviceAnswer {
    const id = textOf(message.id);
    const known = this.#acks?.find((kept) => kept.id === id);
    if (known !== undefined) return { messages: [known.ack] };
    const refusal = this.#refusal(message, retained, now.wallMs);
    const ack: AckMessage = { kind: "ack", id: message.id, result: resultOf(refusal) };
    // Of these two nothing is kept: the same command may still come in the right way.
    if (refusal === "COMMAND_RETAINED" || refusal === "COMMAND_SENDERS") return { messages: [ack], refusal };
    this.#remember(message);
    this.#acks = [...(this.#acks ?? []).slice(1 - ACKS_KEPT_MAX), { id, ack }];
    if (refusal !== undefined) return { messages: [ack], refusal };
    this.commandsDone++;
    const action = this.model.actions.find(({ name }) => name === message.target);
    if (action !== undefined) this.#act(action, now);
    else if (message.value !== undefined) this.set(message.target, message.value);
    return { messages: [ack, this.state(now)] };
  }

  #act({ sets, to }: VirtualAction, now: DeviceNow): void {
    if (typeof to !== "object") this.set(sets, to);
    else this.set(sets, this.#valueOf(sets, now) !== true);
  }

  challenge(message: ChallengeMessage): IdentityMessage {
    const unsigned = { kind: "identity" as const, nonce: message.nonce, birth: this.#birth, ...this.#identity() };
    const signature = this.#key?.sign(identitySigningBytes(this.id, unsigned)) ?? NO_BYTES;
    return { ...unsigned, signature };
  }

  #valueOf(name: string, now: Pick<DeviceNow, "worldMs">): DeviceValue | undefined {
    const property = this.model.properties.find((one) => one.name === name);
    return property === undefined ? undefined : this.value(property, now);
  }

  value({ name, type, behaviour }: VirtualProperty, { worldMs }: Pick<DeviceNow, "worldMs">): DeviceValue {
    const held = this.#held?.get(name);
    if (held !== undefined) return held;
    switch (behaviour.kind) {
      case "held":
        return behaviour.initial;
      case "alarm":
        return false;
      case "battery": {
        const used = Math.floor((worldMs * behaviour.perDay) / DAY_MS);
        return Math.max(behaviour.low, behaviour.full - within(this.#mixed(name), 0, 20) - used);
      }
      case "chance": {
        const slot = Math.floor(worldMs / behaviour.slotMs);
        const chance = (behaviour.perMille * curveAt(behaviour.curve, worldMs)) / PER_MILLE;
        return within(this.#mixed(name, slot), 0, PER_MILLE - 1) < chance !== (behaviour.inverted === true);
      }
      case "below": {
        const { number, other, times, unless } = behaviour;
        if (this.#valueOf(unless.choice, { worldMs }) === unless.is) return false;
        return Number(this.#valueOf(number, { worldMs })) < times * Number(this.#valueOf(other, { worldMs }));
      }
      case "counter": {
        const phase = within(this.#mixed(name), 0, DAY_MS);
        return inRange(type, countedUntil(behaviour.curve, behaviour.perHour, worldMs + phase));
      }
      case "curve": {
        const [low, high] = this.#between?.[name] ?? [behaviour.low, behaviour.high];
        const ideal = low + Math.round(((high - low) * curveAt(behaviour.curve, worldMs)) / PER_MILLE);
        const offset = within(this.#mixed(name), -behaviour.offset, behaviour.offset);
        const noise = within(this.#mixed(name, worldMs, this.#readings), -behaviour.noise, behaviour.noise);
        return inRange(type, ideal + offset + noise + this.#drifted(worldMs));
      }
    }
  }

  #drifted(worldMs: number): number {
    if (this.#driftPerHour === 0) return 0;
    return Math.trunc((this.#driftPerHour * (worldMs - this.#driftsFrom)) / 3_600_000);
  }

  #events(now: DeviceNow): EventMessage[] {
    const said: EventMessage[] = [];
    for (const [bit, event] of this.model.events.entries()) {
      const property = this.model.properties.find(({ name }) => name === event.when);
      if (property === undefined) continue;
      const is = this.value(property, now) === true;
      const was = (this.#truths & (1 << bit)) !== 0;
      this.#truths = is ? this.#truths | (1 << bit) : this.#truths & ~(1 << bit);
      if (is && !was) said.push(this.eventOf(event.name, undefined, now));
    }
    return said;
  }

  /** An event message, counted and signed as its own. */
  eventOf(name: string, value: DeviceValue | undefined, now: DeviceNow): EventMessage {
    const unsigned = {
      ...{ kind: "event" as const, ...this.#count(now), name },
      ...(value === undefined ? {} : { value }),
    };
    const signature = this.#key?.sign(eventSigningBytes(this.id, unsigned)) ?? NO_BYTES;
    return { ...unsigned, signature };
  }

  #refusal(message: CommandMessage, retained: boolean, wallMs: Millis): CommandRefusal | undefined {
    if (retained) return "COMMAND_RETAINED";
    const newest = this.#senders?.get(message.sender);
    if (newest !== undefined && message.sequence <= newest) return "COMMAND_SEQUENCE";
    if (newest === undefined && (this.#senders?.size ?? 0) >= SENDERS_MAX) return "COMMAND_SENDERS";
    if (message.expiresAt <= wallMs) return "COMMAND_EXPIRED";
    const action = this.model.actions.find(({ name }) => name === message.target);
    if (action === undefined) {
      const property = this.model.properties.find(({ name }) => name === message.target);
      if (property === undefined || !property.writable) return "COMMAND_TARGET";
      if (message.value === undefined || !fits(property.type, message.value)) return "COMMAND_VALUE";
    } else if (message.value !== undefined) return "COMMAND_VALUE";
    return this.#broken ? "COMMAND_BROKEN" : undefined;
  }

  #remember({ sender, sequence }: CommandMessage): void {
    this.#senders ??= new Map();
    this.#senders.set(sender, Math.max(sequence, this.#senders.get(sender) ?? sequence));
  }

  #count({ worldMs }: DeviceNow): Pick<StateMessage, "birth" | "sequence" | "uptimeMs"> {
    this.#sequence++;
    return {
      birth: this.#birth,
      sequence: this.#sequence,
      uptimeMs: Math.max(0, Math.floor(worldMs - this.#startedAt)),
    };
  }

  #identity(): Pick<BirthMessage, "profile" | "serial" | "software" | "publicKey"> {
    return {
      profile: this.model.profile,
      serial: `V${String(this.#index).padStart(6, "0")}`,
      software: this.#software,
      publicKey: this.#key?.publicKey ?? NO_BYTES,
    };
  }

  #mixed(name: string, ...more: readonly number[]): number {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
    return mixed(this.#seed, this.#index, hash, ...more);
  }
}

function resultOf(refusal: CommandRefusal | undefined): AckMessage["result"] {
  if (refusal === undefined) return "done";
  if (refusal === "COMMAND_EXPIRED") return "expired";
  return refusal === "COMMAND_BROKEN" ? "failed" : "refused";
}

/** Whether a value is one of the type. */
export function fits(type: ValueType, value: DeviceValue): boolean {
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number" && Number.isSafeInteger(value) && value >= type.min && value <= type.max;
    case "choice":
      return typeof value === "string" && type.choices.includes(value);
    case "text":
      return typeof value === "string" && value.length <= type.charactersMax;
  }
}

function inRange(type: ValueType, value: number): number {
  return type.kind === "number" ? Math.min(type.max, Math.max(type.min, value)) : value;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
