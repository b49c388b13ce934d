/**
 * The rules, scenes and policy of a running gateway: read from their files, compiled for the devices that are there, checked by
 * the analyser, and read again when devices come and go or somebody has changed a file. What is wrong stays out and is told.
 */
import { toHex } from "../../base/bytes.js";
import type { Logger } from "../../base/logger.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { GatewayOptions } from "../../device/gateway/core.js";
import type { GatewayStore } from "../../device/gateway/store.js";
import type { DeviceProfile } from "../../device/profile.js";
import { LocalRuleEngine } from "../../device/rules/engine.js";
import { FILES_ONLY, provenRules } from "../../device/rules/source.js";
import type { Now } from "../../device/view.js";
import { type GatewayHome, type HomeDevice, type HomeFiles, loadHome } from "../rules/home.js";
import type { RuleMistake } from "../rules/problems.js";

export interface RuleShelfOptions {
  readonly files: HomeFiles;
  readonly gateway: string;
  readonly hash: HashFunction;
  readonly profileOf: (id: string) => DeviceProfile | undefined;
  readonly store: GatewayStore;
  readonly now: () => Now;
  readonly logger: Logger;
}

export interface ShelfStatus {
  readonly active: number;
  readonly paused: number;
  readonly scenes: number;
  /** Of files and rules that stay out. */
  readonly mistakes: number;
}

export class RuleShelf {
  readonly #options: RuleShelfOptions;
  #home: GatewayHome;
  #engine: LocalRuleEngine | undefined;

  private constructor(options: RuleShelfOptions, home: GatewayHome) {
    this.#options = options;
    this.#home = home;
    this.#tell();
  }

  static async open(options: RuleShelfOptions, devices: readonly HomeDevice[]): Promise<RuleShelf> {
    return new RuleShelf(options, await readHome(options, devices));
  }

  get status(): ShelfStatus {
    const { rules, scenes, mistakes } = this.#home;
    return {
      active: rules.filter(({ status }) => status === "ACTIVE").length,
      paused: rules.filter(({ status }) => status === "PAUSED").length,
      scenes: scenes.length,
      mistakes: mistakes.length,
    };
  }

  /** Of the last reading. */
  get mistakes(): readonly RuleMistake[] {
    return this.#home.mistakes;
  }

  /** Reads everything again. False: nothing is different from what is in force. */
  async read(devices: readonly HomeDevice[]): Promise<boolean> {
    const read = await readHome(this.#options, devices);
    // A slip in a file that is being edited must not take from every rule what it was allowed.
    const slipped = read.mistakes.some(({ file }) => file === this.#options.files.policy);
    const home = slipped ? { ...read, policy: this.#home.policy } : read;
    const same = fingerprint(this.#home) === fingerprint(home);
    this.#home = home;
    if (!same) this.#tell();
    return !same;
  }

  /** An engine with what was read last and what the store has kept of earlier runs. */
  readonly engine: GatewayOptions["rules"] = (view, chain) => {
    const { gateway, hash, store, now } = this.#options;
    const { rules, scenes, policy } = this.#home;
    const { ruleStates, lastReceipt } = store.load();
    const offered = rules.map((held) => ({ held, proof: { kind: "file" as const, path: held.rule.id } }));
    const before = this.#engine === undefined ? {} : { before: this.#engine };
    this.#engine = new LocalRuleEngine({
      ...before,
      ...{ hash, gateway, view, chain, scenes, policy, now: now() },
      rules: provenRules({ rules: () => offered }, FILES_ONLY).rules,
      restored: new Map(ruleStates),
      zoneMinutes: (wallMs) => -new Date(wallMs).getTimezoneOffset(),
      ...(lastReceipt === undefined ? {} : { lastReceipt }),
    });
    return this.#engine;
  };

  #tell(): void {
    const { logger } = this.#options;
    for (const { file, line, column, problem } of this.#home.mistakes)
      logger.warn({ file, line, column, ...problem }, "a rule stays out");
    for (const finding of this.#home.analysis.findings) logger.warn({ ...finding }, "the analyser has found something");
    logger.info({ ...this.status }, "rules in force");
  }
}

function readHome({ files, hash, profileOf }: RuleShelfOptions, devices: readonly HomeDevice[]): Promise<GatewayHome> {
  return loadHome({ files, hash, profile: profileOf, devices });
}

function fingerprint({ rules, scenes, policy, mistakes }: GatewayHome): string {
  const held = [...rules, ...scenes].map(({ hash, status }) => `${toHex(hash)}${status}`);
  return [...held, toHex(policy.hash), JSON.stringify(mistakes)].join("\n");
}
