/** What commands ask of a running gateway over its control socket: devices, scenes, files to be read again. */
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError, type GatewayProblem } from "../../device/gateway/problems.js";
import { RuleError, type RuleProblem } from "../../device/rules/problems.js";
import type { Config } from "../config.js";
import { askNode } from "../control/client.js";
import { ControlError } from "../control/problems.js";
import type { DeskRequest } from "../gateway/desk.js";
import { isJsonObject, type JsonObject } from "../jsonObject.js";
import type { RuleMistake } from "../rules/problems.js";
import { CommandError } from "./problems.js";

/** Longer than a command to a device lives: the answer says what became of it. */
export const GATEWAY_ANSWER_MS = 60_000;
/** Between two looks at who has joined. */
const JOIN_LOOK_MS = 500;
/** As JOIN_WINDOW_MS_MAX of the gateway. */
export const JOIN_SECONDS_MAX = 900;

export interface DeviceLine {
  readonly id: string;
  readonly name: string;
  readonly profile: string;
  readonly link: string;
  readonly address: string;
  readonly groups: readonly string[];
  readonly owner?: string;
  readonly availability: string;
  readonly registration: string;
  readonly vouchedFor: string;
  /** Named in the operator's file. */
  readonly fixed: boolean;
  /** ms that it is not heard yet, or `until released`. */
  readonly isolated?: number | string;
}

export interface DeviceReading {
  readonly value: unknown;
  /** Wall clock, ms. */
  readonly at: number;
  readonly sequence: number;
  readonly fresh: boolean;
}

export interface DeviceWhole extends DeviceLine {
  readonly title: string;
  readonly deviceClass: string;
  readonly safetyClass: number;
  readonly publicKey?: string;
  readonly readings: Readonly<Record<string, DeviceReading>>;
  readonly writable: readonly string[];
  readonly actions: readonly string[];
}

/** Heard, and not let in. */
export interface CandidateLine {
  readonly link: string;
  readonly address: string;
  readonly profile: string;
  readonly serial: string;
}

export interface DeviceList {
  readonly devices: readonly DeviceLine[];
  readonly candidates: readonly CandidateLine[];
  readonly joiningForMs: number;
}

export interface DeviceSet {
  readonly result: string;
  readonly latencyUs: number;
}

export interface Reloaded {
  readonly rules: { readonly active: number; readonly paused: number; readonly scenes: number };
  readonly mistakes: readonly RuleMistake[];
}

/**
 * @throws CommandError `COMMAND_NOT_GATEWAY`, `COMMAND_NODE_NOT_RUNNING`; GatewayError, RuleError with the gateway's own answer;
 *   ControlError
 */
export async function askGateway(config: Config, request: DeskRequest): Promise<JsonObject> {
  if (config.role !== "gateway")
    throw new CommandError({ code: "COMMAND_NOT_GATEWAY", path: config.path, role: config.role });
  const answered = await askNode(config.dataDir, { command: "gateway", request }, GATEWAY_ANSWER_MS);
  if (answered === undefined) throw new CommandError({ code: "COMMAND_NODE_NOT_RUNNING", dataDir: config.dataDir });
  const { result } = answered;
  const { answer, problem } = isJsonObject(result) ? result : {};
  if (isJsonObject(problem) && typeof problem.code === "string") throw refusal(problem as RefusalProblem);
  if (isJsonObject(answer)) return answer;
  throw new ControlError({ code: "CONTROL_ANSWER_INVALID", reason: "wrong shape" });
}

type RefusalProblem = GatewayProblem | RuleProblem;

function refusal(problem: RefusalProblem): GatewayError | RuleError {
  return problem.code.startsWith("GATEWAY_")
    ? new GatewayError(problem as GatewayProblem)
    : new RuleError(problem as RuleProblem);
}

export async function listDevices(config: Config): Promise<DeviceList> {
  return (await askGateway(config, { ask: "devices" })) as unknown as DeviceList;
}

export async function showDevice(config: Config, device: string): Promise<DeviceWhole> {
  return (await askGateway(config, { ask: "device", device })) as unknown as DeviceWhole;
}

/** @returns what became of the command, after it was answered or has expired. */
export async function setDevice(
  config: Config,
  device: string,
  target: string,
  value: string | undefined,
): Promise<DeviceSet> {
  const request = { ask: "set", device, target, ...(value === undefined ? {} : { value }) } as const;
  return (await askGateway(config, request)) as unknown as DeviceSet;
}

export async function reloadFiles(config: Config): Promise<Reloaded> {
  return (await askGateway(config, { ask: "reload" })) as unknown as Reloaded;
}

export interface JoinWatch {
  readonly seconds: number;
  /** Who has come since the window was opened, who waits, and how long it stays open, ms. */
  readonly onLook: (joined: readonly DeviceLine[], list: DeviceList) => void;
  /** Closes the window early. */
  readonly signal: AbortSignal;
}

export interface Joined {
  readonly joined: readonly DeviceLine[];
  readonly candidates: readonly CandidateLine[];
}

/** Opens the join window, and resolves when it is closed. */
export async function watchJoining(config: Config, { seconds, onLook, signal }: JoinWatch): Promise<Joined> {
  const before = new Set((await listDevices(config)).devices.map(({ id }) => id));
  await askGateway(config, { ask: "join", forMs: seconds * 1_000 });
  for (;;) {
    if (signal.aborted) await askGateway(config, { ask: "join", forMs: 0 });
    const list = await listDevices(config);
    const joined = list.devices.filter(({ id }) => !before.has(id));
    onLook(joined, list);
    if (signal.aborted || list.joiningForMs <= 0) return { joined, candidates: list.candidates };
    await pause(Math.min(JOIN_LOOK_MS, list.joiningForMs), undefined, { signal }).catch(() => {});
  }
}
