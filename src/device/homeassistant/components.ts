/**
 * One Home Assistant component for each part of a device. Members are written out, as in the tables of
 * home-assistant.io/integrations/<component>.mqtt; only `p`, which exists in this form alone, is the documented short name.
 *
 * Booleans travel as `true` and `false` and choices as themselves, so that one reader serves every component.
 */
import type { DeviceRecord } from "../device.js";
import type { ActionSpec, DeviceProfile, EventSpec, PropertySpec } from "../profile.js";
import type { ValueType } from "../value.js";
import { BINARY_CLASSES, sensorClass, unitThere } from "./classes.js";
import { isOpen, PRESS } from "./command.js";
import { scaled } from "./people.js";
import { eventTypes } from "./state.js";
import { eventTopic, type HomeAssistantNames, isTopicName, setTopic, stateTopic, uniqueId } from "./topics.js";

export type Component = Readonly<Record<string, unknown>> & { readonly p: string };

/** Home Assistant's states end there. */
const STATE_CHARACTERS_MAX = 255;
/** An action with more choices gets no buttons. */
const BUTTONS_MAX = 16;
/** A slider with more steps than that cannot be used; a box takes its place. */
const SLIDER_STEPS_MAX = 1_000;

const BOOLEANS = { on: "true", off: "false" } as const;

/** Everything that one device shows and takes, by the name of the part. */
export function componentsOf(
  names: HomeAssistantNames,
  record: DeviceRecord,
  profile: DeviceProfile,
): Record<string, Component> {
  const parts = new ComponentParts(names, record, profile);
  const components: Record<string, Component> = {};
  for (const property of profile.properties.values()) {
    if (!isTopicName(property.name) || parts.isPartOfLight(property)) continue;
    const component = parts.property(property);
    if (component !== undefined) components[property.name] = component;
  }
  for (const action of profile.actions.values()) {
    if (!isTopicName(action.name)) continue;
    for (const [suffix, component] of parts.action(action)) components[`${action.name}${suffix}`] = component;
  }
  for (const event of profile.events.values()) {
    if (isTopicName(event.name)) components[event.name] = parts.event(event);
  }
  return components;
}

class ComponentParts {
  readonly #names: HomeAssistantNames;
  readonly #record: DeviceRecord;
  readonly #profile: DeviceProfile;
  /** The level that goes with a lamp's switch. */
  readonly #level: PropertySpec | undefined;
  /** The one control that is the device: it is called as the device is. */
  readonly #main: PropertySpec | undefined;

  constructor(names: HomeAssistantNames, record: DeviceRecord, profile: DeviceProfile) {
    this.#names = names;
    this.#record = record;
    this.#profile = profile;
    const controls = [...profile.properties.values()].filter((each) => this.#isControl(each));
    const lamps = controls.filter(({ capability, type }) => capability === "light.on" && type.kind === "boolean");
    const levels = controls.filter(({ capability, type }) => capability === "light.level" && isWhole(type));
    this.#level = lamps.length === 1 && levels.length === 1 ? levels[0] : undefined;
    const mains = controls.filter((each) => each !== this.#level);
    this.#main = mains.length === 1 && profile.actions.size === 0 ? mains[0] : undefined;
  }

  isPartOfLight(property: PropertySpec): boolean {
    return property === this.#level;
  }

  property(property: PropertySpec): Component | undefined {
    if (this.#isControl(property)) return this.#control(property);
    return property.readable ? this.#sensor(property) : undefined;
  }

  *action(action: ActionSpec): Generator<readonly [suffix: string, Component]> {
    if (!isOpen(this.#names, action.safetyClass)) return;
    const { name, input } = action;
    const common = (suffix = "", word = "") => ({
      unique_id: uniqueId(this.#names, this.#record.id, `${name}${suffix}`),
      name: word === "" ? titleOf(action) : `${titleOf(action)}: ${word}`,
      command_topic: setTopic(this.#names, this.#record.id, name),
    });
    if (input === undefined) yield ["", { p: "button", ...common(), payload_press: PRESS }];
    else if (input.kind === "number") yield ["", { p: "number", ...common(), ...numberOf(input) }];
    else if (input.kind === "text") yield ["", { p: "text", ...common(), max: textMax(input.charactersMax) }];
    else {
      const words = input.kind === "choice" ? input.choices : [BOOLEANS.on, BOOLEANS.off];
      if (words.length > BUTTONS_MAX) return;
      for (const [index, word] of words.entries()) {
        yield [`-${index}`, { p: "button", ...common(`-${index}`, word), payload_press: word }];
      }
    }
  }

  event(event: EventSpec): Component {
    return {
      p: "event",
      unique_id: uniqueId(this.#names, this.#record.id, event.name),
      name: titleOf(event),
      state_topic: eventTopic(this.#names, this.#record.id, event.name),
      event_types: eventTypes(this.#profile, event.name),
      ...(event.capability === "button.event" ? { device_class: "button" } : {}),
    };
  }

  #isControl(property: PropertySpec): boolean {
    return property.writable && isTopicName(property.name) && isOpen(this.#names, property.safetyClass);
  }

  #common(property: PropertySpec) {
    return {
      unique_id: uniqueId(this.#names, this.#record.id, property.name),
      // Null: as the device is called.
      name: property === this.#main ? null : titleOf(property),
    };
  }

  /** Where its value is told; nothing for what can only be written: Home Assistant then assumes what it has sent. */
  #state(property: PropertySpec, templateName = "value_template"): Record<string, unknown> {
    if (!property.readable) return {};
    return {
      state_topic: stateTopic(this.#names, this.#record.id),
      [templateName]: templateOf(property.name, property.type),
    };
  }

  #sensor(property: PropertySpec): Component {
    const { type, capability } = property;
    const common = { ...this.#common(property), ...this.#state(property) };
    if (type.kind === "boolean") {
      const found = BINARY_CLASSES.get(capability);
      const [on, off] = found?.inverted === true ? [BOOLEANS.off, BOOLEANS.on] : [BOOLEANS.on, BOOLEANS.off];
      const deviceClass = found === undefined ? {} : { device_class: found.deviceClass };
      return { p: "binary_sensor", ...common, payload_on: on, payload_off: off, ...deviceClass };
    }
    if (type.kind === "choice") return { p: "sensor", ...common, device_class: "enum", options: type.choices };
    if (type.kind === "text") return { p: "sensor", ...common };
    const found = sensorClass(capability, type.unit);
    const unit = unitThere(type.unit);
    return {
      ...{ p: "sensor", ...common },
      ...(found === undefined ? {} : { device_class: found.deviceClass }),
      ...(unit === undefined ? {} : { unit_of_measurement: unit }),
      state_class: found?.stateClass ?? "measurement",
      suggested_display_precision: type.decimals,
    };
  }

  #control(property: PropertySpec): Component {
    const { type, capability, name } = property;
    const common = { ...this.#common(property), command_topic: setTopic(this.#names, this.#record.id, name) };
    const state = this.#state(property);
    switch (type.kind) {
      case "boolean":
        return this.#booleanControl(property, common);
      case "text":
        return { p: "text", ...common, ...state, max: textMax(type.charactersMax) };
      case "choice":
        if (capability === "lock.state" && type.choices.includes("locked") && type.choices.includes("unlocked")) {
          return { p: "lock", ...common, ...state, ...lockWords("locked", "unlocked") };
        }
        return { p: "select", ...common, ...state, options: type.choices };
      case "number":
        if (capability === "cover.position" && isWhole(type)) return this.#cover(property, type, common);
        if (capability === "valve.position" && isWhole(type)) {
          const ends = { position_open: type.max, position_closed: type.min };
          return { p: "valve", ...common, ...state, reports_position: true, ...ends };
        }
        return { p: "number", ...common, ...state, ...numberOf(type), ...numberClass(property) };
    }
  }

  #booleanControl(property: PropertySpec, common: Record<string, unknown>): Component {
    const state = this.#state(property);
    const open = { payload_open: BOOLEANS.on, payload_close: BOOLEANS.off };
    const opened = { state_open: BOOLEANS.on, state_closed: BOOLEANS.off };
    const switched = { payload_on: BOOLEANS.on, payload_off: BOOLEANS.off };
    switch (property.capability) {
      case "light.on": {
        const level = this.#level === undefined ? {} : this.#brightness(this.#level);
        return { p: "light", ...common, ...this.#state(property, "state_value_template"), ...switched, ...level };
      }
      case "lock.state":
        return { p: "lock", ...common, ...state, ...lockWords(BOOLEANS.on, BOOLEANS.off) };
      case "valve.open":
        return { p: "valve", ...common, ...state, ...open, ...opened };
      case "window.open":
      case "cover.state": {
        const deviceClass = property.capability === "window.open" ? { device_class: "window" } : {};
        return { p: "cover", ...common, ...state, ...open, payload_stop: null, ...opened, ...deviceClass };
      }
      default: {
        const outlet = property.capability === "switch.on" && this.#profile.deviceClass === "plug";
        return { p: "switch", ...common, ...state, ...switched, ...(outlet ? { device_class: "outlet" } : {}) };
      }
    }
  }

  #brightness(level: PropertySpec): Record<string, unknown> {
    const command = {
      brightness_command_topic: setTopic(this.#names, this.#record.id, level.name),
      brightness_scale: level.type.kind === "number" ? level.type.max : 0,
    };
    if (!level.readable) return command;
    return {
      ...command,
      brightness_state_topic: stateTopic(this.#names, this.#record.id),
      brightness_value_template: numberOrNothing(level.name),
    };
  }

  /** Open and close are its two ends: one topic takes both. */
  #cover(property: PropertySpec, type: NumberType, common: Record<string, unknown>): Component {
    const position = property.readable
      ? {
          position_topic: stateTopic(this.#names, this.#record.id),
          position_template: numberOrNothing(property.name),
        }
      : {};
    return {
      ...{ p: "cover", ...common, ...position },
      set_position_topic: setTopic(this.#names, this.#record.id, property.name),
      position_open: type.max,
      position_closed: type.min,
      payload_open: String(type.max),
      payload_close: String(type.min),
      payload_stop: null,
    };
  }
}

type NumberType = ValueType & { readonly kind: "number" };

function textMax(charactersMax: number): number {
  return Math.min(charactersMax, STATE_CHARACTERS_MAX);
}

/** Positions and brightness there are whole numbers. */
function isWhole(type: ValueType): type is NumberType {
  return type.kind === "number" && type.decimals === 0 && type.max > type.min;
}

/** A missing value says `None`, which Home Assistant takes for unknown. */
function templateOf(name: string, { kind }: ValueType): string {
  if (kind !== "boolean") return `{{ value_json['${name}'] }}`;
  return `{{ {true: 'true', false: 'false'}.get(value_json['${name}'], 'None') }}`;
}

/** Where `None` would be an error there, nothing is said. */
function numberOrNothing(name: string): string {
  return `{{ value_json['${name}'] if value_json['${name}'] is not none else '' }}`;
}

function lockWords(locked: string, unlocked: string): Record<string, string> {
  return { payload_lock: locked, payload_unlock: unlocked, state_locked: locked, state_unlocked: unlocked };
}

function numberOf(type: NumberType): Record<string, unknown> {
  const unit = unitThere(type.unit);
  return {
    min: scaled(type.min, type.decimals),
    max: scaled(type.max, type.decimals),
    step: scaled(1, type.decimals),
    mode: type.max - type.min > SLIDER_STEPS_MAX ? "box" : "auto",
    ...(unit === undefined ? {} : { unit_of_measurement: unit }),
  };
}

function numberClass({ capability, type }: PropertySpec): Record<string, string> {
  const found = type.kind === "number" ? sensorClass(capability, type.unit) : undefined;
  return found === undefined ? {} : { device_class: found.deviceClass };
}

/** `on-time` becomes `On time`. */
function titleOf({ title, name }: { readonly title?: string; readonly name: string }): string {
  if (title !== undefined) return title;
  const words = name.replaceAll(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
