/**
 * A stand-in for a small device on a serial line: a thermometer with a relay that speaks the device protocol in frames.
 * It does what the protocol asks of a device: a birth that grows, states with a count of their own, commands carried out
 * once and acknowledged again, identity on demand.
 */
import { toHex } from "../../src/base/bytes.js";
import { DomainError } from "../../src/base/error.js";
import type { Random } from "../../src/base/random.js";
import { decodeDeviceMessage } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { AckMessage, CommandMessage, DeviceMessage, WireDeviceValue } from "../../src/codec/device/messages.js";
import { identitySigningBytes, NO_SIGNATURE, stateSigningBytes } from "../../src/codec/device/signingBytes.js";
import { type FramedSerialLine, serialLine } from "../../src/link/serialLine.js";
import type { SerialPortOptions } from "../../src/link/serialPort.js";

/** Ids of commands that are remembered, and so not carried out twice. */
const COMMANDS_REMEMBERED = 64;

export interface SerialSensorOptions extends SerialPortOptions {
  /** Its address on the line, and its device id. */
  readonly address: string;
  readonly profile: string;
  readonly serial: string;
  /** How often it has started, this time included. */
  readonly birth: number;
  /** Between two states; absent: a state only when a value changes. */
  readonly stateEveryMs?: number;
  /** ms since 1970; for the expiry of commands. */
  readonly now: () => number;
  readonly random: Random;
  /** X || Y, and what signs the bytes of the protocol; absent: it has no key. */
  readonly key?: { readonly publicKey: Uint8Array; readonly sign: (bytes: Uint8Array) => Uint8Array };
}

export class SerialSensor {
  readonly #options: SerialSensorOptions;
  readonly #line: FramedSerialLine;
  readonly #values = new Map<string, WireDeviceValue>([
    ["temperature", 2_000],
    ["relay", false],
  ]);
  readonly #results = new Map<string, AckMessage["result"]>();
  readonly #lastSequences = new Map<string, number>();
  readonly #startedAt: number;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Commands that were carried out, not those that were only acknowledged again. */
  carriedOut = 0;
  /** Messages to it that were no messages, or not for a device. */
  refused = 0;

  constructor(options: SerialSensorOptions) {
    this.#options = options;
    this.#line = serialLine({ ...options, end: "device" });
    this.#startedAt = options.now();
  }

  start(): void {
    this.#line.start({
      up: () => {
        this.#tellBirth();
        this.tellState();
      },
      down: () => {},
      message: (address, bytes) => {
        // On a line with several devices everybody hears everything.
        if (address === this.#options.address) this.#received(bytes);
      },
      dropped: () => {},
    });
    const { stateEveryMs } = this.#options;
    if (stateEveryMs !== undefined) this.#timer = setInterval(() => this.tellState(), stateEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#line.stop();
  }

  get relay(): boolean {
    return this.#values.get("relay") === true;
  }

  /** Hundredths of a degree Celsius. */
  setTemperature(value: number): void {
    this.#values.set("temperature", value);
    this.tellState();
  }

  tellState(): void {
    const { birth, address, key, now } = this.#options;
    const uptimeMs = Math.max(0, now() - this.#startedAt);
    const unsigned = { kind: "state", birth, sequence: ++this.#sequence, uptimeMs, values: [...this.#values] } as const;
    this.#send({ ...unsigned, signature: key?.sign(stateSigningBytes(address, unsigned)) ?? NO_SIGNATURE });
  }

  #tellBirth(): void {
    this.#send({ kind: "birth", ...this.#born() });
  }

  #born() {
    const { birth, profile, serial, key } = this.#options;
    return { birth, profile, serial, software: "1.0", publicKey: key?.publicKey ?? NO_SIGNATURE };
  }

  #received(bytes: Uint8Array): void {
    let message: DeviceMessage;
    try {
      message = decodeDeviceMessage(bytes);
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      this.refused++;
      return;
    }
    if (message.kind === "command") this.#send({ kind: "ack", id: message.id, result: this.#carryOut(message) });
    else if (message.kind === "challenge") this.#identify(message.nonce);
    else this.refused++;
  }

  #carryOut(command: CommandMessage): AckMessage["result"] {
    const id = toHex(command.id);
    const before = this.#results.get(id);
    if (before !== undefined) return before;
    if (command.expiresAt <= this.#options.now()) return "expired";
    if (command.sequence <= (this.#lastSequences.get(command.sender) ?? 0)) return "refused";
    this.#lastSequences.set(command.sender, command.sequence);
    const result = command.target === "relay" && typeof command.value === "boolean" ? "done" : "refused";
    this.#results.set(id, result);
    for (const oldest of this.#results.keys()) {
      if (this.#results.size <= COMMANDS_REMEMBERED) break;
      this.#results.delete(oldest);
    }
    if (result === "done") {
      this.carriedOut++;
      this.#values.set("relay", command.value as boolean);
      this.tellState();
    }
    return result;
  }

  #identify(nonce: Uint8Array): void {
    const { address, key } = this.#options;
    const unsigned = { kind: "identity", nonce, ...this.#born() } as const;
    const signature = key?.sign(identitySigningBytes(address, unsigned)) ?? NO_SIGNATURE;
    this.#send({ ...unsigned, signature });
  }

  /** What the line does not take is lost, as it is for a device of its kind; the next state says the same again. */
  #send(message: DeviceMessage): void {
    this.#line.send(this.#options.address, encodeDeviceMessage(message)).catch((thrown: unknown) => {
      if (!(thrown instanceof DomainError)) throw thrown;
    });
  }
}
