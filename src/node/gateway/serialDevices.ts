/** Devices of our own protocol on a serial line, in frames. */
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import { decodeDeviceMessage } from "../../codec/device/decode.js";
import { encodeDeviceMessage } from "../../codec/device/encode.js";
import { type DeviceTopicKind, FROM_DEVICE_KINDS } from "../../codec/device/topics.js";
import type { FromDevice, GatewayInput, GatewayMessage } from "../../device/gateway/messages.js";
import type { FramedSerialLine } from "../../link/serialLine.js";
import type { Carrier, CarrierStatus } from "./carrier.js";

export class SerialDevices implements Carrier {
  readonly name: string;
  readonly #line: FramedSerialLine;
  readonly #logger: Logger;
  readonly #counters = new Counters();

  constructor(name: string, line: FramedSerialLine, logger: Logger) {
    this.name = name;
    this.#line = line;
    this.#logger = logger;
  }

  start(emit: (input: GatewayInput) => void): void {
    const link = this.name;
    this.#line.start({
      up: () => {
        this.#logger.info({ link }, "link up");
        emit({ kind: "linkUp", link });
      },
      down: (code) => {
        this.#logger.info({ link, code }, "link down");
        emit({ kind: "linkDown", link });
      },
      message: (address, bytes) => emit(readMessage(link, address, bytes)),
      dropped: (code) => this.#counters.add(code),
    });
  }

  /** Whoever speaks on the line is heard. */
  came(): void {}

  left(): void {}

  send(message: GatewayMessage): void {
    // Only devices of our own protocol are on this line.
    if (message.kind !== "say") return;
    this.#line
      .send(message.address, encodeDeviceMessage(message.message))
      .catch((thrown: unknown) => this.#counters.add(codeOf(thrown)));
  }

  status(): CarrierStatus {
    const { up, lastProblem, counters } = this.#line;
    return {
      ...{ name: this.name, protocol: "serial", connected: up },
      ...(up || lastProblem === undefined ? {} : { problem: lastProblem.code }),
      counters: { ...counters.snapshot(), ...this.#counters.snapshot() },
    };
  }

  stop(): Promise<void> {
    return this.#line.stop();
  }
}

function readMessage(link: string, address: string, bytes: Uint8Array): GatewayInput {
  try {
    const message = decodeDeviceMessage(bytes);
    if (FROM_DEVICE_KINDS.has(message.kind as DeviceTopicKind))
      return { kind: "said", link, address, retained: false, message: message as FromDevice };
    return { kind: "unreadable", link, address, code: "DEVICE_MESSAGE_KIND" };
  } catch (thrown) {
    return { kind: "unreadable", link, address, code: codeOf(thrown) };
  }
}
