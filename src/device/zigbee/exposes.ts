/**
 * From the `exposes` of one device to its profile. What is not understood is left out and named; nothing of it is ever
 * guessed to be harmless: settings of a lock, valve or heater that no name of ours fits are as serious as the device.
 */
import type { JsonValue } from "../../codec/json.js";
import { CAPABILITIES, type Capability } from "../capability.js";
import { ACTIONS_MAX, EVENTS_MAX, PROFILE_PART_NAME, PROPERTIES_MAX } from "../profile/build.js";
import type {
  ActionSource,
  ConversionSource,
  EventSource,
  MqttReadSource,
  MqttWriteSource,
  PropertySource,
} from "../profile/source.js";
import type { SafetyClass } from "../profile.js";
import { classOfDevice, isMainSwitch, seriousness } from "./deviceClass.js";
import { type Leaf, type LeafType, leafOf, listAt, membersOf, textAt } from "./leaf.js";
import type { ZigbeeProblem } from "./problems.js";
import { GROUPS, type Group, impliedUnit, knownCapability, unitOf } from "./vocabulary.js";

/** Entries of `exposes` and features in them together. */
export const EXPOSES_MAX = 256;
/** What the device is asked for at once; each costs a battery something. */
const REFRESH_PROPERTIES_MAX = 8;
const READ = 1;
const WRITE = 2;
const GET = 4;
const WARNING_SECONDS = 1_800;
const ALARM_MODES = ["emergency", "fire", "burglar"];

export interface Derived {
  readonly deviceClass: string;
  readonly properties: Record<string, PropertySource>;
  readonly actions: Record<string, ActionSource>;
  readonly events: Record<string, EventSource>;
  readonly reads: MqttReadSource[];
  readonly writes: MqttWriteSource[];
  /** Names in `<device>/get`. */
  readonly gets: readonly string[];
  readonly problems: readonly ZigbeeProblem[];
}

/**
 * @param exposes of `definition`, any JSON.
 * @param about the definition's description: Zigbee2MQTT calls a valve a switch, only the words tell them apart.
 */
export function deriveParts(exposes: readonly JsonValue[], about: string, device: string): Derived {
  const deriver = new Deriver(device, about, exposes);
  for (const expose of exposes) deriver.take(expose, "none", []);
  return deriver.result();
}

class Deriver {
  readonly #device: string;
  readonly #deviceClass: string;
  readonly #least: SafetyClass;
  readonly #properties: Record<string, PropertySource> = {};
  readonly #actions: Record<string, ActionSource> = {};
  readonly #events: Record<string, EventSource> = {};
  readonly #reads: MqttReadSource[] = [];
  readonly #writes: MqttWriteSource[] = [];
  readonly #gets: string[] = [];
  readonly #problems: ZigbeeProblem[] = [];
  readonly #names = new Set<string>();
  #taken = 0;

  constructor(device: string, about: string, exposes: readonly JsonValue[]) {
    this.#device = device;
    this.#deviceClass = classOfDevice(exposes, about);
    this.#least = seriousness(this.#deviceClass);
  }

  result(): Derived {
    return {
      deviceClass: this.#deviceClass,
      properties: this.#properties,
      actions: this.#actions,
      events: this.#events,
      reads: this.#reads,
      writes: this.#writes,
      gets: this.#gets,
      problems: this.#problems,
    };
  }

  take(expose: JsonValue, group: Group, inside: readonly string[]): void {
    this.#taken++;
    if (this.#taken > EXPOSES_MAX) {
      if (this.#taken === EXPOSES_MAX + 1) {
        this.#problems.push({ code: "ZIGBEE_EXPOSES_TOO_MANY", device: this.#device, max: EXPOSES_MAX });
      }
      return;
    }
    const members = membersOf(expose);
    const type = textAt(members, "type");
    if (members === undefined || type === undefined) {
      this.#problems.push({ code: "ZIGBEE_EXPOSE_SHAPE", device: this.#device, expose: "", field: "type" });
    } else if (GROUPS.has(type) && inside.length === 0) {
      for (const feature of listAt(members, "features") ?? []) this.take(feature, type as Group, inside);
    } else if (type === "composite" && inside.length === 0) this.#composite(members, group);
    else this.#leaf(members, group, inside);
  }

  /** Its members can be read one by one; to write one they would all have to be known. */
  #composite(members: { readonly [name: string]: JsonValue }, group: Group): void {
    const property = textAt(members, "property");
    const features = listAt(members, "features") ?? [];
    if (property === undefined) {
      this.#problems.push({ code: "ZIGBEE_EXPOSE_SHAPE", device: this.#device, expose: "", field: "property" });
    } else if (property === "warning" && this.#warning(features)) return;
    else for (const feature of features) this.take(feature, group, [property]);
  }

  /** The siren of the IAS WD cluster: it can be told to sound, and says nothing of itself. */
  #warning(features: readonly JsonValue[]): boolean {
    const mode = features.map(membersOf).find((feature) => textAt(feature, "property") === "mode");
    const values = listAt(mode, "values") ?? [];
    const alarm = ALARM_MODES.find((name) => values.includes(name));
    if (alarm === undefined || !values.includes("stop") || this.#names.has("siren")) return false;
    this.#names.add("siren");
    this.#properties.siren = { capability: "siren.on", type: "boolean", access: "write" };
    const payload = `{"warning":{"mode":{value},"strobe":true,"duration":${WARNING_SECONDS}}}`;
    const convert: ConversionSource = {
      map: [
        [alarm, true],
        ["stop", false],
      ],
    };
    this.#writes.push({ from: "siren", topic: "{address}/set", payload, convert });
    return true;
  }

  #leaf(members: { readonly [name: string]: JsonValue }, group: Group, inside: readonly string[]): void {
    const leaf = leafOf(members);
    if ("field" in leaf) {
      const { expose, field } = leaf;
      this.#problems.push({ code: "ZIGBEE_EXPOSE_SHAPE", device: this.#device, expose, field });
      return;
    }
    if ("unknown" in leaf) {
      const { expose, unknown: type } = leaf;
      this.#problems.push({ code: "ZIGBEE_EXPOSE_UNKNOWN", device: this.#device, expose, type });
      return;
    }
    // What has no access is not in any message.
    const access = inside.length === 0 ? leaf.access : leaf.access & READ;
    if (access === 0) return;
    const name = nameOf([...inside, leaf.property].join("_"));
    if (this.#names.has(name)) {
      this.#problems.push({ code: "ZIGBEE_EXPOSE_TWICE", device: this.#device, expose: name });
      return;
    }
    if (name === "" || this.#isFull(leaf, access)) {
      this.#problems.push({ code: "ZIGBEE_EXPOSE_SHAPE", device: this.#device, expose: name, field: "property" });
      return;
    }
    this.#names.add(name);
    if (leaf.name === "action" && leaf.type.source.type !== "boolean") this.#event(name, leaf, inside);
    else if ((access & READ) === 0) this.#action(name, leaf, group);
    else this.#property(name, { ...leaf, access }, group, inside);
  }

  #isFull(leaf: Leaf, access: number): boolean {
    if (leaf.name === "action") return Object.keys(this.#events).length >= EVENTS_MAX;
    // A toggle may come with a property.
    if (Object.keys(this.#actions).length >= ACTIONS_MAX) return true;
    return (access & READ) !== 0 && Object.keys(this.#properties).length >= PROPERTIES_MAX;
  }

  #event(name: string, { property, type }: Leaf, inside: readonly string[]): void {
    this.#events[name] = { capability: "button.event", data: type.source };
    this.#reads.push({ topic: "{address}", path: [...inside, property], to: name, ...convertOf(type) });
  }

  #action(name: string, leaf: Leaf, group: Group): void {
    const known = knownCapability(group, leaf.name, leaf.type.source.type, undefined, "action");
    const capability = known ?? capabilityNamed(group === "lock" ? "lock.command" : "other.command");
    const fits = capability.kinds.includes(leaf.type.source.type) ? capability : capabilityNamed("other.command");
    this.#actions[name] = {
      capability: fits.name,
      input: leaf.type.source,
      safetyClass: known === undefined ? this.#atLeast(fits.safetyClass) : fits.safetyClass,
      idempotent: false,
    };
    this.#write(name, leaf);
  }

  #property(name: string, leaf: Leaf, group: Group, inside: readonly string[]): void {
    const writable = (leaf.access & WRITE) !== 0;
    const unit = unitOf(leaf.unit) ?? impliedUnit(group, leaf.name);
    const level = group === "light" && leaf.name === "brightness" && leaf.type.source.type === "number";
    const capability =
      this.#switched(leaf, group) ??
      knownCapability(group, leaf.name, leaf.type.source.type, level ? "%" : unit, "property");
    const type = level ? percentOf(leaf) : leaf.typeFor(capability, unit);
    // What hangs on a plain switch of a lock or valve is no plainer than the device.
    const plainSwitch = capability === undefined || capability.name === "switch.on";
    const said = (capability ?? capabilityNamed("other.value")).safetyClass;
    const least = plainSwitch ? this.#atLeast(said) : said;
    this.#properties[name] = {
      capability: capability?.name ?? "other.value",
      ...type.source,
      access: writable ? "read-write" : "read",
      ...(writable ? { safetyClass: least } : {}),
      // To cool is not to heat: lower is no safe side of it.
      ...(writable && leaf.name.endsWith("cooling_setpoint") ? { safe: "none" as const } : {}),
    };
    // Zigbee2MQTT says true for a closed contact and calls it "off".
    const plain = capability?.name === "sensor.contact" ? {} : convertOf(type);
    this.#reads.push({ topic: "{address}", path: [...inside, leaf.property], to: name, ...plain });
    if (writable) this.#write(name, { ...leaf, type });
    if (writable && leaf.toggle !== undefined) this.#toggle(name, leaf.property, leaf.toggle, least);
    if ((leaf.access & GET) !== 0 && capability !== undefined && this.#gets.length < REFRESH_PROPERTIES_MAX) {
      this.#gets.push(leaf.property);
    }
  }

  /** The one thing that a valve or a heater is switched by. */
  #switched(leaf: Leaf, group: Group): Capability | undefined {
    const main = isMainSwitch(group, leaf.name) && leaf.type.source.type === "boolean" && (leaf.access & WRITE) !== 0;
    if (!main) return undefined;
    if (this.#deviceClass === "valve") return capabilityNamed("valve.open");
    const heats = this.#deviceClass === "heater" || this.#deviceClass === "thermostat";
    return heats ? capabilityNamed("heater.on") : undefined;
  }

  #toggle(name: string, property: string, word: string, safetyClass: SafetyClass): void {
    const toggle = `${name}_toggle`;
    if (this.#names.has(toggle) || !PROFILE_PART_NAME.test(toggle)) return;
    this.#names.add(toggle);
    const least = capabilityNamed("switch.toggle").safetyClass;
    this.#actions[toggle] = {
      capability: "switch.toggle",
      safetyClass: safetyClass < least ? least : safetyClass,
      idempotent: false,
    };
    const payload = JSON.stringify({ [property]: word });
    this.#writes.push({ from: toggle, topic: "{address}/set", payload });
  }

  #write(name: string, { property, type }: Leaf): void {
    const payload = `{${JSON.stringify(property)}:{value}}`;
    this.#writes.push({ from: name, topic: "{address}/set", payload, ...convertOf(type) });
  }

  #atLeast(safetyClass: SafetyClass): SafetyClass {
    return safetyClass < this.#least ? this.#least : safetyClass;
  }
}

function convertOf({ convert }: LeafType): { convert?: ConversionSource } {
  return convert === undefined ? {} : { convert };
}

/** Brightness is told in steps of the Zigbee cluster, 254 of them as a rule. */
function percentOf(leaf: Leaf): LeafType {
  const steps = leaf.max !== undefined && leaf.max > 0 ? leaf.max : 254;
  return {
    source: { type: "number", min: 0, max: 100, decimals: 0, unit: "%" },
    convert: { multiply: 100, divide: steps, digits: steps < 100 ? 2 : 0 },
  };
}

function nameOf(property: string): string {
  const name = property.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64);
  const started = /^[A-Za-z]/.test(name) ? name : `z_${name}`.slice(0, 64);
  return property !== "" && PROFILE_PART_NAME.test(started) ? started : "";
}

function capabilityNamed(name: string): Capability {
  return CAPABILITIES.get(name) as Capability;
}
