/**
 * A fleet at work: which device connects, reports, vanishes and misbehaves when. It has no clock and no sockets: it is
 * told the time and what the carrier brings, and so runs in virtual time as well as over a real broker.
 */
import type { Millis } from "../../src/base/clock.js";
import { codeOf } from "../../src/base/error.js";
import { decodeDeviceMessage } from "../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../src/codec/device/encode.js";
import type { DeviceMessage } from "../../src/codec/device/messages.js";
import { deviceTopic, deviceTopicFilter, FROM_DEVICE_KINDS } from "../../src/codec/device/topics.js";
import { hostileMessages } from "../devices/hostile.js";
import { type DeviceKey, type DeviceNow, NativeDevice } from "../devices/nativeDevice.js";
import type { Carrier, CarrierHandlers } from "./carrier.js";
import { VirtualGateways } from "./gateway.js";
import { CountsByName, injectedName, Sampler } from "./metrics.js";
import { DRAW, type FleetPlan, type Hostility } from "./plan.js";
import type { Fault, FaultOf } from "./scenario/schema.js";
import { TimerWheel } from "./timerWheel.js";
import { TraceHash } from "./traceHash.js";

/** Steps of all timers of the fleet. */
export const STEP_MS = 10;
/** Connections being opened at a time, so that a fleet does not attack its broker's backlog. */
export const CONNECTING_MAX = 256;
/** Filters in one SUBSCRIBE. */
const FILTERS_AT_ONCE = 200;
/** Between a birth and the first state: brokers keep no order between qualities of service. */
const FIRST_STATE_MS = 100;
/** A gateway is back long before its devices. */
const GATEWAY_SPREAD_MS = 1_000;
const FAILURES_MAX = 24;
const NO_BYTES = new Uint8Array(0);
/** Attempts over the same time, before it doubles: a broker that is away for a moment is met by an even stream. */
const EVEN_ATTEMPTS = 3;

const TIMER = { connect: 0, report: 1, hostile: 2, storm: 3, command: 4, first: 5 } as const;
const TIMER_KINDS = 8;

const STATE = { off: 0, waiting: 1, queued: 2, connecting: 3, on: 4 } as const;

export interface EngineOptions {
  readonly plan: FleetPlan;
  readonly carrier: Carrier;
  /** Wall clock at the start of the run. */
  readonly startedAt: Millis;
  readonly keyOf?: (index: number) => DeviceKey;
  /** Only one process of a fleet hears of strangers. */
  readonly watchesStrangers: boolean;
  /** Default CONNECTING_MAX. */
  readonly connectingMax?: number;
  /** Carries out the restart of a broker, where somebody can. */
  readonly restartBroker?: (fault: FaultOf<"brokerRestart">, nowMs: number) => void;
}

interface TimelineEvent {
  readonly atMs: number;
  readonly run: (nowMs: number) => void;
}

export class FleetEngine implements CarrierHandlers {
  readonly counts = new CountsByName();
  readonly sampler = new Sampler(this.counts);
  readonly trace = new TraceHash();
  /** Accepted connections by the second of the run. */
  readonly connectsBySecond = new Map<number, number>();
  readonly #options: EngineOptions;
  readonly #plan: FleetPlan;
  readonly #carrier: Carrier;
  readonly #gateways: VirtualGateways;
  readonly #wheel = new TimerWheel(STEP_MS);
  readonly #devices: NativeDevice[] = [];
  readonly #states: Uint8Array;
  readonly #failures: Uint8Array;
  readonly #sentAt: Float64Array;
  readonly #sentSequence: Uint32Array;
  readonly #hostilities: ReadonlyMap<number, Hostility>;
  readonly #hostileActs = new Map<number, number>();
  readonly #recorded = new Map<number, Uint8Array>();
  readonly #storms = new Map<number, { readonly fault: number; readonly untilMs: number; readonly everyMs: number }>();
  readonly #timeline: readonly TimelineEvent[];
  #timelineAt = 0;
  #connecting = 0;
  #connected = 0;
  #queue: number[] = [];
  #queueAt = 0;
  #nowMs = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#carrier = options.carrier;
    this.#gateways = new VirtualGateways(options.plan, this.counts);
    const clients = this.#plan.count + this.#plan.gateways;
    this.#states = new Uint8Array(clients);
    this.#failures = new Uint8Array(clients);
    this.#sentAt = new Float64Array(this.#plan.count);
    this.#sentSequence = new Uint32Array(this.#plan.count);
    this.#hostilities = this.#plan.hostilities();
    for (let own = 0; own < this.#plan.count; own++) this.#devices.push(this.#makeDevice(own));
    this.#timeline = this.#makeTimeline();
  }

  /** Devices whose connection stands, without gateways. */
  get connectedDevices(): number {
    return this.#connected;
  }

  /** Plans everybody's first steps. Gateways come first. */
  start(): void {
    for (let gateway = 0; gateway < this.#plan.gateways; gateway++) {
      this.#schedule(0, this.#plan.count + gateway, TIMER.connect);
      if (this.#plan.scenario.commands.every > 0) {
        this.#schedule(this.#plan.scenario.commands.every, this.#plan.count + gateway, TIMER.command);
      }
    }
    for (let own = 0; own < this.#plan.count; own++) {
      const index = this.#plan.first + own;
      const joinMs = this.#plan.joinMs(index);
      const { every } = this.#plan.kindOf(index);
      this.#schedule(joinMs, own, TIMER.connect);
      this.#schedule(joinMs + this.#plan.drawBelow(every, DRAW.phase, index), own, TIMER.report);
    }
    for (const [own, { fromMs, everyMs }] of this.#hostilities) {
      const phase = this.#plan.drawBelow(everyMs, DRAW.phase, this.#plan.first + own, 1);
      this.#schedule(fromMs + phase, own, TIMER.hostile);
    }
  }

  /** Runs everything that is due until then. */
  advance(nowMs: number): void {
    const run = (item: number, atMs: number) => {
      this.#nowMs = atMs;
      this.#due(Math.floor(item / TIMER_KINDS), item % TIMER_KINDS, atMs);
    };
    for (;;) {
      const event = this.#timeline[this.#timelineAt];
      if (event === undefined || event.atMs > nowMs) break;
      this.#wheel.advance(event.atMs, run);
      this.#timelineAt++;
      event.run(event.atMs);
    }
    this.#wheel.advance(nowMs, run);
    this.#nowMs = nowMs;
  }

  /** Before the end: clears the retained births, so that a broker is left as it was found. */
  farewell(): void {
    for (const [own, device] of this.#devices.entries()) {
      if (this.#states[own] !== STATE.on) continue;
      this.#carrier.publish(own, { topic: deviceTopic(device.id, "birth"), bytes: NO_BYTES, qos: 0, retain: true });
    }
  }

  connected(client: number, nowMs: number): void {
    this.#connecting--;
    this.#states[client] = STATE.on;
    this.#failures[client] = 0;
    this.counts.add("connects");
    const second = Math.floor(nowMs / 1_000);
    this.connectsBySecond.set(second, (this.connectsBySecond.get(second) ?? 0) + 1);
    if (client >= this.#plan.count) this.#subscribeGateway(client - this.#plan.count, client);
    else {
      this.#connected++;
      const device = this.#devices[client] as NativeDevice;
      this.#carrier.subscribe(client, [deviceTopic(device.id, "command"), deviceTopic(device.id, "challenge")]);
      this.#say(client, device, device.birthMessage(), nowMs);
      this.#schedule(nowMs + FIRST_STATE_MS, client, TIMER.first);
    }
    this.#nextConnections();
  }

  lost(client: number, code: string, nowMs: number): void {
    const was = this.#states[client];
    if (was !== STATE.connecting && was !== STATE.on) return;
    if (was === STATE.connecting) {
      this.#connecting--;
      this.counts.add("connects.failed");
    } else {
      this.counts.add("losses");
      if (client < this.#plan.count) this.#connected--;
    }
    this.counts.add(`lost.${code}`);
    this.#states[client] = STATE.waiting;
    const failures = Math.min(FAILURES_MAX, this.#failures[client] ?? 0);
    this.#failures[client] = failures + 1;
    this.#schedule(nowMs + this.#waitMs(client, failures, nowMs), client, TIMER.connect);
    this.#nextConnections();
  }

  message(client: number, topic: string, bytes: Uint8Array, retained: boolean, nowMs: number): void {
    if (client >= this.#plan.count) {
      const heard = this.#gateways.heard(client - this.#plan.count, topic, bytes, nowMs);
      if (heard === undefined) return;
      const own = heard.device - this.#plan.first;
      if (heard.sequence === this.#sentSequence[own]) this.sampler.latency(nowMs - (this.#sentAt[own] ?? nowMs));
      return;
    }
    const device = this.#devices[client] as NativeDevice;
    try {
      const message = decodeDeviceMessage(bytes);
      if (message.kind === "command") {
        const answer = device.command(message, retained, this.#now(nowMs));
        if (answer.refusal !== undefined) this.counts.add(`device.${answer.refusal}`);
        for (const said of answer.messages) this.#say(client, device, said, nowMs);
      } else if (message.kind === "challenge") {
        this.#say(client, device, device.challenge(message), nowMs);
      }
    } catch (thrown) {
      this.counts.add(`device.${codeOf(thrown)}`);
    }
  }

  #makeDevice(own: number): NativeDevice {
    const index = this.#plan.first + own;
    const kind = this.#plan.kindOf(index);
    const isClone = this.#hostilities.get(own)?.does === "clone";
    const { keyOf } = this.#options;
    return new NativeDevice({
      id: this.#plan.idOf(isClone ? this.#plan.victimOf(index) : index),
      model: kind.model,
      seed: this.#plan.seed,
      index,
      ...(kind.between === undefined ? {} : { between: kind.between }),
      ...(keyOf === undefined || !this.#plan.signs(index) ? {} : { key: keyOf(index) }),
    });
  }

  #due(client: number, timer: number, nowMs: number): void {
    switch (timer) {
      case TIMER.connect:
        this.#wantConnection(client, nowMs);
        return;
      case TIMER.report: {
        this.#schedule(nowMs + this.#plan.kindOf(this.#plan.first + client).every, client, TIMER.report);
        this.#report(client, nowMs);
        return;
      }
      case TIMER.first:
        if (this.#states[client] === STATE.on) this.#report(client, nowMs);
        return;
      case TIMER.storm: {
        const storm = this.#storms.get(client);
        if (storm === undefined || nowMs >= storm.untilMs) return void this.#storms.delete(client);
        this.#schedule(nowMs + storm.everyMs, client, TIMER.storm);
        this.counts.add(injectedName(storm.fault));
        this.#report(client, nowMs);
        return;
      }
      case TIMER.hostile:
        this.#misbehave(client, nowMs);
        return;
      case TIMER.command:
        this.#command(client, nowMs);
        return;
    }
  }

  #report(client: number, nowMs: number): void {
    if (this.#states[client] !== STATE.on) {
      this.counts.add("missed");
      return;
    }
    const device = this.#devices[client] as NativeDevice;
    for (const message of device.report(this.#now(nowMs))) this.#say(client, device, message, nowMs);
  }

  #say(client: number, device: NativeDevice, message: DeviceMessage, nowMs: number): void {
    const bytes = encodeDeviceMessage(message);
    if (message.kind === "state") {
      this.#sentAt[client] = nowMs;
      this.#sentSequence[client] = message.sequence;
      if (this.#hostilities.get(client)?.does === "replayer" && !this.#recorded.has(client)) {
        this.#recorded.set(client, bytes);
      }
    }
    const retain = message.kind === "birth";
    const qos = message.kind === "state" ? 0 : 1;
    this.#publish(client, deviceTopic(device.id, message.kind as "state"), bytes, qos, retain, nowMs);
  }

  #publish(client: number, topic: string, bytes: Uint8Array, qos: 0 | 1, retain: boolean, nowMs: number): void {
    const taken = this.#carrier.publish(client, { topic, bytes, qos, retain });
    this.counts.add(taken ? "publishes" : "publishes.jammed");
    if (taken) this.counts.add("bytes", bytes.length);
    this.trace.add(nowMs, client, topic, bytes);
  }

  #wantConnection(client: number, nowMs: number): void {
    const state = this.#states[client];
    if (state !== STATE.off && state !== STATE.waiting) return;
    if (state === STATE.off && client < this.#plan.count) this.#devices[client]?.powerOn(this.#now(nowMs));
    this.#states[client] = STATE.queued;
    this.#queue.push(client);
    this.#nextConnections();
  }

  #nextConnections(): void {
    const most = this.#options.connectingMax ?? CONNECTING_MAX;
    while (this.#connecting < most && this.#queueAt < this.#queue.length) {
      const client = this.#queue[this.#queueAt++] as number;
      if (this.#states[client] !== STATE.queued) continue;
      this.#states[client] = STATE.connecting;
      this.#connecting++;
      this.#connect(client);
    }
    if (this.#queueAt === this.#queue.length && this.#queueAt > 0) {
      this.#queue = [];
      this.#queueAt = 0;
    }
  }

  #connect(client: number): void {
    const keepAliveMs = this.#plan.scenario.keepAlive;
    const device = this.#devices[client];
    if (device === undefined) {
      const clientId = `sim-gateway-${this.#plan.first}-${client - this.#plan.count}`;
      this.#carrier.connect(client, { clientId, keepAliveMs });
      return;
    }
    const will = { topic: deviceTopic(device.id, "death"), bytes: encodeDeviceMessage(device.death()) };
    this.#carrier.connect(client, { clientId: device.id, keepAliveMs, will });
  }

  #subscribeGateway(gateway: number, client: number): void {
    const filters: string[] = [];
    if (this.#plan.gateways === 1 && this.#plan.count === this.#plan.devices) {
      for (const kind of FROM_DEVICE_KINDS) filters.push(deviceTopicFilter(kind));
    } else {
      if (gateway === 0 && this.#options.watchesStrangers) filters.push(deviceTopicFilter("birth"));
      for (let index = this.#plan.first; index < this.#plan.first + this.#plan.count; index++) {
        if (this.#plan.gatewayOf(index) === gateway) filters.push(`dev/${this.#plan.idOf(index)}/+`);
      }
    }
    for (let i = 0; i < filters.length; i += FILTERS_AT_ONCE) {
      this.#carrier.subscribe(client, filters.slice(i, i + FILTERS_AT_ONCE));
    }
  }

  #command(client: number, nowMs: number): void {
    this.#schedule(nowMs + this.#plan.scenario.commands.every, client, TIMER.command);
    if (this.#states[client] !== STATE.on) return;
    const command = this.#gateways.nextCommand(client - this.#plan.count, this.#now(nowMs).wallMs, nowMs);
    if (command !== undefined) this.#publish(client, command.topic, command.bytes, 1, false, nowMs);
  }

  #misbehave(client: number, nowMs: number): void {
    const hostility = this.#hostilities.get(client);
    const device = this.#devices[client];
    if (hostility === undefined || device === undefined) return;
    this.#schedule(nowMs + hostility.everyMs, client, TIMER.hostile);
    if (this.#states[client] !== STATE.on) return;
    const count = this.#hostileActs.get(client) ?? 0;
    this.#hostileActs.set(client, count + 1);
    const victim = this.#plan.idOf(this.#plan.victimOf(this.#plan.first + client));
    const context = { device, victim, seed: this.#plan.seed, count, recorded: this.#recorded.get(client) };
    for (const { device: id, kind, bytes } of hostileMessages(hostility.does, context, this.#now(nowMs))) {
      this.counts.add(injectedName(hostility.fault));
      this.#publish(client, deviceTopic(id, kind), bytes, 0, false, nowMs);
    }
    // A clone's deed is to be there.
    if (hostility.does === "clone") this.counts.add(injectedName(hostility.fault));
  }

  #makeTimeline(): TimelineEvent[] {
    const events = this.#plan.scenario.faults.flatMap((fault, i) => this.#eventsOf(fault, i));
    return events.sort((a, b) => a.atMs - b.atMs);
  }

  #eventsOf(fault: Fault, faultIndex: number): TimelineEvent[] {
    const atMs = this.#plan.faultMs(fault);
    if (fault.kind === "malicious") return [];
    if (fault.kind === "brokerRestart") {
      const run = (nowMs: number) => {
        if (this.#options.restartBroker === undefined) return;
        this.counts.add(injectedName(faultIndex));
        this.#options.restartBroker(fault, nowMs);
      };
      return [{ atMs, run }];
    }
    const devices = this.#plan.pickedHere(faultIndex);
    switch (fault.kind) {
      case "drop":
        return [{ atMs, run: (nowMs) => this.#drop(fault, faultIndex, devices, nowMs) }];
      case "storm":
        return [{ atMs, run: (nowMs) => this.#storm(fault, faultIndex, devices, nowMs) }];
      case "drift": {
        const run = (nowMs: number) => {
          for (const own of devices) this.#devices[own]?.drift(fault.perHour, this.#now(nowMs));
          this.counts.add(injectedName(faultIndex), devices.length);
        };
        return [{ atMs, run }];
      }
      case "alarm":
        return [
          { atMs, run: (nowMs) => this.#alarm(faultIndex, devices, true, nowMs) },
          { atMs: atMs + fault.for, run: (nowMs) => this.#alarm(faultIndex, devices, false, nowMs) },
        ];
    }
  }

  #drop({ away, how }: FaultOf<"drop">, faultIndex: number, devices: readonly number[], nowMs: number): void {
    for (const own of devices) {
      const state = this.#states[own];
      if (state !== STATE.on) continue;
      this.#carrier.vanish(own, how === "silent");
      this.#connected--;
      this.#states[own] = STATE.off;
      this.counts.add(injectedName(faultIndex));
      this.#schedule(nowMs + away + this.#waitMs(own, 0, nowMs), own, TIMER.connect);
    }
  }

  #storm({ factor, for: forMs }: FaultOf<"storm">, fault: number, devices: readonly number[], nowMs: number): void {
    for (const own of devices) {
      const index = this.#plan.first + own;
      const everyMs = Math.max(STEP_MS, Math.floor(this.#plan.kindOf(index).every / factor));
      const running = this.#storms.has(own);
      this.#storms.set(own, { fault, untilMs: nowMs + forMs, everyMs });
      if (!running) this.#schedule(nowMs + this.#plan.drawBelow(everyMs, DRAW.phase, index, 2), own, TIMER.storm);
    }
  }

  #alarm(faultIndex: number, devices: readonly number[], smokes: boolean, nowMs: number): void {
    for (const own of devices) {
      const device = this.#devices[own] as NativeDevice;
      for (const { name, behaviour } of device.model.properties) {
        if (behaviour.kind === "alarm") device.set(name, smokes);
      }
      if (smokes) this.counts.add(injectedName(faultIndex));
      this.#report(own, nowMs);
    }
  }

  /** Even over a time that doubles with every failure: nobody who lost the broker at one moment returns at one moment. */
  #waitMs(client: number, failures: number, nowMs: number): number {
    const { spread, max } = this.#plan.scenario.reconnect;
    const longest =
      client < this.#plan.count
        ? Math.min(max, spread * 2 ** Math.max(0, failures - EVEN_ATTEMPTS))
        : GATEWAY_SPREAD_MS;
    return this.#plan.drawBelow(longest, DRAW.backoff, this.#plan.first + client, failures, Math.floor(nowMs));
  }

  #schedule(atMs: number, client: number, timer: number): void {
    this.#wheel.schedule(Math.max(atMs, this.#nowMs), client * TIMER_KINDS + timer);
  }

  #now(nowMs: number): DeviceNow {
    return {
      wallMs: this.#options.startedAt + Math.floor(nowMs),
      worldMs: this.#plan.startsAt + Math.floor(nowMs),
    };
  }
}
