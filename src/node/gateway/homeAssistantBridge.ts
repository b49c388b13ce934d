/**
 * The gateway's devices in Home Assistant, over a broker that both can reach. In: what the gateway's core tells. Out:
 * discovery, states and availability as retained values, events as they happen, and commands for the core.
 *
 * Nothing has to be restarted when the broker or Home Assistant was: after each connect, and each time Home Assistant says
 * `online`, everything is said again, spread over some seconds.
 */
import { EMPTY_BYTES, utf8Bytes } from "../../base/bytes.js";
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { Link, LinkHandlers, LinkMessage } from "../../base/link.js";
import type { Logger } from "../../base/logger.js";
import type { DeviceId, DeviceRecord } from "../../device/device.js";
import type { CommandRequest, GatewayOutput } from "../../device/gateway/messages.js";
import { parseCommand } from "../../device/homeassistant/command.js";
import { discoveryOf, gatewayDiscovery, removalOf } from "../../device/homeassistant/discovery.js";
import type { HomeAssistantProblem } from "../../device/homeassistant/problems.js";
import { eventOf, stateOf } from "../../device/homeassistant/state.js";
import {
  availabilityTopic,
  eventTopic,
  gatewayAvailabilityTopic,
  type HomeAssistantNames,
  OFFLINE,
  ONLINE,
  readSetTopic,
  setFilter,
  stateTopic,
  statusTopic,
} from "../../device/homeassistant/topics.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { DeviceValue } from "../../device/value.js";
import type { Availability } from "../../device/view.js";
import { Announcer } from "./announcer.js";

/** A device's states go out at most that often; the newest one always does. */
export const STATE_INTERVAL_MS = 100;
/** Over this time everything is said again. */
export const ANNOUNCE_SPREAD_MS = 3_000;
const ANNOUNCE_STEP_MS = 100;
const SUBSCRIBE_RETRY_MS = 1_000;
/** How long a stopping gateway tries to say that it goes. */
export const GOODBYE_MS = 2_000;
/** Who asks, for the policy. */
export const HOME_ASSISTANT = "home-assistant";

export interface HomeAssistantBridgeOptions {
  /** Its last will should be `willOf(names)`. */
  readonly link: Link;
  readonly names: HomeAssistantNames;
  /** A command for the core. */
  readonly send: (request: CommandRequest) => void;
  readonly refused?: (problem: HomeAssistantProblem) => void;
  readonly logger: Logger;
  readonly spreadMs?: number;
}

interface Shown {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  readonly readings: Map<string, DeviceValue>;
  availability: Availability;
  /** Monotonic ms of the last state that went out. */
  stateAt: number;
}

/** What the broker is to say when the gateway is gone without a goodbye. */
export function willOf(names: HomeAssistantNames): { topic: string; payload: Uint8Array; retain: boolean } {
  return { topic: gatewayAvailabilityTopic(names), payload: utf8Bytes(OFFLINE), retain: true };
}

export class HomeAssistantBridge implements LinkHandlers {
  readonly counters = new Counters();
  readonly #options: HomeAssistantBridgeOptions;
  readonly #announcer: Announcer;
  readonly #devices = new Map<DeviceId, Shown>();
  /** Devices whose states wait for their turn. */
  readonly #dirty = new Set<DeviceId>();
  /** Devices that are still to be announced in this round. */
  #toAnnounce: DeviceId[] = [];
  #stateTimer: NodeJS.Timeout | undefined;
  #announceTimer: NodeJS.Timeout | undefined;
  #subscribeTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: HomeAssistantBridgeOptions) {
    this.#options = options;
    this.#announcer = new Announcer(options.link, this.counters);
  }

  /** For a link of its own; the owner of a shared one calls `connected`, `disconnected` and `message` instead. */
  start(): void {
    this.#options.link.start(this);
  }

  /** Says that the gateway goes, at most for GOODBYE_MS. The link is the owner's to stop. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#clearTimers();
    this.#announcer.clear();
    if (!this.#options.link.connected) return;
    this.#announcer.put(gatewayAvailabilityTopic(this.#options.names), utf8Bytes(OFFLINE));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([this.#announcer.idle(), late]);
    clearTimeout(timer);
    this.#announcer.clear();
  }

  /** What the gateway's core tells, in its order. */
  output(output: GatewayOutput): void {
    switch (output.kind) {
      case "joined":
        this.#joined(output.record, output.profile);
        break;
      case "left":
        this.#left(output.record.id);
        break;
      case "availability":
        this.#available(output.device, output.availability);
        break;
      case "reading":
        this.#reading(output.device, output.property, output.reading.value);
        break;
      case "event":
        this.#event(output.device, output.event, output.value);
        break;
    }
  }

  connected(): void {
    if (this.#stopping) return;
    this.#subscribe();
    this.#announceAll();
  }

  disconnected(_code: string): void {
    this.#clearTimers();
    this.#announcer.forgetValues();
    this.#toAnnounce = [];
    this.#dirty.clear();
  }

  dropped(code: string): void {
    this.counters.add(code);
  }

  message(message: LinkMessage): void {
    const { names, refused, logger } = this.#options;
    if (message.topic === statusTopic(names)) {
      // A kept `online` is of some time ago; everything has just been said after the connect.
      if (!message.retained && new TextDecoder().decode(message.payload) === ONLINE) this.#announceAll();
      return;
    }
    const problem = this.#command(message);
    if (problem === undefined) return;
    this.counters.add(problem.code);
    logger.debug({ problem }, "A message for Home Assistant's command topics was refused.");
    refused?.(problem);
  }

  #command({ topic, payload, retained }: LinkMessage): HomeAssistantProblem | undefined {
    const { names, send } = this.#options;
    const place = readSetTopic(names, topic);
    if (place === undefined) return { code: "HOMEASSISTANT_TOPIC", topic };
    const { device, target } = place;
    if (retained) return { code: "HOMEASSISTANT_RETAINED", device, target };
    const shown = this.#devices.get(device);
    if (shown === undefined) return { code: "HOMEASSISTANT_DEVICE_UNKNOWN", device };
    const parsed = parseCommand(names, place, payload, shown.profile);
    if ("problem" in parsed) return parsed.problem;
    this.counters.add("HOMEASSISTANT_COMMAND");
    send({ by: HOME_ASSISTANT, ...parsed.command });
    return undefined;
  }

  #joined(record: DeviceRecord, profile: DeviceProfile): void {
    const known = this.#devices.get(record.id);
    // Of another model now: what it no longer has is gone only when all of it is.
    if (known !== undefined && known.record.profile !== record.profile) this.#left(record.id);
    const kept = this.#devices.get(record.id);
    this.#devices.set(record.id, {
      ...{ record, profile, readings: kept?.readings ?? new Map(), stateAt: Number.NEGATIVE_INFINITY },
      availability: kept?.availability ?? "unknown",
    });
    if (this.#options.link.connected) this.#announce(record.id);
  }

  #left(id: DeviceId): void {
    if (!this.#devices.delete(id)) return;
    const { names } = this.#options;
    this.#dirty.delete(id);
    // First the device, so that Home Assistant does not show it as unavailable on the way.
    for (const topic of [removalOf(names, id).topic, stateTopic(names, id), availabilityTopic(names, id)]) {
      this.#announcer.put(topic, EMPTY_BYTES);
    }
  }

  #available(id: DeviceId, availability: Availability): void {
    const shown = this.#devices.get(id);
    if (shown === undefined) return;
    shown.availability = availability;
    this.#announceAvailability(shown);
  }

  #reading(id: DeviceId, property: string, value: DeviceValue): void {
    const shown = this.#devices.get(id);
    if (shown === undefined) return;
    shown.readings.set(property, value);
    if (!this.#options.link.connected) return;
    this.#dirty.add(id);
    this.#flushStates();
  }

  /** An event that nobody hears now is over. */
  #event(id: DeviceId, name: string, value: DeviceValue | undefined): void {
    const shown = this.#devices.get(id);
    const payload = shown === undefined ? undefined : eventOf(shown.profile, name, value);
    if (payload === undefined) return;
    const { link, names } = this.#options;
    if (!link.connected) {
      this.counters.add("HOMEASSISTANT_EVENT_LOST");
      return;
    }
    link.publish(eventTopic(names, id, name), payload, { retain: false, qos: 1 }).catch((thrown: unknown) => {
      this.counters.add("HOMEASSISTANT_EVENT_LOST");
      this.counters.add(codeOf(thrown));
    });
  }

  /** States of devices whose turn it is go out; for the others a timer is set. */
  #flushStates(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const id of this.#dirty) {
      const shown = this.#devices.get(id);
      const dueIn = shown === undefined ? 0 : shown.stateAt + STATE_INTERVAL_MS - now;
      if (dueIn > 0) {
        next = Math.min(next, dueIn);
        continue;
      }
      this.#dirty.delete(id);
      if (shown !== undefined) this.#announceState(shown);
    }
    if (!Number.isFinite(next) || this.#stateTimer !== undefined) return;
    this.#stateTimer = setTimeout(() => {
      this.#stateTimer = undefined;
      this.#flushStates();
    }, next);
  }

  /** The gateway at once, then the devices step by step. A round under way begins again. */
  #announceAll(): void {
    const { names, spreadMs = ANNOUNCE_SPREAD_MS } = this.#options;
    clearTimeout(this.#announceTimer);
    const { topic, payload } = gatewayDiscovery(names);
    this.#announcer.put(topic, payload);
    this.#announcer.put(gatewayAvailabilityTopic(names), utf8Bytes(ONLINE));
    this.#toAnnounce = [...this.#devices.keys()].reverse();
    const steps = Math.max(1, Math.floor(spreadMs / ANNOUNCE_STEP_MS));
    this.#announceSome(Math.ceil(this.#toAnnounce.length / steps));
  }

  #announceSome(count: number): void {
    for (let i = 0; i < count; i++) {
      const id = this.#toAnnounce.pop();
      if (id === undefined) return;
      this.#announce(id);
    }
    if (this.#toAnnounce.length === 0) return;
    this.#announceTimer = setTimeout(() => this.#announceSome(count), ANNOUNCE_STEP_MS);
  }

  #announce(id: DeviceId): void {
    const shown = this.#devices.get(id);
    if (shown === undefined) return;
    const message = discoveryOf(this.#options.names, shown.record, shown.profile);
    if (message === undefined) return;
    this.#announcer.put(message.topic, message.payload);
    this.#announceState(shown);
    this.#announceAvailability(shown);
  }

  #announceState(shown: Shown): void {
    shown.stateAt = performance.now();
    const { record, profile, readings } = shown;
    this.#announcer.put(stateTopic(this.#options.names, record.id), stateOf(profile, readings));
  }

  #announceAvailability({ record, availability }: Shown): void {
    if (!this.#options.link.connected) return;
    const word = availability === "online" ? ONLINE : OFFLINE;
    this.#announcer.put(availabilityTopic(this.#options.names, record.id), utf8Bytes(word));
  }

  /** Before anything is announced: whoever sees a device may switch it. */
  #subscribe(): void {
    const { link, names, logger } = this.#options;
    link.subscribe([statusTopic(names), setFilter(names)]).catch((thrown: unknown) => {
      const code = codeOf(thrown);
      this.counters.add(code);
      if (!link.connected || this.#stopping) return;
      logger.warn({ code }, "The topics of commands could not be subscribed; it is tried again.");
      this.#subscribeTimer ??= setTimeout(() => {
        this.#subscribeTimer = undefined;
        this.#subscribe();
      }, SUBSCRIBE_RETRY_MS);
    });
  }

  #clearTimers(): void {
    clearTimeout(this.#stateTimer);
    clearTimeout(this.#announceTimer);
    clearTimeout(this.#subscribeTimer);
    this.#stateTimer = undefined;
    this.#announceTimer = undefined;
    this.#subscribeTimer = undefined;
  }
}
