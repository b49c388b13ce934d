/**
 * The files of a gateway's rules: of devices, rules, scenes and the policy; by default `devices.yaml`, `rules/*.yaml`,
 * `scenes/*.yaml` and `policy.yaml` of one folder. Read, compiled and analysed together; what is wrong with one file leaves
 * the others in force.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { DeviceRecord, Registration } from "../../device/device.js";
import type { DeviceProfile } from "../../device/profile.js";
import { type Analysis, analyse } from "../../device/rules/analyse/analyse.js";
import type { Catalog } from "../../device/rules/compile/catalog.js";
import { type Compiled, compilePolicy, compileRule, compileScene } from "../../device/rules/compile/compile.js";
import type { HeldRule, HeldScene } from "../../device/rules/language.js";
import { RULES_MAX, SCENES_MAX } from "../../device/rules/limits.js";
import { type HeldPolicy, policyHash } from "../../device/rules/policy.js";
import { type InstalledDevice, readDeviceFile, recordOf } from "../gateway/deviceFile.js";
import type { RuleMistake } from "./problems.js";
import { type ReadFile, readRuleFile } from "./read.js";

const DEVICES_FILE = "devices.yaml";
/** Of a registration that rests on the file alone. */
const EVIDENCE = "file";

const DEVICE_CODES: ReadonlySet<string> = new Set(["RULE_DEVICE_UNKNOWN", "RULE_SELECTOR_EMPTY"]);

export interface HomeFiles {
  readonly devices: string;
  /** Folder, or the files themselves. */
  readonly rules: string | readonly string[];
  readonly scenes: string;
  readonly policy: string;
}

export interface HomeDevice {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  readonly registration: Registration;
}

export interface GatewayHome {
  readonly devices: readonly HomeDevice[];
  /** Only those that the analyser lets through are `ACTIVE`; others that asked for it are `PAUSED`. */
  readonly rules: readonly HeldRule[];
  readonly scenes: readonly HeldScene[];
  /** Denies everything where there is no file. */
  readonly policy: HeldPolicy;
  readonly catalog: Catalog;
  readonly analysis: Analysis;
  readonly mistakes: readonly RuleMistake[];
  /** File of a rule (`id`) or scene (`scene/id`), and where something in it stands. */
  readonly sources: ReadonlyMap<string, ReadFile>;
}

export interface HomeOptions {
  readonly files: HomeFiles;
  readonly hash: HashFunction;
  readonly profile: (id: string) => DeviceProfile | undefined;
  /** Instead of those of the file: a gateway that runs knows its devices. */
  readonly devices?: readonly HomeDevice[];
}

export function filesIn(folder: string): HomeFiles {
  return {
    devices: join(folder, DEVICES_FILE),
    rules: join(folder, "rules"),
    scenes: join(folder, "scenes"),
    policy: join(folder, "policy.yaml"),
  };
}

/** The folder of the devices that a rule file belongs to: its own or the one above. */
export function homeOf(ruleFile: string): string {
  const folder = dirname(resolve(ruleFile));
  return existsSync(join(folder, DEVICES_FILE)) ? folder : dirname(folder);
}

export async function loadHome(options: HomeOptions): Promise<GatewayHome> {
  const { files, hash } = options;
  const mistakes: RuleMistake[] = [];
  const devices = options.devices ?? (await readDevices(options, mistakes));
  const devicesWrong = mistakes.length > 0;
  const ruleFiles = typeof files.rules === "string" ? yamlFiles(files.rules, mistakes) : files.rules;
  const [ruleReads, sceneReads] = [
    await readAll(ruleFiles, mistakes),
    await readAll(yamlFiles(files.scenes, mistakes), mistakes),
  ];
  const reads = [...ruleReads, ...sceneReads];
  const sources = new Map<string, ReadFile>();
  const sceneIds = new Set(reads.flatMap(({ found }) => (found?.kind === "scene" ? [found.text.scene] : [])));
  const catalog: Catalog = {
    devices: devices.map(({ record, profile }) => {
      const owner = record.owner === undefined ? {} : { owner: record.owner };
      return { id: record.id, groups: record.groups, profile, ...owner };
    }),
    scenes: sceneIds,
  };
  const scenes: HeldScene[] = [];
  const compiled: HeldRule[] = [];
  for (const read of reads) {
    const { found } = read;
    if (found?.kind === "scene") {
      take(
        compileScene(found.text, catalog, hash),
        read,
        `scene/${found.text.scene}`,
        scenes,
        SCENES_MAX,
        sources,
        mistakes,
      );
    } else if (found?.kind === "rule") {
      take(compileRule(found.text, catalog, hash), read, found.text.rule, compiled, RULES_MAX, sources, mistakes);
    }
  }
  const analysis = analyse(compiled, scenes, catalog, hash);
  const passed = new Set(analysis.passed);
  const rules = compiled.map((held): HeldRule => {
    return held.status === "ACTIVE" && !passed.has(held.rule.id) ? { ...held, status: "PAUSED" } : held;
  });
  const policy = await readPolicy(options, mistakes);
  // While the devices are not known, that a rule names an unknown one says nothing; it would hide the one mistake there is.
  const told = devicesWrong ? mistakes.filter(({ problem }) => !DEVICE_CODES.has(problem.code)) : mistakes;
  return { devices, rules, scenes, policy, catalog, analysis, mistakes: told, sources };
}

function take<T>(
  compiled: Compiled<T>,
  read: ReadFile,
  id: string,
  into: T[],
  max: number,
  sources: Map<string, ReadFile>,
  mistakes: RuleMistake[],
): void {
  const { file } = read;
  if (!compiled.ok) {
    mistakes.push(...compiled.problems.map((problem) => ({ file, ...read.place(problem.path), problem })));
    return;
  }
  const other = sources.get(id);
  if (other !== undefined) {
    mistakes.push({ file, line: 1, column: 1, problem: { code: "RULE_FILE_TWICE", id, other: other.file } });
    return;
  }
  if (into.length >= max) {
    mistakes.push({ file, line: 0, column: 0, problem: { code: "RULE_FILES_TOO_MANY", folder: dirname(file), max } });
    return;
  }
  sources.set(id, read);
  into.push(compiled.value);
}

async function readDevices(options: HomeOptions, mistakes: RuleMistake[]): Promise<readonly HomeDevice[]> {
  const file = options.files.devices;
  const { devices, mistakes: wrong } = await readDeviceFile(file);
  mistakes.push(...wrong.map((problem) => ({ file, line: problem.line, column: problem.column, problem })));
  return (devices ?? []).flatMap((device): readonly HomeDevice[] => {
    const profile = options.profile(device.profile);
    if (profile !== undefined)
      return [{ record: recordOf(device, 0), profile, registration: registrationOf(device, file) }];
    const problem = { code: "RULE_PROFILE_UNKNOWN", device: device.id, profile: device.profile } as const;
    mistakes.push({ file, line: device.line, column: 1, problem });
    return [];
  });
}

function registrationOf({ status, trustTier }: InstalledDevice, path: string): Registration {
  if (status !== "active") return { verdict: status };
  return { verdict: "registered", trustTier, evidence: { kind: EVIDENCE, path } };
}

async function readPolicy(options: HomeOptions, mistakes: RuleMistake[]): Promise<HeldPolicy> {
  const empty = { id: "deny-all", version: 1, rules: [] };
  const denyAll = { policy: empty, hash: policyHash(options.hash, empty) };
  const file = options.files.policy;
  if (!existsSync(file)) return denyAll;
  const read = await readRuleFile(file);
  mistakes.push(...read.mistakes);
  if (read.found?.kind !== "policy") return denyAll;
  const compiled = compilePolicy(read.found.text, options.hash);
  if (compiled.ok) return compiled.value;
  mistakes.push(...compiled.problems.map((problem) => ({ file, ...read.place(problem.path), problem })));
  return denyAll;
}

async function readAll(files: readonly string[], mistakes: RuleMistake[]): Promise<ReadFile[]> {
  const reads: ReadFile[] = [];
  for (const file of files) {
    const read = await readRuleFile(file);
    mistakes.push(...read.mistakes);
    reads.push(read);
  }
  return reads;
}

/** In order of their names; none where there is no such folder. */
function yamlFiles(folder: string, mistakes: RuleMistake[]): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
  if (names.length > RULES_MAX) {
    const problem = { code: "RULE_FILES_TOO_MANY", folder, max: RULES_MAX } as const;
    mistakes.push({ file: folder, line: 0, column: 0, problem });
  }
  return names.slice(0, RULES_MAX).map((name) => join(folder, name));
}
