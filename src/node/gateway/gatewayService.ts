/** The gateway at work: its core, its store and its links, started and stopped together. */
import type { Clock } from "../../base/clock.js";
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { DeviceRecord } from "../../device/device.js";
import { GatewayCore, type GatewayOptions } from "../../device/gateway/core.js";
import type { GatewayInput, GatewayMessage, GatewayOutput, GatewayWrite } from "../../device/gateway/messages.js";
import type { GatewayProblem } from "../../device/gateway/problems.js";
import type { GatewayStore } from "../../device/gateway/store.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { Now } from "../../device/view.js";
import { Driver } from "../driver.js";
import type { Carrier } from "./carrier.js";

export interface GatewayServiceOptions {
  readonly core: GatewayOptions;
  readonly store: GatewayStore;
  readonly carriers: readonly Carrier[];
  /** Devices that the operator's file names. */
  readonly installed: readonly { readonly record: DeviceRecord; readonly profile: DeviceProfile }[];
  readonly clock: Clock;
  readonly clockIsSet: (now: number) => boolean;
  readonly logger: Logger;
  /** After it was stored. */
  readonly onOutput: (output: GatewayOutput) => void;
  /** The store failed: the node must stop. */
  readonly onFailure: (error: unknown) => void;
}

export class GatewayService {
  readonly core: GatewayCore;
  readonly #options: GatewayServiceOptions;
  readonly #carriers: ReadonlyMap<string, Carrier>;
  readonly #driver: Driver<GatewayInput, GatewayWrite, GatewayMessage, GatewayOutput, Now>;
  #wakeTimer: NodeJS.Timeout | undefined;
  #wakeAtMs: number | undefined;

  /** Reads what was kept. @throws StoreError */
  constructor(options: GatewayServiceOptions) {
    this.#options = options;
    this.#carriers = new Map(options.carriers.map((carrier) => [carrier.name, carrier]));
    this.core = new GatewayCore(options.core);
    const { devices, shadows, commands, counters } = options.store.load();
    this.core.tick(this.#now());
    this.core.restore({
      devices: devices.map(([, bytes]) => bytes),
      shadows,
      commands: commands.map(([, bytes]) => bytes),
      counters,
    });
    this.#driver = new Driver<GatewayInput, GatewayWrite, GatewayMessage, GatewayOutput, Now>(this.core, {
      persist: (writes) => options.store.apply(writes),
      send: (message) => this.#send(message),
      output: (output) => this.#output(output),
      failed: (error) => options.onFailure(error),
      clock: { now: () => this.#now() },
    });
  }

  start(): void {
    for (const { record, profile } of this.#options.installed) {
      if (!this.#carriers.has(record.link))
        this.#lost({ code: "GATEWAY_LINK_UNKNOWN", device: record.id, link: record.link });
      this.#driver.input({ kind: "install", record, profile, by: "file" });
    }
    this.#driver.start();
    for (const carrier of this.#carriers.values()) carrier.start((input) => this.input(input));
  }

  input(input: GatewayInput): void {
    this.#driver.input(input);
  }

  /** Goes over to other rules. `make` may read the store: everything that the old ones had to keep is there. */
  replaceRules(make: GatewayOptions["rules"]): void {
    this.#driver.turn();
    this.core.replaceRules(make);
    this.#driver.turn();
  }

  /** Carries out at once what waits; tests and commands that answer with the result. */
  turn(): void {
    this.#driver.turn();
  }

  async stop(): Promise<void> {
    this.core.flush();
    this.#driver.turn();
    clearTimeout(this.#wakeTimer);
    this.#driver.stop();
    await Promise.all([...this.#carriers.values()].map((carrier) => carrier.stop()));
  }

  links() {
    return [...this.#carriers.values()].map((carrier) => carrier.status());
  }

  #now(): Now {
    const wallMs = this.#options.clock.now();
    return { wallMs, wallSet: this.#options.clockIsSet(wallMs), monotonicMs: performance.now() };
  }

  #send(message: GatewayMessage): void {
    const link = message.kind === "say" ? message.link : message.record.link;
    this.#atCarrier(link, (carrier) => carrier.send(message));
  }

  /** For the operator: it is known, and nobody can reach it. */
  #lost(problem: GatewayProblem): void {
    this.core.counters.add(problem.code);
    this.#options.logger.error({ ...problem }, "a device cannot be reached");
  }

  /** What one link does not take must not stop the others. */
  #atCarrier(link: string, work: (carrier: Carrier) => void): void {
    const carrier = this.#carriers.get(link);
    try {
      if (carrier !== undefined) work(carrier);
    } catch (thrown) {
      this.core.counters.add(codeOf(thrown));
      this.#options.logger.error({ link, code: codeOf(thrown) }, "a link failed");
    }
  }

  #output(output: GatewayOutput): void {
    const { logger, onOutput } = this.#options;
    if (output.kind === "joined")
      this.#atCarrier(output.record.link, (carrier) => carrier.came(output.record, output.profile));
    else if (output.kind === "left") this.#atCarrier(output.record.link, (carrier) => carrier.left(output.record));
    else if (output.kind === "joinWindow")
      for (const name of this.#carriers.keys()) this.#atCarrier(name, (carrier) => carrier.joining?.(output.forMs));
    try {
      onOutput(output);
    } catch (thrown) {
      logger.error({ code: codeOf(thrown) }, "a listener failed");
    }
    this.#planWake();
  }

  /** Delays and `for` of rules end when they end, not at the next tick of the clock. */
  #planWake(): void {
    const { nextMs } = this.core;
    if (nextMs === undefined || (this.#wakeAtMs !== undefined && this.#wakeAtMs <= nextMs)) return;
    clearTimeout(this.#wakeTimer);
    this.#wakeAtMs = nextMs;
    this.#wakeTimer = setTimeout(
      () => {
        this.#wakeAtMs = undefined;
        this.#driver.turn();
        this.#planWake();
      },
      Math.max(0, nextMs - performance.now()),
    );
  }
}
