import type { FleetProblem } from "../../../simulator/fleet/problems.js";
import type { Texts } from "../texts.js";

const SIMULATOR_PAGE = "docs/operating/simulator.md explains every field.";

export const fleetTexts: Texts<FleetProblem> = {
  FLEET_SCENARIO_UNKNOWN: {
    says: (p) => `There is no scenario "${p.name}"; ready ones are ${p.known.join(", ")}.`,
    advice: "For a scenario of your own, name its file: --scenario ./mine.yaml.",
  },
  FLEET_SCENARIO_UNREADABLE: {
    says: (p) => `The scenario file ${p.path} cannot be read (${p.reason}).`,
    advice: "It has to be a file of UTF-8 text.",
  },
  FLEET_SCENARIO_TOO_LARGE: {
    says: (p) => `The scenario file ${p.path} has more than ${p.limit} bytes.`,
  },
  FLEET_SCENARIO_YAML: {
    says: (p) => `The scenario file ${p.path} is not YAML at line ${p.line}: ${p.reason}`,
    advice: "Mind the indentation: two spaces, no tabs, a space after each colon.",
  },
  FLEET_SCENARIO_KEY_UNKNOWN: {
    says: (p) => `There is no setting ${p.field} in a scenario, but ${p.path} has it.`,
    advice: SIMULATOR_PAGE,
  },
  FLEET_SCENARIO_VALUE: {
    says: (p) =>
      `${p.field === "" ? "The scenario" : `The setting ${p.field}`} in ${p.path} is not valid: ${p.reason}.`,
    advice: SIMULATOR_PAGE,
  },
  FLEET_OPTION: { says: (p) => `The fleet simulator cannot use ${p.option}: ${p.reason}.` },
  FLEET_BROKER_UNREACHABLE: {
    says: (p) => `The broker ${p.broker} does not answer (${p.reason}).`,
    advice: "Check its address, or leave --broker out to run in memory.",
  },
  FLEET_DESCRIPTORS_FEW: {
    says: (p) =>
      `Each process of this fleet needs ${p.needed} file descriptors for its connections, and may have ${p.allowed} open.`,
    advice: "Raise the limit with `ulimit -n`, or simulate fewer devices.",
  },
  FLEET_PROCESS_ENDED: {
    says: (p) => `A process of the fleet ended before its work was done (${p.reason}).`,
    advice: "Look for a limit on memory or processes.",
  },
  FLEET_REPORT_UNWRITABLE: {
    says: (p) => `The report ${p.path} cannot be written (${p.reason}).`,
    advice: "Check that its folder exists and may be written.",
  },
};
