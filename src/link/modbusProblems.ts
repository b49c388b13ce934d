import { DomainError, type ErrorFamily } from "../base/error.js";

/** What can go wrong with one device on a Modbus line; `address` is `<line>/<unit>`. The line's own problems are `LineProblem`. */
export type ModbusProblem =
  | { readonly code: "MODBUS_MISSING"; readonly reason: string }
  /** Exception codes 1 to 11: Modbus Application Protocol V1.1b3, section 7. */
  | {
      readonly code: "MODBUS_EXCEPTION";
      readonly address: string;
      readonly function: number;
      readonly exception: number;
    }
  | { readonly code: "MODBUS_SILENT"; readonly address: string; readonly timeoutMs: number }
  | { readonly code: "MODBUS_ANSWER_INVALID"; readonly address: string; readonly reason: string }
  | { readonly code: "MODBUS_VALUE_ABSENT"; readonly address: string; readonly name: string }
  | { readonly code: "MODBUS_WRITE_NOT_TAKEN"; readonly address: string; readonly name: string }
  | { readonly code: "MODBUS_DEVICE_UNKNOWN"; readonly address: string }
  | { readonly code: "MODBUS_DEVICES_TOO_MANY"; readonly count: number; readonly limit: number };

const MODBUS_INPUT_CODES: ReadonlySet<ModbusProblem["code"]> = new Set([
  "MODBUS_ANSWER_INVALID",
  "MODBUS_VALUE_ABSENT",
  "MODBUS_DEVICE_UNKNOWN",
  "MODBUS_DEVICES_TOO_MANY",
]);

export class ModbusError extends DomainError<ModbusProblem> {
  readonly family: ErrorFamily = MODBUS_INPUT_CODES.has(this.problem.code) ? "input" : "operating";
}
