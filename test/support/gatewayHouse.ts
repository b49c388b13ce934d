/**
 * A house in virtual time: one gateway core, devices of our own protocol, and a network between them that loses, delays and
 * repeats. Everything follows from the seed. A second driver of the same machine as src/node/driver.ts, which may die at any
 * point between persisting and sending.
 */
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { MODELS, type ModelName } from "../../simulator/devices/models.js";
import { type DeviceKey, NativeDevice } from "../../simulator/devices/nativeDevice.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { DeviceMessage } from "../../src/codec/device/messages.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import type { Suite } from "../../src/crypto/suite.js";
import type { Registration } from "../../src/device/device.js";
import { GatewayCore, type GatewayOptions } from "../../src/device/gateway/core.js";
import type { FromDevice, GatewayInput, GatewayMessage, GatewayOutput } from "../../src/device/gateway/messages.js";
import { LocalRuleEngine } from "../../src/device/rules/engine.js";
import type { HeldRule } from "../../src/device/rules/language.js";
import { type PolicyRule, policyHash, type TrustPolicy } from "../../src/device/rules/policy.js";
import type { Now } from "../../src/device/view.js";
import { MemoryGatewayStore } from "../../src/store/gateway/memoryGatewayStore.js";
import { virtualProfileOf } from "./virtualProfiles.js";

export const LINK = "mqtt";
const START_MS = Date.UTC(2026, 5, 1, 12);
const FAR = Number.MAX_SAFE_INTEGER;

export const EVERYTHING: PolicyRule = {
  subject: { kind: "any", not: false },
  object: { by: "any", name: "", not: false },
  capability: "*",
  effect: "ALLOW",
  minTier: 0,
  priority: 0,
  log: false,
  receipt: false,
  notify: false,
};

export interface HouseOptions {
  readonly seed?: number;
  readonly devices: readonly { readonly id: string; readonly model: ModelName; readonly signs?: boolean }[];
  readonly rules?: readonly HeldRule[];
  readonly lost?: number;
  readonly repeated?: number;
  readonly delayMs?: number;
  readonly registeredOnly?: boolean;
  readonly registration?: (id: string) => Registration;
  readonly profileOf?: GatewayOptions["profileOf"];
  /** Who may do what; absent: everybody everything. */
  readonly policy?: readonly PolicyRule[];
}

interface Delivery {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Thrown instead of going on: the process is dead. */
class Died extends Error {}

export class GatewayHouse {
  readonly suite: Suite = referenceSuite("ecdsa");
  readonly store: MemoryGatewayStore;
  readonly devices = new Map<string, NativeDevice>();
  /** Ids of the commands that arrived at each device, in order, repetitions included. */
  readonly arrived: { readonly device: string; readonly id: string }[] = [];
  outputs: GatewayOutput[] = [];
  core: GatewayCore;
  wallSet = true;
  /** By which the gateway's wall clock is wrong. */
  wallShiftMs = 0;
  readonly #options: HouseOptions;
  readonly #random: SeededRandom;
  #queue: Delivery[] = [];
  #order = 0;
  #elapsedMs = 0;
  /** Acts of carrying out that are left before the process dies. */
  #dieAfter = FAR;
  #alive = true;
  #calm = true;

  constructor(options: HouseOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
    this.store = new MemoryGatewayStore({ now: () => this.now.wallMs });
    options.devices.forEach(({ id, model, signs }, index) => {
      const key = signs === true ? this.keyOf(index + 1) : undefined;
      const device = new NativeDevice({
        id,
        model: MODELS[model],
        seed: 7,
        index,
        ...(key === undefined ? {} : { key }),
      });
      device.powerOn(this.deviceNow);
      this.devices.set(id, device);
    });
    this.core = this.#boot();
  }

  get now(): Now {
    return {
      wallMs: START_MS + this.#elapsedMs + this.wallShiftMs,
      wallSet: this.wallSet,
      monotonicMs: 1_000 + this.#elapsedMs,
    };
  }

  get deviceNow() {
    return { wallMs: START_MS + this.#elapsedMs, worldMs: this.#elapsedMs };
  }

  get alive(): boolean {
    return this.#alive;
  }

  device(id: string): NativeDevice {
    const device = this.devices.get(id);
    if (device === undefined) throw new Error(`no device ${id}`);
    return device;
  }

  keyOf(number: number): DeviceKey {
    const secret = new Uint8Array(32).fill(number);
    const signer = softSigner(this.suite.name);
    return {
      publicKey: signer.publicKey(secret),
      sign: (bytes) => signer.signHeader(secret, this.suite.hash(bytes)),
    };
  }

  /** Everybody connects and joins, over a network without faults; from then on it has them. */
  settle(): void {
    this.input({ kind: "linkUp", link: LINK });
    this.input({ kind: "joinWindow", forMs: 60_000 });
    for (const device of this.devices.values()) this.connect(device);
    this.run(10_000);
    this.outputs = [];
    this.#calm = false;
  }

  connect(device: NativeDevice): void {
    this.publish(device.id, device.birthMessage());
    this.publish(device.id, device.state(this.deviceNow));
  }

  report(id: string): void {
    const device = this.device(id);
    for (const message of device.report(this.deviceNow)) this.publish(id, message);
  }

  /** From a device to the gateway, over the network as it is. */
  publish(address: string, message: DeviceMessage, retained = false): void {
    this.#overNetwork(() =>
      this.input({ kind: "said", link: LINK, address, retained, message: message as FromDevice }),
    );
  }

  /** At once and for certain. */
  input(input: GatewayInput): void {
    if (!this.#alive) return;
    this.#guarded(() => {
      this.core.tick(this.now);
      this.core.step(input);
      this.#carryOut();
    });
  }

  run(forMs: number): void {
    const end = this.#elapsedMs + forMs;
    while (this.#elapsedMs < end) {
      const next = this.#queue[0];
      const tickAt = (Math.floor(this.#elapsedMs / 250) + 1) * 250;
      const at = Math.min(end, tickAt, next?.at ?? end);
      this.#elapsedMs = at;
      if (next !== undefined && next.at <= at) {
        this.#queue.shift();
        next.run();
      } else if (this.#alive) {
        this.#guarded(() => {
          this.core.tick(this.now);
          this.#carryOut();
        });
      }
    }
  }

  /** The process dies after so many more acts (persisting, each message sent). */
  dieAfter(acts: number): void {
    this.#dieAfter = acts;
  }

  /** Another process on the same disk. What was on the network arrives. */
  restart(): void {
    this.#dieAfter = FAR;
    this.#alive = true;
    this.core = this.#boot();
    this.#guarded(() => this.#carryOut());
    this.input({ kind: "linkUp", link: LINK });
  }

  settled(device?: string): (GatewayOutput & { kind: "settled" })[] {
    return this.outputs.filter(
      (output): output is GatewayOutput & { kind: "settled" } =>
        output.kind === "settled" && (device === undefined || output.command.device === device),
    );
  }

  refusals(): string[] {
    return this.outputs.flatMap((output) => (output.kind === "refused" ? [output.problem.code] : []));
  }

  #boot(): GatewayCore {
    const { devices, shadows, commands, counters, ruleStates, lastReceipt } = this.store.load();
    const policy: TrustPolicy = { id: "all", version: 1, rules: this.#options.policy ?? [EVERYTHING] };
    const hash = this.suite.hash.bind(this.suite);
    const options: GatewayOptions = {
      gateway: "gw",
      suite: this.suite,
      random: this.#random.child(`boot ${this.#order}`),
      registrations: {
        registration: ({ id }) => this.#options.registration?.(id) ?? { verdict: "unknown" },
      },
      registeredOnly: this.#options.registeredOnly ?? false,
      profileOf: (id) => (this.#options.profileOf ?? virtualProfileOf)(id),
      telemetry: true,
      rules: (view, chain) =>
        new LocalRuleEngine({
          ...{ hash, gateway: "gw", view, chain, scenes: [], now: this.now },
          rules: this.#options.rules ?? [],
          policy: { policy, hash: policyHash(hash, policy) },
          restored: new Map(ruleStates),
          ...(lastReceipt === undefined ? {} : { lastReceipt }),
        }),
    };
    const core = new GatewayCore(options);
    core.tick(this.now);
    core.restore({
      devices: devices.map(([, bytes]) => bytes),
      shadows,
      commands: commands.map(([, bytes]) => bytes),
      counters,
    });
    return core;
  }

  #carryOut(): void {
    for (let ready = this.core.ready(); ready !== undefined; ready = this.core.ready()) {
      if (ready.writes.length > 0) {
        this.#act();
        this.store.apply(ready.writes);
      }
      for (const message of ready.messages) {
        this.#act();
        this.#send(message);
      }
      this.outputs.push(...ready.outputs);
      this.core.advance();
    }
  }

  #act(): void {
    if (this.#dieAfter-- <= 0) throw new Died();
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof Died)) throw thrown;
      this.#alive = false;
    }
  }

  #send(message: GatewayMessage): void {
    if (message.kind !== "say") return;
    const { address, message: said } = message;
    // As it is on the wire; what cannot be written is a mistake of the core's.
    encodeDeviceMessage(said);
    this.#overNetwork(() => {
      const device = this.devices.get(address);
      if (device === undefined) return;
      if (said.kind === "challenge") {
        this.publish(address, device.challenge(said));
        this.publish(address, device.state(this.deviceNow));
      } else {
        this.arrived.push({ device: address, id: Buffer.from(said.id).toString("hex") });
        for (const answer of device.command(said, false, this.deviceNow).messages) this.publish(address, answer);
      }
    });
  }

  #overNetwork(run: () => void): void {
    const { lost = 0, repeated = 0, delayMs = 0 } = this.#calm ? {} : this.#options;
    if (this.#chance(lost)) return;
    for (let copies = this.#chance(repeated) ? 2 : 1; copies > 0; copies--) {
      const at = this.#elapsedMs + 1 + (delayMs === 0 ? 0 : this.#random.uint32() % delayMs);
      this.#queue.push({ at, order: this.#order++, run });
    }
    this.#queue.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  #chance(share: number): boolean {
    return share > 0 && this.#random.uint32() / 2 ** 32 < share;
  }
}
