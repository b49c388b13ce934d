import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What can be wrong with a profile's points, or with what is to be written to one. */
export type ModbusPointProblem =
  | { readonly code: "MODBUS_POINT_INVALID"; readonly name: string; readonly reason: string }
  | { readonly code: "MODBUS_POINT_UNKNOWN"; readonly name: string }
  | { readonly code: "MODBUS_POINT_VALUE"; readonly name: string; readonly kind: string }
  | { readonly code: "MODBUS_BINDING_INVALID"; readonly field: string; readonly reason: string };

export class ModbusPointError extends DomainError<ModbusPointProblem> {
  readonly family: ErrorFamily = "input";
}
