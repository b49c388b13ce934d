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
