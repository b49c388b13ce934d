/**
 * A broker and its network in memory, in virtual time: connections, subscriptions, retained births, wills, delays, losses.
 * Messages of one client keep their order, as TCP keeps it.
 */
import { parseDeviceTopic } from "../../src/codec/device/topics.js";
import type { Carrier, CarrierHandlers, ConnectRequest, PublishRequest } from "./carrier.js";
import type { CountsByName } from "./metrics.js";
import { DRAW, type FleetPlan } from "./plan.js";
import { WHOLE_PPM } from "./scenario/amounts.js";
import { TimerWheel } from "./timerWheel.js";

/** Deliveries are told apart to this. */
const STEP_MS = 1;
const HANDSHAKE_TRIPS = 3;
/** MQTT 3.1.1 section 3.1.2.10: a broker waits one and a half times the keep alive. */
const KEEP_ALIVE_FACTOR = 1.5;

type Job = (nowMs: number) => void;

interface Session {
  readonly request: ConnectRequest;
  readonly client: number;
  readonly filters: string[];
}

export class MemoryCarrier implements Carrier {
  readonly #plan: FleetPlan;
  readonly #counts: () => CountsByName;
  readonly #handlers: () => CarrierHandlers;
  readonly #wheel = new TimerWheel(STEP_MS);
  readonly #jobs: (Job | undefined)[] = [];
  readonly #free: number[] = [];
  /** By client; what the broker believes is by client id. */
  readonly #sessions = new Map<number, Session>();
  readonly #byId = new Map<string, Session>();
  readonly #subscribers = new Map<string, Set<number>>();
  readonly #retained = new Map<string, PublishRequest>();
  /** When the newest message of a client arrives: none overtakes it. */
  readonly #arrivals = new Map<number, number>();
  #up = true;
  #nowMs = 0;
  #draws = 0;

  constructor(plan: FleetPlan, handlers: () => CarrierHandlers, counts: () => CountsByName) {
    this.#plan = plan;
    this.#handlers = handlers;
    this.#counts = counts;
  }

  /** Runs what arrives until then. */
  advance(nowMs: number): void {
    this.#wheel.advance(nowMs, (item, atMs) => {
      this.#nowMs = atMs;
      const job = this.#jobs[item];
      this.#jobs[item] = undefined;
      this.#free.push(item);
      job?.(atMs);
    });
    this.#nowMs = nowMs;
  }

  /** The broker ends, with everything it knew, and is there again after `downMs`. */
  restart(nowMs: number, downMs: number): void {
    this.#up = false;
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    this.#byId.clear();
    this.#subscribers.clear();
    this.#retained.clear();
    for (const { client } of sessions) this.#later(nowMs + this.#delay(), (at) => this.#lost(client, "CLOSED", at));
    this.#later(nowMs + downMs, () => {
      this.#up = true;
    });
  }

  connect(client: number, request: ConnectRequest): void {
    const at = this.#nowMs + HANDSHAKE_TRIPS * this.#delay();
    this.#later(at, (nowMs) => {
      if (!this.#up) return this.#lost(client, "ECONNREFUSED", nowMs);
      const before = this.#byId.get(request.clientId);
      if (before !== undefined) {
        this.#end(before, nowMs);
        if (before.client !== client) this.#later(nowMs + this.#delay(), (t) => this.#lost(before.client, "CLOSED", t));
      }
      const session = { request, client, filters: [] };
      this.#sessions.set(client, session);
      this.#byId.set(request.clientId, session);
      this.#handlers().connected(client, nowMs);
    });
  }

  subscribe(client: number, filters: readonly string[]): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    for (const filter of filters) {
      session.filters.push(filter);
      const subscribers = this.#subscribers.get(filter) ?? new Set<number>();
      this.#subscribers.set(filter, subscribers.add(client));
      for (const request of this.#retainedOf(filter)) {
        this.#later(this.#nowMs + this.#delay(), (at) => this.#hand(client, request, true, at));
      }
    }
  }

  publish(client: number, request: PublishRequest): boolean {
    if (!this.#sessions.has(client)) return false;
    const { loss } = this.#plan.scenario.network;
    if (request.qos === 0 && this.#plan.drawBelow(WHOLE_PPM, DRAW.loss, ++this.#draws) < loss) {
      this.#counts().add("network.lost");
      return true;
    }
    const at = Math.max(this.#arrivals.get(client) ?? 0, this.#nowMs + this.#delay());
    this.#arrivals.set(client, at);
    this.#later(at, (nowMs) => this.#route(request, nowMs));
    return true;
  }

  vanish(client: number, silent: boolean): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    if (!silent) {
      this.#end(session, this.#nowMs);
      return;
    }
    this.#sessions.delete(client);
    this.#later(this.#nowMs + KEEP_ALIVE_FACTOR * session.request.keepAliveMs, (nowMs) => {
      if (this.#byId.get(session.request.clientId) === session) this.#end(session, nowMs);
    });
  }

  #retainedOf(filter: string): PublishRequest[] {
    if (!filter.includes("+")) {
      const request = this.#retained.get(filter);
      return request === undefined ? [] : [request];
    }
    if (filter.endsWith("/+")) return this.#retainedOf(`${filter.slice(0, -1)}birth`);
    return [...this.#retained].filter(([topic]) => filtersOf(topic).includes(filter)).map(([, request]) => request);
  }

  /** The broker's end of a connection: its subscriptions go, its will is said. */
  #end(session: Session, nowMs: number): void {
    const { client, request, filters } = session;
    if (this.#byId.get(request.clientId) === session) this.#byId.delete(request.clientId);
    if (this.#sessions.get(client) === session) this.#sessions.delete(client);
    for (const filter of filters) this.#subscribers.get(filter)?.delete(client);
    const { will } = request;
    if (will !== undefined) this.#route({ ...will, qos: 1, retain: false }, nowMs);
  }

  #route(request: PublishRequest, nowMs: number): void {
    if (!this.#up) return;
    if (request.retain) this.#retained.set(request.topic, request);
    const receivers = new Set<number>();
    for (const filter of filtersOf(request.topic)) {
      for (const client of this.#subscribers.get(filter) ?? []) receivers.add(client);
    }
    for (const client of receivers) this.#hand(client, request, false, nowMs);
  }

  #hand(client: number, { topic, bytes }: PublishRequest, retained: boolean, nowMs: number): void {
    if (this.#sessions.has(client)) this.#handlers().message(client, topic, bytes, retained, nowMs);
  }

  #lost(client: number, code: string, nowMs: number): void {
    this.#handlers().lost(client, code, nowMs);
  }

  #delay(): number {
    const { least, most } = this.#plan.scenario.network;
    return least + this.#plan.drawBelow(most - least + 1, DRAW.network, ++this.#draws);
  }

  #later(atMs: number, job: Job): void {
    const slot = this.#free.pop() ?? this.#jobs.length;
    this.#jobs[slot] = job;
    this.#wheel.schedule(atMs, slot);
  }
}

/** The filters of a fleet that match a topic. */
function filtersOf(topic: string): string[] {
  const place = parseDeviceTopic(topic);
  return place === undefined ? [topic] : [topic, `dev/+/${place.kind}`, `dev/${place.id}/+`];
}
