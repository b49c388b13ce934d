/**
 * Values of devices. Numbers are integers: a property with two decimals holds 21.5 °C as 2150, so that two machines that
 * evaluate one rule over the same readings agree to the last bit.
 */

export type DeviceValue = boolean | number | string;

export const DECIMALS_MAX = 6;
export const CHOICES_MAX = 64;
export const TEXT_CHARACTERS_MAX = 256;

export type ValueType =
  | { readonly kind: "boolean" }
  | {
      readonly kind: "number";
      /** Digits after the point: the value is an integer in units of 10^-decimals. */
      readonly decimals: number;
      /** In the same integers, both included. */
      readonly min: number;
      readonly max: number;
      /** As the W3C vocabularies and people write it: `°C`, `W`, `kWh`, `%`. */
      readonly unit?: string;
    }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "text"; readonly charactersMax: number };

/** What is wrong with a value for a property or argument of this type, or undefined. */
export function valueFault(type: ValueType, value: DeviceValue): "type" | "range" | undefined {
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "type";
    case "number":
      if (typeof value !== "number" || !Number.isSafeInteger(value)) return "type";
      return value >= type.min && value <= type.max ? undefined : "range";
    case "choice":
      if (typeof value !== "string") return "type";
      return type.choices.includes(value) ? undefined : "range";
    case "text":
      if (typeof value !== "string") return "type";
      return value.length <= type.charactersMax ? undefined : "range";
  }
}
