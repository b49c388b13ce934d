/** What the operator's commands may ask of a running gateway, over the control socket. Values are as people write them. */
import { to0x } from "../../base/bytes.js";
import type { JsonValue } from "../../codec/json.js";
import { isProblem } from "../../device/convert/problems.js";
import { convertIn, convertOut } from "../../device/convert/value.js";
import type { GatewayInput, GatewayOutput } from "../../device/gateway/messages.js";
import type { GatewayProblem } from "../../device/gateway/problems.js";
import type { Member } from "../../device/gateway/table.js";
import type { DeviceValue, ValueType } from "../../device/value.js";
import type { JsonObject } from "../jsonObject.js";
import type { GatewayService } from "./gatewayService.js";

/** Who commands over the control socket: whoever may open it owns the node. */
export const OPERATOR = "operator";
/** Questions that wait for a device's answer. */
export const WAITING_MAX = 64;

export type DeskRequest =
  | { readonly ask: "devices" }
  /** The files of devices, rules, scenes and the policy again. */
  | { readonly ask: "reload" }
  | { readonly ask: "device" | "remove" | "release"; readonly device: string }
  | { readonly ask: "join"; readonly forMs: number }
  | { readonly ask: "set"; readonly device: string; readonly target: string; readonly value?: string }
  | { readonly ask: "scene"; readonly scene: string };

/** What needs nothing but the core; the files are somebody else's. */
export type DeskQuestion = Exclude<DeskRequest, { readonly ask: "reload" }>;

export type DeskAnswer =
  | { readonly answer: unknown }
  | { readonly problem: GatewayProblem | { readonly code: string } };

/** Undefined for what is none. */
export function readDeskRequest({ ask, device, forMs, target, value, scene }: JsonObject): DeskRequest | undefined {
  switch (ask) {
    case "devices":
    case "reload":
      return { ask };
    case "device":
    case "remove":
    case "release":
      return typeof device === "string" ? { ask, device } : undefined;
    case "join":
      return typeof forMs === "number" && forMs >= 0 ? { ask, forMs } : undefined;
    case "set":
      if (typeof device !== "string" || typeof target !== "string") return undefined;
      if (value === undefined) return { ask, device, target };
      return typeof value === "string" ? { ask, device, target, value } : undefined;
    case "scene":
      return typeof scene === "string" ? { ask, scene } : undefined;
    default:
      return undefined;
  }
}

export class GatewayDesk {
  readonly #service: GatewayService;
  readonly #waiting = new Map<number, (answer: DeskAnswer) => void>();
  #ref = 0;

  constructor(service: GatewayService) {
    this.#service = service;
  }

  /** To be told everything that the gateway says. */
  heard(output: GatewayOutput): void {
    if (output.kind === "settled" && output.cause.kind === "request") {
      const { result, latencyUs } = output;
      this.#answer(output.cause.ref, { answer: { result, latencyUs } });
    } else if (output.kind === "refused") this.#answer(output.ref, { problem: output.problem });
    else if (output.kind === "sceneRefused")
      this.#answer(output.ref, { problem: output.problem ?? { code: output.code } });
  }

  async ask(request: DeskQuestion): Promise<DeskAnswer> {
    const { core } = this.#service;
    switch (request.ask) {
      case "devices": {
        const devices = [...core.members()].map((member) => this.#line(member));
        const candidates = [...core.candidates];
        return { answer: { devices, candidates, joiningForMs: Math.round(core.joiningForMs) } };
      }
      case "device": {
        const member = core.member(request.device);
        return member === undefined ? unknown(request.device) : { answer: this.#whole(member) };
      }
      case "join":
        this.#now({ kind: "joinWindow", forMs: request.forMs });
        return { answer: { joiningForMs: Math.round(core.joiningForMs), candidates: [...core.candidates] } };
      case "remove":
      case "release":
        return this.#change(request.ask, request.device);
      case "set":
        return await this.#set(request);
      case "scene": {
        const ref = ++this.#ref;
        let problem: DeskAnswer | undefined;
        this.#waiting.set(ref, (answer) => {
          problem = answer;
        });
        this.#now({ kind: "runScene", scene: request.scene, by: OPERATOR, ref });
        this.#waiting.delete(ref);
        return problem ?? { answer: { started: request.scene } };
      }
    }
  }

  #change(kind: "remove" | "release", device: string): DeskAnswer {
    const { core } = this.#service;
    const member = core.member(device);
    if (member === undefined) return unknown(device);
    if (kind === "remove" && member.fixed) return { problem: { code: "GATEWAY_DEVICE_FIXED", device } };
    this.#now({ kind, device });
    return { answer: { [kind === "remove" ? "removed" : "released"]: device } };
  }

  #set({ device, target, value: text }: DeskRequest & { ask: "set" }): Promise<DeskAnswer> | DeskAnswer {
    const member = this.#service.core.member(device);
    if (member === undefined) return unknown(device);
    if (this.#waiting.size >= WAITING_MAX)
      return { problem: { code: "GATEWAY_COMMANDS_FULL", device, max: WAITING_MAX } };
    const { profile } = member;
    const type = profile.properties.get(target)?.type ?? profile.actions.get(target)?.input;
    const value = text === undefined || type === undefined ? text : valueFromText(type, text);
    if (typeof value === "object")
      return { problem: { code: "GATEWAY_VALUE_REFUSED", device, name: target, reason: value.code } };
    const ref = ++this.#ref;
    const answered = new Promise<DeskAnswer>((resolve) => this.#waiting.set(ref, resolve));
    const request = { by: OPERATOR, device, target, ref, ...(value === undefined ? {} : { value }) };
    this.#now({ kind: "command", request });
    return answered;
  }

  #answer(ref: number | undefined, answer: DeskAnswer): void {
    if (ref === undefined) return;
    this.#waiting.get(ref)?.(answer);
    this.#waiting.delete(ref);
  }

  #now(input: GatewayInput): void {
    this.#service.input(input);
    this.#service.turn();
  }

  #line({ record, availability, registration, conduct, fixed }: Member) {
    const { voucher, joinedAt, ...rest } = record;
    const { isolatedUntilMs } = conduct;
    const isolatedForMs = isolatedUntilMs === undefined ? undefined : isolatedUntilMs - performance.now();
    return {
      ...rest,
      availability,
      registration: registration.verdict,
      vouchedFor: voucher.kind === "key" ? "its own key" : "the gateway",
      fixed,
      // JSON has no infinity: a clone stays out until it is released.
      ...(isolatedForMs === undefined || isolatedForMs <= 0
        ? {}
        : { isolated: Number.isFinite(isolatedForMs) ? Math.round(isolatedForMs) : "until released" }),
    };
  }

  #whole(member: Member) {
    const { profile, record } = member;
    const { core } = this.#service;
    const now = performance.now();
    const readings: Record<string, unknown> = {};
    for (const [property, { value, at, sequence }] of core.readingsOf(record.id)) {
      const type = profile.properties.get(property)?.type;
      const fresh = core.view.fresh(record.id, property, now);
      readings[property] = { value: type === undefined ? value : valueForPeople(type, value), at, sequence, fresh };
    }
    const publicKey = record.voucher.kind === "key" ? to0x(record.voucher.publicKey) : undefined;
    return {
      ...this.#line(member),
      ...(publicKey === undefined ? {} : { publicKey }),
      ...{ title: profile.title, deviceClass: profile.deviceClass, safetyClass: profile.safetyClass, readings },
      writable: [...profile.properties.values()].filter(({ writable }) => writable).map(({ name }) => name),
      actions: [...profile.actions.keys()],
    };
  }
}

function unknown(device: string): DeskAnswer {
  return { problem: { code: "GATEWAY_DEVICE_MISSING", device } };
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["on", true],
  ["true", true],
  ["yes", true],
  ["off", false],
  ["false", false],
  ["no", false],
]);

/** Other texts stay texts, which no number is: nothing at all is not zero. */
function numberFrom(text: string): number | string {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function valueFromText(type: ValueType, text: string): DeviceValue | { readonly code: string } {
  const raw: JsonValue =
    type.kind === "boolean"
      ? (WORDS.get(text.toLowerCase()) ?? text)
      : type.kind === "number"
        ? numberFrom(text)
        : text;
  return convertIn({ kind: "same" }, type, raw);
}

export function valueForPeople(type: ValueType, value: DeviceValue): DeviceValue {
  const shown = convertOut({ kind: "same" }, type, value);
  return isProblem(shown) ? value : shown;
}
