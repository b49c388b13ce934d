/**
 * The virtual gateways of one process: they check what they hear as a gateway has to, count what they refuse, and send
 * commands. The devices are shared out among them; one object does the work of all. Signatures are not verified here.
 */
import { codeOf } from "../../src/base/error.js";
import { decodeDeviceMessageOf } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { BirthMessage, StateMessage } from "../../src/codec/device/messages.js";
import { deviceTopic, parseDeviceTopic } from "../../src/codec/device/topics.js";
import { curveAt } from "../devices/curves.js";
import type { VirtualProperty } from "../devices/models.js";
import { type Between, fits } from "../devices/nativeDevice.js";
import type { CountsByName } from "./metrics.js";
import { DRAW, type FleetPlan } from "./plan.js";

/** Messages that one device may send at once, and a second after that. */
export const DEVICE_BURST_MAX = 40;
export const DEVICE_MESSAGES_PER_SECOND_MAX = 10;
/** Commands without an answer that are still waited for. */
export const COMMANDS_OPEN_MAX = 4_096;
const COMMAND_ID_BYTES = 16;
/** A reading may be as old as the network is slow: so much of a curve's height it may be off for that. */
const SLACK_PER_MILLE = 20;
const PER_MILLE = 1_000;

/** Why a gateway refuses a message, beside the codes of the device protocol itself. */
export type GatewayRefusal =
  | "DEVICE_UNKNOWN"
  | "DEVICE_CLONED"
  | "BIRTH_OLD"
  /** Not of the birth that was announced. */
  | "BIRTH_OTHER"
  | "SEQUENCE_OLD"
  | "VALUE_NAME"
  | "VALUE_TYPE"
  | "VALUE_RANGE"
  | "RATE_EXCEEDED";

export interface OutgoingCommand {
  readonly topic: string;
  readonly bytes: Uint8Array;
}

interface Known {
  readonly serial: string;
  birth: number;
  sequence: number;
  tokens: number;
  filledAt: number;
  astray: boolean;
}

/** Of a state message that was accepted: whose and which, to know how long it took. */
export interface Heard {
  readonly device: number;
  readonly birth: number;
  readonly sequence: number;
}

export class VirtualGateways {
  readonly #plan: FleetPlan;
  readonly #counts: CountsByName;
  readonly #known = new Map<number, Known>();
  /** Own devices that take commands, by gateway. */
  readonly #commanded: readonly number[][];
  readonly #open = new Map<string, number>();
  #commands = 0;

  constructor(plan: FleetPlan, counts: CountsByName) {
    this.#plan = plan;
    this.#counts = counts;
    const commanded = Array.from({ length: plan.gateways }, () => [] as number[]);
    for (let index = plan.first; index < plan.first + plan.count; index++) {
      const { model } = plan.kindOf(index);
      const takes = model.actions.length > 0 || model.properties.some(({ writable }) => writable);
      const gateway = plan.gatewayOf(index);
      if (takes && gateway !== undefined) commanded[gateway]?.push(index);
    }
    this.#commanded = commanded;
  }

  /** @returns the reading that was accepted, where it was one. */
  heard(gateway: number, topic: string, bytes: Uint8Array, nowMs: number): Heard | undefined {
    const place = parseDeviceTopic(topic);
    if (place === undefined || place.kind === "command" || place.kind === "challenge") return undefined;
    const index = this.#plan.indexOf(place.id);
    if (index === undefined) {
      this.#refuse("DEVICE_UNKNOWN");
      return undefined;
    }
    // The gateway that watches for strangers hears all births; those of others' devices are theirs.
    if (!this.#isOwn(index) || this.#plan.gatewayOf(index) !== gateway) return undefined;
    this.#counts.add("deliveries");
    if (!this.#affords(index, nowMs)) {
      this.#refuse("RATE_EXCEEDED");
      return undefined;
    }
    try {
      return this.#take(index, place.kind, bytes, nowMs);
    } catch (thrown) {
      this.#counts.add(`refused.${codeOf(thrown)}`);
      return undefined;
    }
  }

  /** The next command of a gateway; undefined when it has nobody to command. */
  nextCommand(gateway: number, wallMs: number, nowMs: number): OutgoingCommand | undefined {
    const devices = this.#commanded[gateway] ?? [];
    if (devices.length === 0) return undefined;
    const number = ++this.#commands;
    const index = devices[this.#plan.drawBelow(devices.length, DRAW.command, gateway, number)] as number;
    const { model } = this.#plan.kindOf(index);
    const targets = [...model.actions.map(({ name }) => name), ...model.properties.filter(({ writable }) => writable)];
    const target = targets[this.#plan.drawBelow(targets.length, DRAW.command, number, 1)];
    if (target === undefined) return undefined;
    const id = Uint8Array.from({ length: COMMAND_ID_BYTES }, (_, i) =>
      this.#plan.draw(DRAW.command, this.#plan.first, gateway, number, i),
    );
    const bytes = encodeDeviceMessage({
      kind: "command",
      sender: `sim-gateway-${this.#plan.first}-${gateway}`,
      sequence: wallMs * PER_MILLE + (number % PER_MILLE),
      id,
      expiresAt: wallMs + this.#plan.scenario.commands.expireAfter,
      ...(typeof target === "string"
        ? { target }
        : { target: target.name, value: drawnValue(target, this.#plan.draw(DRAW.command, number, 2)) }),
    });
    if (this.#open.size >= COMMANDS_OPEN_MAX) {
      const [oldest] = this.#open.keys();
      this.#open.delete(oldest as string);
    }
    this.#open.set(String.fromCharCode(...id), nowMs);
    this.#counts.add("commands");
    return { topic: deviceTopic(this.#plan.idOf(index), "command"), bytes };
  }

  #isOwn(index: number): boolean {
    return index >= this.#plan.first && index < this.#plan.first + this.#plan.count;
  }

  #take(index: number, kind: string, bytes: Uint8Array, nowMs: number): Heard | undefined {
    const known = this.#known.get(index);
    switch (kind) {
      case "birth": {
        this.#birth(index, known, decodeDeviceMessageOf("birth", bytes), nowMs);
        return undefined;
      }
      case "death": {
        const { birth } = decodeDeviceMessageOf("death", bytes);
        if (known !== undefined && birth < known.birth) this.#refuse("BIRTH_OLD");
        else this.#counts.add("deaths");
        return undefined;
      }
      case "state": {
        const state = decodeDeviceMessageOf("state", bytes);
        if (!this.#counted(known, state) || !this.#valuesFit(index, state)) return undefined;
        this.#counts.add("readings");
        if (this.#alarms(index, state)) this.#counts.add("readings.alarming");
        this.#compare(index, state, nowMs);
        return { device: index, birth: state.birth, sequence: state.sequence };
      }
      case "event": {
        if (this.#counted(known, decodeDeviceMessageOf("event", bytes))) this.#counts.add("events");
        return undefined;
      }
      case "ack": {
        const { id, result } = decodeDeviceMessageOf("ack", bytes);
        if (this.#open.delete(String.fromCharCode(...id))) this.#counts.add(`acks.${result}`);
        else this.#counts.add("acks.again");
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #birth(index: number, known: Known | undefined, birth: BirthMessage, nowMs: number): void {
    if (known !== undefined && known.serial !== birth.serial) {
      this.#refuse("DEVICE_CLONED");
      return;
    }
    if (known !== undefined && birth.birth < known.birth) {
      this.#refuse("BIRTH_OLD");
      return;
    }
    this.#counts.add("births");
    if (known === undefined) {
      this.#known.set(index, {
        ...{ serial: birth.serial, birth: birth.birth, sequence: 0 },
        ...{ tokens: DEVICE_BURST_MAX - 1, filledAt: nowMs, astray: false },
      });
    } else if (birth.birth > known.birth) {
      known.birth = birth.birth;
      known.sequence = 0;
    }
  }

  #counted(known: Known | undefined, { birth, sequence }: Pick<StateMessage, "birth" | "sequence">): boolean {
    if (known === undefined) {
      this.#refuse("DEVICE_UNKNOWN");
      return false;
    }
    if (birth !== known.birth) {
      this.#refuse("BIRTH_OTHER");
      return false;
    }
    if (sequence <= known.sequence) {
      this.#refuse("SEQUENCE_OLD");
      return false;
    }
    known.sequence = sequence;
    return true;
  }

  #valuesFit(index: number, { values }: StateMessage): boolean {
    const { model } = this.#plan.kindOf(index);
    for (const [name, value] of values) {
      const property = model.properties.find((one) => one.name === name);
      const refusal =
        property === undefined
          ? "VALUE_NAME"
          : typeof value !== typeOfKind(property.type.kind)
            ? "VALUE_TYPE"
            : fits(property.type, value)
              ? undefined
              : "VALUE_RANGE";
      if (refusal !== undefined) {
        this.#refuse(refusal);
        return false;
      }
    }
    return true;
  }

  #alarms(index: number, { values }: StateMessage): boolean {
    const { properties } = this.#plan.kindOf(index).model;
    return values.some(
      ([name, value]) => value === true && properties.find((one) => one.name === name)?.behaviour.kind === "alarm",
    );
  }

  /** Only a simulator knows the truth: a reading that no intact sensor could give counts, its device once. */
  #compare(index: number, { values }: StateMessage, nowMs: number): void {
    const { model, between } = this.#plan.kindOf(index);
    const worldMs = this.#plan.startsAt + nowMs;
    const astray = values.some(([name, value]) => {
      const property = model.properties.find((one) => one.name === name);
      return property !== undefined && typeof value === "number" && isAstray(property, between, value, worldMs);
    });
    if (!astray) return;
    this.#counts.add("readings.astray");
    const known = this.#known.get(index);
    if (known !== undefined && !known.astray) {
      known.astray = true;
      this.#counts.add("devices.astray");
    }
  }

  #affords(index: number, nowMs: number): boolean {
    const known = this.#known.get(index);
    if (known === undefined) return true;
    const filled = ((nowMs - known.filledAt) * DEVICE_MESSAGES_PER_SECOND_MAX) / 1_000;
    known.tokens = Math.min(DEVICE_BURST_MAX, known.tokens + Math.max(0, filled));
    known.filledAt = nowMs;
    if (known.tokens < 1) return false;
    known.tokens--;
    return true;
  }

  #refuse(refusal: GatewayRefusal): void {
    this.#counts.add(`refused.${refusal}`);
  }
}

function typeOfKind(kind: VirtualProperty["type"]["kind"]): "boolean" | "number" | "string" {
  return kind === "boolean" ? "boolean" : kind === "number" ? "number" : "string";
}

function isAstray({ name, behaviour }: VirtualProperty, between: Between | undefined, value: number, worldMs: number) {
  if (behaviour.kind !== "curve") return false;
  const [low, high] = between?.[name] ?? [behaviour.low, behaviour.high];
  const ideal = low + Math.round(((high - low) * curveAt(behaviour.curve, worldMs)) / PER_MILLE);
  const slack = Math.ceil(((high - low) * SLACK_PER_MILLE) / PER_MILLE);
  return Math.abs(value - ideal) > behaviour.offset + behaviour.noise + slack;
}

function drawnValue({ type }: VirtualProperty, drawn: number): boolean | number | string {
  switch (type.kind) {
    case "boolean":
      return (drawn & 1) === 1;
    case "number":
      return type.min + (drawn % (type.max - type.min + 1));
    case "choice":
      return type.choices[drawn % type.choices.length] ?? "";
    case "text":
      return "";
  }
}
