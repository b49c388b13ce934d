/** Commands that people and other systems ask for: looked through before anything moves. */
import type { DeviceCommand } from "../command.js";
import { argumentProblem } from "./argument.js";
import { COMMAND_LIFE_MS, COMMAND_LIFE_MS_MAX } from "./limits.js";
import type { CommandRequest } from "./messages.js";
import type { Pile } from "./pile.js";
import type { GatewayProblem } from "./problems.js";
import type { DeviceTable, Member } from "./table.js";

/** Senders whose numbers are remembered. */
export const SENDERS_MAX = 256;
/** In front of a sender's name among the counters of the store. */
export const SENDER_COUNTER = "sender:";

export class Requests {
  readonly #pile: Pile;
  readonly #table: DeviceTable;
  readonly #senders = new Map<string, number>();

  constructor(pile: Pile, table: DeviceTable) {
    this.#pile = pile;
    this.#table = table;
  }

  restore(sender: string, sequence: number): void {
    this.#senders.set(sender, sequence);
  }

  /** The command, if it may be one; the policy has not been asked yet. */
  read(request: CommandRequest): Omit<DeviceCommand, "id"> | GatewayProblem {
    const { device, target, value } = request;
    const member = this.#table.get(device);
    if (member === undefined) return { code: "GATEWAY_DEVICE_MISSING", device };
    const { now } = this.#pile;
    const isolated = member.conduct.isolatedUntilMs;
    if (isolated !== undefined && isolated > now.monotonicMs)
      return { code: "GATEWAY_ISOLATED", device, forMs: isolated - now.monotonicMs };
    const expiresAt = request.expiresAt ?? now.wallMs + COMMAND_LIFE_MS;
    if (now.wallSet && expiresAt <= now.wallMs) return { code: "GATEWAY_COMMAND_EXPIRED", device };
    const problem = targetProblem(member, request);
    if (problem !== undefined) return problem;
    const wanted = { device, target, expiresAt: Math.min(expiresAt, now.wallMs + COMMAND_LIFE_MS_MAX) };
    return value === undefined ? wanted : { ...wanted, value };
  }

  /** A number that was used is used up; kept before anything is sent. */
  useNumber({ by, sequence }: CommandRequest): GatewayProblem | undefined {
    if (sequence === undefined || this.#isNext(by, sequence)) return undefined;
    return { code: "GATEWAY_COMMAND_REPLAYED", sender: by, sequence };
  }

  #isNext(sender: string, sequence: number): boolean {
    const last = this.#senders.get(sender);
    if (!Number.isSafeInteger(sequence) || sequence <= (last ?? 0)) return false;
    if (last === undefined && this.#senders.size >= SENDERS_MAX) return false;
    this.#senders.set(sender, sequence);
    this.#pile.writes.push({ kind: "counter", name: SENDER_COUNTER + sender, value: sequence });
    return true;
  }
}

function targetProblem(
  { profile }: Member,
  { device, target: name, value }: CommandRequest,
): GatewayProblem | undefined {
  const action = profile.actions.get(name);
  const property = profile.properties.get(name);
  if (action === undefined && property === undefined) return { code: "GATEWAY_NAME_UNKNOWN", device, name };
  // Only our own protocol drops what it has done already; a step sent twice elsewhere is two steps.
  const repeatable = action === undefined || action.idempotent || profile.binding.protocol === "edgeseal";
  if (property?.writable === false || !repeatable) return { code: "GATEWAY_NOT_WRITABLE", device, name };
  return argumentProblem(device, name, action === undefined ? property?.type : action.input, value);
}
