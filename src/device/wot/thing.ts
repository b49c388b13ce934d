/** Thing Models of profiles and Thing Descriptions of devices (W3C Web of Things Thing Description 1.1). */
import type { ActionSpec, DeviceProfile, EventSpec, PropertySpec } from "../profile.js";
import { formsOf, type ThingPlace } from "./forms.js";
import { dataSchemaOf, safeTerm, WOT_CONTEXT, type WotObject } from "./terms.js";

export interface ThingInfo extends ThingPlace {
  /** Device id, unique at its gateway. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Whether the link asks for user and password. */
  readonly password: boolean;
}

/** Placeholders of a Thing Model, to be filled for a device. */
const MODEL_PLACE: ThingPlace = { base: "{{BASE}}", address: "{{ADDRESS}}" };

/** What every device of a profile is, without saying where it is. */
export function thingModel(profile: DeviceProfile): WotObject {
  return {
    "@context": WOT_CONTEXT,
    "@type": "tm:ThingModel",
    title: profile.title,
    ...headOf(profile),
    ...affordancesOf(profile, MODEL_PLACE),
  };
}

/** One device. */
export function thingDescription(profile: DeviceProfile, thing: ThingInfo): WotObject {
  const scheme = thing.password ? "basic_sc" : "nosec_sc";
  return {
    "@context": WOT_CONTEXT,
    "@type": "Thing",
    id: `urn:edgeseal:device:${encodeURIComponent(thing.id)}`,
    title: thing.name,
    ...headOf(profile),
    "edgeseal:profile": profile.id,
    securityDefinitions: thing.password
      ? { basic_sc: { scheme: "basic", in: "auto" } }
      : { nosec_sc: { scheme: "nosec" } },
    security: [scheme],
    ...affordancesOf(profile, thing),
  };
}

function headOf(profile: DeviceProfile): WotObject {
  return {
    ...(profile.description === undefined ? {} : { description: profile.description }),
    "edgeseal:model": profile.id,
    "edgeseal:deviceClass": profile.deviceClass,
    "edgeseal:safetyClass": profile.safetyClass,
  };
}

function affordancesOf(profile: DeviceProfile, place: ThingPlace): WotObject {
  const some = (name: string, parts: readonly (readonly [string, WotObject])[]): WotObject =>
    parts.length === 0 ? {} : { [name]: Object.fromEntries(parts) };
  return {
    ...some(
      "properties",
      [...profile.properties.values()].map((one) => [one.name, propertyOf(profile, place, one)]),
    ),
    ...some(
      "actions",
      [...profile.actions.values()].map((one) => [one.name, actionOf(profile, place, one)]),
    ),
    ...some(
      "events",
      [...profile.events.values()].map((one) => [one.name, eventOf(profile, place, one)]),
    ),
  };
}

function titleOf({ title }: { readonly title?: string }): WotObject {
  return title === undefined ? {} : { title };
}

function propertyOf(profile: DeviceProfile, place: ThingPlace, spec: PropertySpec): WotObject {
  const { name, type, readable, writable } = spec;
  return {
    ...titleOf(spec),
    ...dataSchemaOf(type),
    ...(writable ? {} : { readOnly: true }),
    ...(readable ? {} : { writeOnly: true }),
    // Registers are asked for; everything else is told.
    ...(readable && profile.binding.protocol !== "modbus" ? { observable: true } : {}),
    "edgeseal:capability": spec.capability,
    "edgeseal:safetyClass": spec.safetyClass,
    ...safeTerm(type, spec.safe),
    ...(spec.staleAfterMs === undefined ? {} : { "edgeseal:staleAfterMs": spec.staleAfterMs }),
    forms: [
      ...(readable ? formsOf(profile, place, name, "read", type) : []),
      ...(writable ? formsOf(profile, place, name, "write", type) : []),
    ],
  };
}

function actionOf(profile: DeviceProfile, place: ThingPlace, spec: ActionSpec): WotObject {
  return {
    ...titleOf(spec),
    ...(spec.input === undefined ? {} : { input: dataSchemaOf(spec.input) }),
    // The TD's own `safe` means "changes nothing", which no action of a device is.
    safe: false,
    idempotent: spec.idempotent,
    "edgeseal:capability": spec.capability,
    "edgeseal:safetyClass": spec.safetyClass,
    ...(spec.safe ? { "edgeseal:safeDirection": "any" } : {}),
    forms: formsOf(profile, place, spec.name, "invoke", spec.input),
  };
}

function eventOf(profile: DeviceProfile, place: ThingPlace, spec: EventSpec): WotObject {
  return {
    ...titleOf(spec),
    ...(spec.data === undefined ? {} : { data: dataSchemaOf(spec.data) }),
    "edgeseal:capability": spec.capability,
    forms: formsOf(profile, place, spec.name, "event", spec.data),
  };
}
