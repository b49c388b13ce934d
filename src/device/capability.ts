/**
 * The neutral vocabulary: what a part of a device does, whoever made it. `class.affordance`, after the interactions of the
 * W3C Web of Things and the clusters of Matter; `other.*` is for what no name fits. A profile may be stricter than this
 * table, never laxer.
 */
import type { SafeDirection, SafetyClass } from "./profile.js";
import type { ValueType } from "./value.js";

export type Affordance = "property" | "action" | "event";

export interface Capability {
  readonly name: string;
  /** What it says, and for booleans what `true` means. */
  readonly title: string;
  readonly affordances: readonly Affordance[];
  /** Kinds that a value of it may have; empty for actions without an argument and events without data. */
  readonly kinds: readonly ValueType["kind"][];
  /** Units that a number of it may have, `""` where it may have none; absent: any. */
  readonly units?: readonly string[];
  /** Of a writable property or an action. What can only be read harms nobody by being read. */
  readonly safetyClass: SafetyClass;
  /** Where every use of it, or some of its values, lead to the safe side. */
  readonly safe?: Readonly<Partial<Record<ValueType["kind"], SafeDirection>>>;
  /** Plausible values in the unit, for bridges that name no limits. */
  readonly range?: { readonly min: number; readonly max: number; readonly decimals: number };
}

const ON: SafeDirection = { kind: "values", values: [true] };
const OFF: SafeDirection = { kind: "values", values: [false] };
const PERCENT = { min: 0, max: 100, decimals: 0 };

const property = (
  name: string,
  title: string,
  kinds: Capability["kinds"],
  rest: Partial<Omit<Capability, "name" | "title" | "kinds" | "affordances">> = {},
): Capability => ({ name, title, affordances: ["property"], kinds, safetyClass: 0, ...rest });

const numeric = (name: string, title: string, units: readonly string[], min: number, max: number, decimals: number) =>
  property(name, title, ["number"], { units, range: { min, max, decimals } });

const flag = (name: string, title: string) => property(name, title, ["boolean"]);

const action = (
  name: string,
  title: string,
  safetyClass: SafetyClass,
  kinds: Capability["kinds"] = [],
): Capability => ({ name, title, affordances: ["action"], kinds, safetyClass });

const TABLE: readonly Capability[] = [
  // What hangs on a plain switch is not known: neither way is the safe one unless the profile says so.
  property("switch.on", "on (true) or off", ["boolean"], { safetyClass: 1 }),
  action("switch.toggle", "to the other state", 1),
  // People must see where they go.
  property("light.on", "lit (true) or dark", ["boolean"], { safetyClass: 0, safe: { boolean: ON } }),
  property("light.level", "brightness", ["number"], {
    units: ["%"],
    range: PERCENT,
    safe: { number: { kind: "higher" } },
  }),
  property("light.color", "colour or a coordinate of it", ["number", "choice", "text"], {
    range: { min: 0, max: 360, decimals: 4 },
  }),
  property("light.color-temp", "colour temperature", ["number"], {
    units: ["mired", "K"],
    range: { min: 50, max: 20_000, decimals: 0 },
  }),
  action("light.effect", "an effect", 0, ["choice", "text"]),
  // Locked keeps strangers out; a way out from inside needs no command. Unlocking is the move that has to be vouched for.
  property("lock.state", "locked (true) or not", ["boolean", "choice"], {
    safetyClass: 2,
    safe: { boolean: ON, choice: { kind: "values", values: ["locked"] } },
  }),
  action("lock.command", "what else a lock does", 2, ["choice", "text"]),
  property("valve.open", "open (true) or closed", ["boolean"], { safetyClass: 3, safe: { boolean: OFF } }),
  property("valve.position", "how far open", ["number"], {
    units: ["%"],
    range: PERCENT,
    safetyClass: 3,
    safe: { number: { kind: "lower" } },
  }),
  property("siren.on", "sounding (true) or silent", ["boolean"], { safetyClass: 1, safe: { boolean: ON } }),
  property("heater.on", "heating (true) or off", ["boolean"], { safetyClass: 2, safe: { boolean: OFF } }),
  // Smoke wants a window open, a storm wants it shut: neither is safe as such.
  property("cover.position", "how far open", ["number"], { units: ["%"], range: PERCENT, safetyClass: 1 }),
  property("cover.state", "open, closed, moving", ["boolean", "choice"], { safetyClass: 1 }),
  property("cover.tilt", "tilt of slats", ["number"], { units: ["%"], range: PERCENT, safetyClass: 1 }),
  action("cover.stop", "stop where it is", 0),
  property("window.open", "open (true) or closed", ["boolean"], { safetyClass: 2 }),
  property("climate.mode", "what it does", ["choice"], {
    safetyClass: 2,
    safe: { choice: { kind: "values", values: ["off"] } },
  }),
  property("climate.setpoint", "wanted temperature", ["number"], {
    units: ["°C", "°F", "K"],
    range: { min: 0, max: 100, decimals: 1 },
    safetyClass: 2,
    safe: { number: { kind: "lower" } },
  }),
  property("climate.running", "what it is doing now", ["boolean", "choice"]),
  property("climate.preset", "a programme", ["choice"], { safetyClass: 2 }),
  property("fan.on", "turning (true) or not", ["boolean"], { safetyClass: 1 }),
  property("fan.mode", "speed or programme", ["choice"], { safetyClass: 1 }),
  property("fan.level", "speed", ["number"], { units: ["%"], range: PERCENT, safetyClass: 1 }),
  property("media.play", "playing (true) or not", ["boolean"]),
  property("camera.stream", "where its picture is", ["text"], { safetyClass: 2 }),
  {
    name: "button.event",
    title: "pressed",
    affordances: ["event"],
    kinds: ["choice", "text", "boolean", "number"],
    safetyClass: 0,
  },
  { name: "ai.intent", title: "a wish in words", affordances: ["event", "action"], kinds: ["text"], safetyClass: 2 },
  flag("sensor.motion", "somebody moves or is there (true)"),
  flag("sensor.contact", "closed (true) or open, as Matter and Zigbee2MQTT have it"),
  flag("sensor.smoke", "smoke (true)"),
  flag("sensor.co", "carbon monoxide (true)"),
  flag("sensor.gas", "combustible gas (true)"),
  flag("sensor.leak", "water (true)"),
  flag("sensor.vibration", "shaken (true)"),
  flag("sensor.tamper", "opened or torn off (true)"),
  flag("sensor.battery-low", "battery nearly empty (true)"),
  flag("sensor.fault", "something is wrong with the device (true)"),
  numeric("sensor.temp", "temperature", ["°C", "°F", "K"], -100, 1_500, 2),
  numeric("sensor.humidity", "relative humidity", ["%"], 0, 100, 2),
  numeric("sensor.pressure", "air pressure", ["hPa", "kPa", "Pa"], 0, 200_000, 2),
  numeric("sensor.illuminance", "light", ["lx", ""], 0, 300_000, 0),
  numeric("sensor.co2", "carbon dioxide", ["ppm"], 0, 100_000, 0),
  numeric("sensor.co-level", "carbon monoxide", ["ppm"], 0, 100_000, 0),
  numeric("sensor.gas-level", "combustible gas", ["ppm", "%", "LEL", "%LEL", ""], 0, 1_000_000, 1),
  numeric("sensor.smoke-level", "density of smoke", ["%", "dB/m", "ppm", ""], 0, 100_000, 2),
  numeric("sensor.pm25", "fine dust", ["µg/m³"], 0, 100_000, 1),
  numeric("sensor.voc", "volatile organic compounds", ["ppb", "µg/m³", ""], 0, 1_000_000, 0),
  numeric("sensor.power", "active power, out of the device negative", ["W", "kW"], -1_000_000, 1_000_000, 2),
  numeric("sensor.reactive-power", "reactive power", ["var", "kvar"], -1_000_000, 1_000_000, 2),
  numeric("sensor.apparent-power", "apparent power", ["VA", "kVA"], 0, 1_000_000, 2),
  numeric("sensor.power-factor", "power factor", ["", "%"], -100, 100, 3),
  numeric("sensor.voltage", "voltage", ["V", "mV"], -1_000_000, 1_000_000, 2),
  numeric("sensor.current", "current", ["A", "mA"], -1_000_000, 1_000_000, 3),
  numeric("sensor.frequency", "frequency", ["Hz"], 0, 100_000, 2),
  numeric("sensor.flow", "flow", ["m³/h", "L/min", "l/min"], 0, 100_000, 3),
  numeric("sensor.battery", "charge of the battery", ["%"], 0, 100, 1),
  numeric("sensor.link-quality", "how well it is heard", ["lqi", "dBm", "%", ""], -200, 255, 0),
  numeric("meter.energy", "energy so far", ["Wh", "kWh", "MWh"], -1_000_000_000, 1_000_000_000, 3),
  numeric("meter.volume", "volume so far", ["m³", "L", "l"], 0, 1_000_000_000, 3),
  // A setting that nobody here understands may be any setting.
  property("other.value", "what no other name fits", ["boolean", "number", "choice", "text"], { safetyClass: 1 }),
  action("other.command", "what no other name fits", 1, ["boolean", "number", "choice", "text"]),
  {
    name: "other.event",
    title: "what no other name fits",
    affordances: ["event"],
    kinds: ["boolean", "number", "choice", "text"],
    safetyClass: 0,
  },
];

/** By name. */
export const CAPABILITIES: ReadonlyMap<string, Capability> = new Map(TABLE.map((one) => [one.name, one]));

/** The safe direction that a writable property of this capability and type has by itself. */
export function safeDirectionOf(capability: Capability, type: ValueType): SafeDirection | undefined {
  const safe = capability.safe?.[type.kind];
  if (safe?.kind !== "values" || type.kind !== "choice") return safe;
  const known = safe.values.filter((value) => type.choices.includes(String(value)));
  return known.length === 0 ? undefined : { kind: "values", values: known };
}
