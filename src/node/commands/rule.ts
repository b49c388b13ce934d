/** `edgeseal rule`: check, explain and try rules, without devices and without a node. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { toHex } from "../../base/bytes.js";
import { referenceSuite } from "../../crypto/referenceSuite.js";
import { readsOf, writesOf } from "../../device/rules/analyse/graph.js";
import type { Finding } from "../../device/rules/analyse/problems.js";
import { readValue } from "../../device/rules/compile/catalog.js";
import { Findings } from "../../device/rules/compile/problems.js";
import { LocalRuleEngine } from "../../device/rules/engine.js";
import type { Notice, RuleCommand, RuleRefusal } from "../../device/rules/port.js";
import type { DeviceValue } from "../../device/value.js";
import type { Now } from "../../device/view.js";
import { explainRule, explainScene, valueWords } from "../../text/en/ruleSentences.js";
import { loadProfiles } from "../profiles/library.js";
import { filesIn, type GatewayHome, homeOf, loadHome } from "../rules/home.js";
import { MemoryShadow } from "../rules/memoryShadow.js";
import { RuleFileError, type RuleMistake } from "../rules/problems.js";

export interface RuleFilesRequest {
  /** Rule files, or one folder with `devices.yaml`. */
  readonly files: readonly string[];
  /** Folder with `devices.yaml`; absent: found from the first file. */
  readonly home?: string | undefined;
  /** Folder with profiles of one's own. */
  readonly profiles?: string | undefined;
}

/** @throws RuleFileError `RULE_HOME_MISSING` */
export async function openHome(request: RuleFilesRequest): Promise<GatewayHome> {
  const [first = "."] = request.files;
  const isFolder = existsSync(first) && statSync(first).isDirectory();
  const folder = request.home ?? (isFolder ? first : homeOf(first));
  const files = filesIn(folder);
  if (!existsSync(files.devices)) throw new RuleFileError({ code: "RULE_HOME_MISSING", folder: resolve(folder) });
  const { profiles } = await loadProfiles({ folder: request.profiles });
  return await loadHome({
    files: isFolder ? files : { ...files, rules: request.files.map((file) => resolve(file)) },
    hash: hashOf(),
    profile: (id) => profiles.get(id),
  });
}

function hashOf(): (data: Uint8Array) => Uint8Array {
  const suite = referenceSuite("ecdsa");
  return (data) => suite.hash(data);
}

export interface PlacedFinding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly finding: Finding;
}

export interface CheckedRules {
  readonly ok: boolean;
  readonly rules: readonly { readonly id: string; readonly hash: string; readonly status: string }[];
  readonly scenes: readonly string[];
  readonly mistakes: readonly RuleMistake[];
  readonly findings: readonly PlacedFinding[];
  readonly digest: string;
}

export async function checkRules(request: RuleFilesRequest): Promise<CheckedRules> {
  const home = await openHome(request);
  const findings = home.analysis.findings.map((finding) => {
    const source = home.sources.get(finding.rule);
    const place = source?.place(textPath(finding.path)) ?? { line: 0, column: 0 };
    return { file: source?.file ?? "", ...place, finding };
  });
  return {
    ok: home.mistakes.length === 0 && findings.every(({ finding }) => finding.level !== "error"),
    rules: home.rules.map(({ rule, hash, status }) => ({ id: rule.id, hash: toHex(hash), status })),
    scenes: home.scenes.map(({ scene }) => scene.id),
    mistakes: home.mistakes,
    findings,
    digest: toHex(home.analysis.digest),
  };
}

/** A place in the compiled rule as a place in its file. */
function textPath(path: string): string {
  return path
    .replace(/^triggers/, "when")
    .replace(/^actions/, "then")
    .replace(/^(condition|precondition)/, "if");
}

export interface ExplainedRules {
  readonly rules: readonly { readonly id: string; readonly title: string; readonly sentences: readonly string[] }[];
  readonly devices: readonly {
    readonly id: string;
    readonly readBy: readonly string[];
    readonly setBy: readonly string[];
  }[];
  readonly mistakes: readonly RuleMistake[];
}

export async function explainRules(request: RuleFilesRequest): Promise<ExplainedRules> {
  const home = await openHome(request);
  const readBy = new Map<string, Set<string>>();
  const setBy = new Map<string, Set<string>>();
  const note = (into: Map<string, Set<string>>, device: string, rule: string): void => {
    into.set(device, (into.get(device) ?? new Set()).add(rule));
  };
  for (const { rule } of home.rules) {
    for (const trigger of rule.triggers) {
      for (const read of readsOf(trigger, home.catalog)) note(readBy, read.slice(0, read.indexOf("/")), rule.id);
    }
    for (const { device } of writesOf(rule, home.scenes, home.catalog)) note(setBy, device, rule.id);
  }
  const ids = [...new Set([...readBy.keys(), ...setBy.keys()])].sort();
  return {
    rules: [
      ...home.rules.map(({ rule }) => ({ id: rule.id, title: rule.title, sentences: explainRule(rule) })),
      ...home.scenes.map(({ scene }) => ({
        id: `scene/${scene.id}`,
        title: scene.title,
        sentences: explainScene(scene),
      })),
    ],
    devices: ids.map((id) => ({ id, readBy: [...(readBy.get(id) ?? [])], setBy: [...(setBy.get(id) ?? [])] })),
    mistakes: home.mistakes,
  };
}

/** One line of what came out of rules that were tried. */
export type TriedLine =
  | {
      readonly atMs: number;
      readonly kind: "command";
      readonly device: string;
      readonly target: string;
      readonly value: string;
    }
  | { readonly atMs: number; readonly kind: "notice"; readonly rule: string; readonly text: string }
  | { readonly atMs: number; readonly kind: "refusal"; readonly rule: string; readonly code: string };

export interface TriedRules {
  readonly lines: readonly TriedLine[];
  readonly receipts: number;
}

/** An engine over memory: every command is carried out at once, and becomes a reading. */
export class RuleTrial {
  readonly shadow: MemoryShadow;
  readonly engine: LocalRuleEngine;
  readonly home: GatewayHome;
  readonly #startWallMs: number;
  receipts = 0;
  #nowMs = 0;

  constructor(home: GatewayHome, startWallMs: number) {
    this.home = home;
    this.#startWallMs = startWallMs;
    this.shadow = new MemoryShadow(home.devices);
    this.engine = new LocalRuleEngine({
      hash: hashOf(),
      gateway: "trial",
      view: this.shadow,
      chain: () => ({ height: 1, headerHash: new Uint8Array(32), headerAgeMs: 0 }),
      rules: home.rules,
      scenes: home.scenes,
      policy: home.policy,
      restored: new Map(),
      now: this.now,
    });
  }

  get now(): Now {
    return { wallMs: this.#startWallMs + this.#nowMs, wallSet: true, monotonicMs: this.#nowMs };
  }

  /** Lets time pass up to there; what comes due in between happens at its time. */
  advance(toMs: number, line: (line: TriedLine) => void): void {
    for (let next = this.engine.nextMs; next !== undefined && next <= toMs; next = this.engine.nextMs) {
      this.#nowMs = Math.max(this.#nowMs, next);
      this.engine.tick(this.now);
      this.#carryOut(line);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  read(device: string, property: string, value: DeviceValue, line: (line: TriedLine) => void): void {
    this.engine.reading(this.shadow.put(device, property, value, this.now), this.now);
    this.#carryOut(line);
  }

  event(device: string, event: string, value: DeviceValue | undefined, line: (line: TriedLine) => void): void {
    this.engine.event({ device, event, sequence: 1, ...(value === undefined ? {} : { value }) }, this.now);
    this.#carryOut(line);
  }

  runScene(scene: string, line: (line: TriedLine) => void): void {
    this.engine.runScene(scene, "trial", this.now);
    this.#carryOut(line);
  }

  #carryOut(line: (line: TriedLine) => void): void {
    const atMs = this.#nowMs;
    for (let results = this.engine.take(); results !== undefined; results = this.engine.take()) {
      this.receipts += results.writes.filter(({ kind }) => kind === "receipt").length;
      for (const { rule, text } of results.notices as readonly Notice[]) line({ atMs, kind: "notice", rule, text });
      for (const { rule, code } of results.refusals as readonly RuleRefusal[])
        line({ atMs, kind: "refusal", rule, code });
      for (const command of results.commands) {
        line({ atMs, kind: "command", device: command.device, target: command.target, value: this.#words(command) });
        this.engine.settled(command.run, command.action, "done", 0, this.now);
        if (command.value === undefined || !this.#isProperty(command)) continue;
        const before = this.shadow.reading(command.device, command.target)?.value;
        const input = this.shadow.put(command.device, command.target, command.value, this.now);
        if (before !== command.value) this.engine.reading(input, this.now);
      }
    }
  }

  #isProperty({ device, target }: RuleCommand): boolean {
    return this.shadow.device(device)?.profile.properties.has(target) === true;
  }

  #words({ device, target, value }: RuleCommand): string {
    if (value === undefined) return "";
    const type = this.shadow.device(device)?.profile.properties.get(target)?.type;
    return valueWords(value, type?.kind === "number" ? type.decimals : 0);
  }
}

/** 2026-01-05 00:00 UTC, a Monday: where tried time begins. */
export const TRIAL_START_MS = 1_767_571_200_000;

/**
 * Rules against readings of a file, one JSON object a line: `{"at": 0.5, "device": "...", "property": "...", "value": 21.5}`,
 * `{"at": 1, "device": "...", "event": "..."}` or `{"at": 2, "scene": "..."}`; `at` in seconds, never going back.
 * @throws RuleFileError `RULE_FILES_BAD`, `RULE_INPUT_LINE`
 */
export async function runRules(request: RuleFilesRequest, inputs: string): Promise<TriedRules> {
  const home = await openHome(request);
  if (home.mistakes.length > 0) throw new RuleFileError({ code: "RULE_FILES_BAD", mistakes: home.mistakes.length });
  const trial = new RuleTrial(home, TRIAL_START_MS);
  const lines: TriedLine[] = [];
  const add = (line: TriedLine): void => {
    lines.push(line);
  };
  for (const [index, text] of inputs.split("\n").entries()) {
    if (text.trim() === "") continue;
    const bad = (reason: string) => new RuleFileError({ code: "RULE_INPUT_LINE", line: index + 1, reason });
    let input: Record<string, unknown>;
    try {
      input = JSON.parse(text) as Record<string, unknown>;
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown;
      throw bad("it is no JSON object");
    }
    const { at = 0, device, property, event, scene, value } = input;
    if (typeof at !== "number" || !(at * 1_000 >= trial.now.monotonicMs)) throw bad("`at` goes back or is no number");
    trial.advance(Math.floor(at * 1_000), add);
    if (typeof scene === "string") {
      trial.runScene(scene, add);
      continue;
    }
    const facts = typeof device === "string" ? trial.shadow.device(device) : undefined;
    if (typeof device !== "string" || facts === undefined) throw bad("there is no such device");
    if (typeof event === "string") {
      trial.event(device, event, value as DeviceValue | undefined, add);
      continue;
    }
    const spec = typeof property === "string" ? facts.profile.properties.get(property) : undefined;
    if (spec === undefined) throw bad("the device has no such property");
    const findings = new Findings();
    const known = ["boolean", "number", "string"].includes(typeof value);
    const taken = known ? readValue(value as DeviceValue, spec.type, "value", findings) : undefined;
    if (taken === undefined) throw bad(`the value does not fit ${spec.name}`);
    trial.read(device, spec.name, taken, add);
  }
  // What is still planned happens within an hour.
  trial.advance(trial.now.monotonicMs + 3_600_000, add);
  return { lines, receipts: trial.receipts };
}

/** Readings for `runRules`. */
export function readLines(file: string): string {
  return readFileSync(join(file), "utf8");
}
