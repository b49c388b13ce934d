/** Scenario files: from YAML to checked values, or to a problem that names the place. */
import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FleetError } from "../problems.js";
import { SCENARIO_BYTES_MAX } from "./limits.js";
import type { Scenario } from "./schema.js";

/** A file that repeats itself by references more often than this is an attack. */
const ALIASES_MAX = 64;
const FOLDER = "simulator/fleet/scenarios";
const NAME = /^[a-z0-9-]{1,64}$/;

/** Names of the scenarios that come with the package. */
export function scenarioNames(): string[] {
  const folder = scenarioFolder();
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/**
 * @param nameOrPath name of one that comes with the package, or a file.
 * @throws FleetError `FLEET_SCENARIO_*`
 */
export async function loadScenario(nameOrPath: string): Promise<Scenario> {
  const known = scenarioNames();
  if (known.includes(nameOrPath)) {
    const path = join(scenarioFolder() ?? "", `${nameOrPath}.yaml`);
    return parseScenario(path, await readText(path));
  }
  if (NAME.test(nameOrPath)) throw new FleetError({ code: "FLEET_SCENARIO_UNKNOWN", name: nameOrPath, known });
  return parseScenario(nameOrPath, await readText(nameOrPath));
}

/** @throws FleetError `FLEET_SCENARIO_YAML`, `FLEET_SCENARIO_KEY_UNKNOWN`, `FLEET_SCENARIO_VALUE` */
export async function parseScenario(path: string, text: string): Promise<Scenario> {
  const [{ LineCounter, parseDocument }, { scenarioSchema }] = await Promise.all([
    import("yaml"),
    import("./schema.js"),
  ]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new FleetError({ code: "FLEET_SCENARIO_YAML", path, line, reason: error.message });
  }
  const parsed = scenarioSchema.safeParse(plainValue(path, document));
  if (parsed.success) return checked(path, parsed.data);
  const [issue] = parsed.error.issues;
  const field = fieldName(issue?.path ?? []);
  if (issue?.code === "unrecognized_keys") {
    throw new FleetError({
      code: "FLEET_SCENARIO_KEY_UNKNOWN",
      path,
      field: `${field === "" ? "" : `${field}.`}${issue.keys[0] ?? ""}`,
    });
  }
  throw new FleetError({ code: "FLEET_SCENARIO_VALUE", path, field, reason: issue?.message ?? "" });
}

function plainValue(path: string, document: { toJS(options: { maxAliasCount: number }): unknown }): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FleetError({ code: "FLEET_SCENARIO_YAML", path, line: 1, reason }, { cause: thrown });
  }
}

/** What the schema cannot say: rules between fields. */
function checked(path: string, scenario: Scenario): Scenario {
  const wrong = (field: string, reason: string): never => {
    throw new FleetError({ code: "FLEET_SCENARIO_VALUE", path, field, reason });
  };
  if (scenario.network.least > scenario.network.most) wrong("network.least", "it is above network.most");
  if (scenario.reconnect.spread > scenario.reconnect.max) wrong("reconnect.spread", "it is above reconnect.max");
  for (const [i, fault] of scenario.faults.entries()) {
    if ("ms" in fault.at && fault.at.ms >= scenario.duration) {
      wrong(`faults[${i}].at`, "it is after the end of the run");
    }
    if (fault.kind === "alarm" && !scenario.home.some(({ model }) => model === fault.model)) {
      wrong(`faults[${i}].model`, `no home has a ${fault.model}`);
    }
  }
  return scenario;
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > SCENARIO_BYTES_MAX) {
        throw new FleetError({ code: "FLEET_SCENARIO_TOO_LARGE", path, limit: SCENARIO_BYTES_MAX });
      }
      return new TextDecoder("utf-8", { fatal: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof FleetError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
    throw new FleetError({ code: "FLEET_SCENARIO_UNREADABLE", path, reason: code }, { cause: thrown });
  }
}

/** From the package this file belongs to, wherever it was compiled to. */
function scenarioFolder(): string | undefined {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, FOLDER);
    if (isFilled(candidate)) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function isFilled(folder: string): boolean {
  try {
    return readdirSync(folder).some((file) => file.endsWith(".yaml"));
  } catch {
    return false;
  }
}

/** `faults[0].at` */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`))
    .join("");
}
