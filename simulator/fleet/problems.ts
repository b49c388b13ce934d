/** What can be wrong with a scenario, or keep a fleet from running. */
import { DomainError, type ErrorFamily } from "../../src/base/error.js";

export type FleetProblem =
  | { readonly code: "FLEET_SCENARIO_UNKNOWN"; readonly name: string; readonly known: readonly string[] }
  | { readonly code: "FLEET_SCENARIO_UNREADABLE"; readonly path: string; readonly reason: string }
  | { readonly code: "FLEET_SCENARIO_TOO_LARGE"; readonly path: string; readonly limit: number }
  | { readonly code: "FLEET_SCENARIO_YAML"; readonly path: string; readonly line: number; readonly reason: string }
  | { readonly code: "FLEET_SCENARIO_KEY_UNKNOWN"; readonly path: string; readonly field: string }
  | { readonly code: "FLEET_SCENARIO_VALUE"; readonly path: string; readonly field: string; readonly reason: string }
  /** An option of the command or of a call. */
  | { readonly code: "FLEET_OPTION"; readonly option: string; readonly reason: string }
  | { readonly code: "FLEET_BROKER_UNREACHABLE"; readonly broker: string; readonly reason: string }
  /** Connections of one process against the descriptors that the system lets it have. */
  | { readonly code: "FLEET_DESCRIPTORS_FEW"; readonly needed: number; readonly allowed: number }
  | { readonly code: "FLEET_PROCESS_ENDED"; readonly reason: string }
  | { readonly code: "FLEET_REPORT_UNWRITABLE"; readonly path: string; readonly reason: string };

const OPERATING: ReadonlySet<FleetProblem["code"]> = new Set<FleetProblem["code"]>([
  "FLEET_BROKER_UNREACHABLE",
  "FLEET_DESCRIPTORS_FEW",
  "FLEET_PROCESS_ENDED",
  "FLEET_REPORT_UNWRITABLE",
]);

export class FleetError extends DomainError<FleetProblem> {
  readonly family: ErrorFamily = OPERATING.has(this.problem.code) ? "operating" : "input";
}
