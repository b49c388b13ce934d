/**
 * Words of the W3C Web of Things (Thing Description 1.1) and our own beside them, under the prefix `edgeseal:`. A thing's
 * values are those of the profile, numbers in their unit; how they travel is in the forms.
 */
import type { Conversion } from "../binding.js";
import type { SafeDirection } from "../profile.js";
import type { DeviceValue, ValueType } from "../value.js";

export const WOT_CONTEXT = [
  "https://www.w3.org/2022/wot/td/v1.1",
  {
    edgeseal: "urn:edgeseal:device:1#",
    modv: "https://www.w3.org/2019/wot/modbus#",
    mqv: "http://www.example.org/mqtt-binding#",
  },
] as const;

export type WotObject = { [term: string]: unknown };

/** JSON Schema of a value, as TDs have it. */
export function dataSchemaOf(type: ValueType): WotObject {
  switch (type.kind) {
    case "boolean":
      return { type: "boolean" };
    case "number": {
      const shown = {
        minimum: inUnit(type, type.min),
        maximum: inUnit(type, type.max),
        ...(type.unit === undefined ? {} : { unit: type.unit }),
      };
      // 10 ** -1 is not quite 0.1; the nearest double of the decimal is what readers compare with.
      return type.decimals === 0
        ? { type: "integer", ...shown }
        : { type: "number", ...shown, multipleOf: Number(`1e-${type.decimals}`) };
    }
    case "choice":
      return { type: "string", enum: [...type.choices] };
    case "text":
      return { type: "string", maxLength: type.charactersMax };
  }
}

/** A value as people see it: numbers in their unit. */
export function inUnit(type: ValueType, value: DeviceValue): DeviceValue {
  return type.kind === "number" && typeof value === "number" ? value / 10 ** type.decimals : value;
}

export function safeTerm(type: ValueType, safe: SafeDirection | undefined): WotObject {
  if (safe === undefined) return {};
  return {
    "edgeseal:safeDirection": safe.kind === "values" ? safe.values.map((value) => inUnit(type, value)) : safe.kind,
  };
}

/** What a form needs beside the terms of its protocol, so that a reader finds the value in a message. */
export function conversionTerm(convert: Conversion, type: ValueType | undefined): WotObject {
  switch (convert.kind) {
    case "same":
      return {};
    case "map":
      return {
        "edgeseal:map": convert.pairs.map(([device, ours]) => ({
          "edgeseal:device": JSON.parse(device) as unknown,
          "edgeseal:value": type === undefined ? ours : inUnit(type, ours),
        })),
      };
    case "scale":
      return {
        "edgeseal:scale": {
          "edgeseal:multiply": convert.multiply,
          "edgeseal:divide": convert.divide,
          "edgeseal:offset": convert.offset,
          ...(convert.digits === undefined ? {} : { "edgeseal:digits": convert.digits }),
        },
      };
  }
}
