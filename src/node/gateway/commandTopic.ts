/**
 * Commands of other systems for a device of this gateway: `edgeseal/1/gateway/<gateway>/device/<id>/command`, the device
 * protocol's command message. Sender and sequence go to the core, which refuses a number that is not above the sender's last;
 * a message that the broker had kept is refused here. The answer comes on `.../device/<id>/ack` with the command's id.
 *
 * A sender is whoever the broker lets publish there: its access list decides, and the policy says what that name may do.
 */
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { LinkMessage } from "../../base/link.js";
import { decodeDeviceMessageOf } from "../../codec/device/decode.js";
import { encodeDeviceMessage } from "../../codec/device/encode.js";
import type { AckMessage } from "../../codec/device/messages.js";
import type { CommandResult } from "../../device/command.js";
import type { GatewayInput, GatewayOutput } from "../../device/gateway/messages.js";
import type { MqttCompanion } from "./mqttDevices.js";

/** Commands whose answers are waited for; the oldest is then forgotten. */
export const REMOTE_WAITING_MAX = 256;
/** References of this door; the desk counts from 1. */
const FIRST_REF = 1_000_000_000;

interface Waiting {
  readonly device: string;
  readonly id: Uint8Array;
}

export class CommandTopic implements MqttCompanion {
  readonly filters: readonly string[];
  readonly counters = new Counters();
  readonly #prefix: string;
  readonly #publish: (topic: string, payload: Uint8Array) => void;
  readonly #waiting = new Map<number, Waiting>();
  #ref = FIRST_REF;

  constructor(gateway: string, publish: (topic: string, payload: Uint8Array) => void) {
    this.#prefix = `edgeseal/1/gateway/${gateway}/device/`;
    this.#publish = publish;
    this.filters = [`${this.#prefix}+/command`];
  }

  connected(): void {}

  disconnected(): void {}

  message({ topic, payload, retained }: LinkMessage, emit: (input: GatewayInput) => void): boolean {
    if (!topic.startsWith(this.#prefix) || !topic.endsWith("/command")) return false;
    if (payload.length === 0) return true;
    if (retained) {
      this.counters.add("GATEWAY_COMMAND_RETAINED");
      return true;
    }
    try {
      const device = topic.slice(this.#prefix.length, -"/command".length);
      const { sender, sequence, id, expiresAt, target, value } = decodeDeviceMessageOf("command", payload);
      const ref = this.#remember({ device, id });
      const wanted = { by: sender, device, target, sequence, expiresAt, id, ref };
      emit({ kind: "command", request: value === undefined ? wanted : { ...wanted, value } });
    } catch (thrown) {
      this.counters.add(codeOf(thrown));
    }
    return true;
  }

  /** To be told everything that the gateway says. */
  output(output: GatewayOutput): void {
    if (output.kind === "settled" && output.cause.kind === "request") this.#answer(output.cause.ref, output.result);
    else if (output.kind === "refused") {
      this.#answer(output.ref, output.problem.code === "GATEWAY_COMMAND_EXPIRED" ? "expired" : "refused");
    }
  }

  #answer(ref: number | undefined, result: CommandResult): void {
    const waiting = ref === undefined ? undefined : this.#waiting.get(ref);
    if (ref === undefined || waiting === undefined) return;
    this.#waiting.delete(ref);
    const ack = encodeDeviceMessage({ kind: "ack", id: waiting.id, result: ACK_OF[result] });
    this.#publish(`${this.#prefix}${waiting.device}/ack`, ack);
  }

  #remember(waiting: Waiting): number {
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size >= REMOTE_WAITING_MAX && oldest !== undefined) this.#waiting.delete(oldest);
    this.#waiting.set(++this.#ref, waiting);
    return this.#ref;
  }
}

/** The wire has no words for what only a gateway knows. */
const ACK_OF: Readonly<Record<CommandResult, AckMessage["result"]>> = {
  done: "done",
  sent: "done",
  superseded: "refused",
  refused: "refused",
  failed: "failed",
  expired: "expired",
};
