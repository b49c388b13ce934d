import { parseScenario } from "../../../simulator/fleet/scenario/load.js";
import type { Scenario } from "../../../simulator/fleet/scenario/schema.js";

/** A small world: homes of five devices that report every second. */
export function tryScenario(faults = "[]", more = ""): Promise<Scenario> {
  return parseScenario(
    "try.yaml",
    `
name: Try
duration: 60s
startsAt: 12h
devices: 100
home:
  - { model: lamp, every: 1s }
  - { model: thermostat, count: 2, every: 1s }
  - { model: smoke, every: 1s }
  - { model: meter, every: 1s }
joins: { over: 2s }
keepAlive: 4s
reconnect: { spread: 3s, max: 30s }
faults: ${faults}
${more}
`,
  );
}
