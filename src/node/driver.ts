/**
 * The one driver of every machine: step, then persist in one transaction, then send, then hand on. The order
 * persist -> send -> output is written here and nowhere else.
 */
import type { Millis } from "../base/clock.js";
import type { Machine } from "../base/machine.js";

export interface DriverPorts<Write, Message, Output, Time = Millis> {
  /** Durable when it returns; throwing stops the driver for good (no half-kept promises). */
  persist(writes: readonly Write[]): void;
  send(message: Message): void;
  output(output: Output): void;
  /** The store or the machine failed: nothing is accepted any more. */
  failed(error: unknown): void;
  readonly clock: { now(): Time };
}

/** Inputs taken between two commits. */
export const BATCH_INPUTS_MAX = 64;
/** Inputs waiting for their turn; links bound their own queues below this. */
export const QUEUE_INPUTS_MAX = 8_192;
export const TICK_INTERVAL_MS = 250;

export class Driver<Input, Write, Message, Output, Time = Millis> {
  readonly #machine: Machine<Input, Write, Message, Output, never, never, Time>;
  readonly #ports: DriverPorts<Write, Message, Output, Time>;
  #queue: Input[] = [];
  #turnPlanned = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** Inputs refused because the queue was full. */
  dropped = 0;

  constructor(
    machine: Machine<Input, Write, Message, Output, never, never, Time>,
    ports: DriverPorts<Write, Message, Output, Time>,
  ) {
    this.#machine = machine;
    this.#ports = ports;
  }

  start(): void {
    this.#machine.tick(this.#ports.clock.now());
    this.#timer = setInterval(() => this.turn(), TICK_INTERVAL_MS);
    this.turn();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#queue = [];
  }

  /** Queues an input; the turn runs when the event loop is free, so that a burst shares one commit. */
  input(input: Input): void {
    if (this.#stopped) return;
    if (this.#queue.length >= QUEUE_INPUTS_MAX) {
      this.dropped++;
      return;
    }
    this.#queue.push(input);
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.turn());
  }

  /** Runs everything that waits. Called by itself; tests and benchmarks may call it directly. */
  turn(): void {
    this.#turnPlanned = false;
    if (this.#stopped) return;
    try {
      this.#machine.tick(this.#ports.clock.now());
      this.#carryOut();
      while (this.#queue.length > 0 && !this.#stopped) {
        const batch = this.#queue.splice(0, BATCH_INPUTS_MAX);
        for (const input of batch) this.#machine.step(input);
        this.#carryOut();
      }
    } catch (error) {
      this.stop();
      this.#ports.failed(error);
    }
  }

  #carryOut(): void {
    for (let ready = this.#machine.ready(); ready !== undefined && !this.#stopped; ready = this.#machine.ready()) {
      if (ready.writes.length > 0) this.#ports.persist(ready.writes);
      for (const message of ready.messages) this.#ports.send(message);
      for (const output of ready.outputs) this.#ports.output(output);
      this.#machine.advance();
    }
  }
}
