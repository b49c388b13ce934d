/**
 * What all stand-ins for real devices share: a link of their own, messages in order, and no life of their own. They have no
 * timers; time is handed in, and somebody outside says when something is measured.
 */
import type { Clock } from "../../src/base/clock.js";
import type { Link, LinkMessage } from "../../src/base/link.js";
import { type JsonValue, parseJson } from "../../src/codec/json.js";

export interface StandInOptions {
  readonly link: Link;
  readonly clock: Clock;
}

const UTF8 = new TextDecoder();
const BYTES = new TextEncoder();

export abstract class StandIn {
  protected readonly clock: Clock;
  readonly #link: Link;
  /** One publish after the other, so that a device's messages keep their order. */
  #sending: Promise<void> = Promise.resolve();
  #refused = 0;
  #lost = 0;

  constructor({ link, clock }: StandInOptions) {
    this.#link = link;
    this.clock = clock;
  }

  start(): void {
    this.#link.start({
      connected: () => void this.#connected(),
      disconnected: () => {},
      message: (message) => this.#message(message),
      dropped: () => {
        this.#lost++;
      },
    });
  }

  /**
   * Switched off the hard way: the broker tells the others what the device had left with it as its last will. The link port
   * has no wills, so the stand-in says it itself before it goes.
   */
  async stop(): Promise<void> {
    this.lastWill();
    await this.settled();
    await this.#link.stop();
  }

  /** Until all that was to be published is. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  /** Messages that were no commands of this device, or that it could not carry out. */
  get refused(): number {
    return this.#refused;
  }

  /** Messages that were lost on the way out, or dropped on the way in. */
  get lost(): number {
    return this.#lost;
  }

  /** Exact topics of commands. */
  protected abstract topics(): readonly string[];
  /** After each connect, when the commands are subscribed. */
  protected abstract birth(): void;
  protected abstract lastWill(): void;
  /** @returns false where it is no command, or cannot be carried out. */
  protected abstract command(topic: string, text: string): boolean;

  protected publish(topic: string, payload: string | object, retain = false): void {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const send = () => this.#link.publish(topic, BYTES.encode(text), { retain, qos: 1 });
    this.#sending = this.#sending.then(send).catch(() => {
      this.#lost++;
    });
  }

  /** Commands of devices that came later. */
  protected listen(topics: readonly string[]): void {
    this.#sending = this.#sending
      .then(() => this.#link.subscribe(topics))
      .catch(() => {
        this.#lost++;
      });
  }

  async #connected(): Promise<void> {
    try {
      await this.#link.subscribe(this.topics());
      this.birth();
    } catch {
      // The connection is gone again; the next one begins anew.
      this.#lost++;
    }
  }

  #message({ topic, payload }: LinkMessage): void {
    if (!this.command(topic, UTF8.decode(payload))) this.#refused++;
  }
}

/** A JSON object, else undefined. */
export function objectOf(text: string): { readonly [name: string]: JsonValue } | undefined {
  try {
    const value = parseJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;
}
