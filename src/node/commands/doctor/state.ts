/** What the doctor sees of the node's state: data directory, lock, store, free space, anchor. */
import { statfsSync, statSync } from "node:fs";
import type { Clock, Millis } from "../../../base/clock.js";
import { DomainError, type Problem } from "../../../base/error.js";
import type { Anchor } from "../../../chain/anchor.js";
import { restoreLightClient } from "../../../chain/restore.js";
import { referenceSuite } from "../../../crypto/referenceSuite.js";
import type { Config } from "../../config.js";
import { askNode } from "../../control/client.js";
import { holderOf } from "../../dataDir/lock.js";
import { anchorName, readAnchor } from "../anchorRecord.js";
import { type NodeState, openNodeState } from "../nodeState.js";
import type { Finding } from "./finding.js";

export interface StateFindings {
  readonly findings: readonly Finding[];
  readonly headerTime: Millis | undefined;
}

const DAY_MS = 86_400_000;
/** Less than this and a busy chain fills the disk within days. */
const FREE_BYTES_MIN = 256 * 1024 * 1024;
const MIB = 1024 * 1024;
/** Share of the trusting period after which the operator should think of a new anchor. */
const TRUST_WARN_SHARE = 0.75;

export async function checkState(config: Config, clock: Clock): Promise<StateFindings> {
  const folder = checkFolder(config);
  const running = await askNode(config.dataDir, { command: "status" }).catch(() => undefined);
  if (running !== undefined) {
    const says = `in use by the running node ${holderOf(config.dataDir)}, which checks its store itself`;
    return { findings: [...folder, { name: "lock", level: "ok", says }], headerTime: undefined };
  }
  let state: NodeState;
  try {
    state = await openNodeState(config, false);
  } catch (thrown) {
    return { findings: [...folder, failure("data directory", thrown)], headerTime: undefined };
  }
  try {
    return examine(config, state, clock, [...folder, { name: "lock", level: "ok", says: "free; no node runs" }]);
  } finally {
    state.close();
  }
}

function examine(config: Config, { store }: NodeState, clock: Clock, before: readonly Finding[]): StateFindings {
  const faults = store.check();
  const size = Math.ceil(store.usage.bytesOnDisk / MIB);
  const sound: Finding =
    faults.length === 0
      ? { name: "store", level: "ok", says: `${store.engine}, ${size} MiB, sound` }
      : { name: "store", level: "fail", says: `${store.engine}: ${faults.join(", ")}`, advice: "See docs/errors.md." };
  const findings = [...before, sound];
  try {
    const anchor = readAnchor(store, clock.now());
    if (anchor === undefined && config.role === "participant") {
      findings.push({ name: "anchor", level: "ok", says: "is made from block 0 at the first start" });
      return { findings, headerTime: undefined };
    }
    if (anchor === undefined) {
      findings.push({ name: "anchor", level: "fail", problem: noAnchor(config) });
      return { findings, headerTime: undefined };
    }
    const { profile } = anchor;
    const wire = { suite: referenceSuite(profile.suite), profile };
    const { trusted } = restoreLightClient(store, anchor, wire, clock.now());
    findings.push(checkAnchor(anchor, trusted?.vouchedAt ?? anchor.acceptedAt, config, clock.now()));
    return { findings, headerTime: trusted?.timestamp };
  } catch (thrown) {
    return { findings: [...findings, failure("anchor", thrown)], headerTime: undefined };
  }
}

function noAnchor(config: Config): Problem & { readonly dataDir: string } {
  return { code: "NODE_NO_ANCHOR", dataDir: config.dataDir };
}

/** @param vouchedAt when trust began to age: the newest verified header's time, else the anchor's. */
export function checkAnchor(anchor: Anchor, vouchedAt: Millis, config: Config, now: Millis): Finding {
  const ageDays = (now - vouchedAt) / DAY_MS;
  const { trustingPeriodDays } = config.sync;
  const { suite, layout, faultModel } = anchor.profile;
  const says = `${anchorName(anchor)} (${suite}, ${layout}, ${faultModel}); trust is ${ageDays.toFixed(1)} of ${trustingPeriodDays} days old`;
  const name = "anchor";
  if (ageDays > trustingPeriodDays) {
    const advice = "Get a recent height, hash and sealer list from the operator and run `edgeseal anchor set`.";
    return { name, level: "fail", says, advice };
  }
  if (ageDays > TRUST_WARN_SHARE * trustingPeriodDays) {
    return { name, level: "warn", says, advice: "Let the node follow the chain before the period ends." };
  }
  return { name, level: "ok", says };
}

function checkFolder(config: Config): Finding[] {
  const found = statSync(config.dataDir, { throwIfNoEntry: false });
  if (found === undefined) return [];
  const mode = found.mode & 0o777;
  const permissions: Finding =
    (mode & 0o077) === 0
      ? { name: "data directory", level: "ok", says: `${config.dataDir}, mode ${mode.toString(8)}` }
      : {
          name: "data directory",
          level: "warn",
          says: `${config.dataDir} can be entered by others (mode ${mode.toString(8)})`,
          advice: `chmod 700 ${config.dataDir}`,
        };
  const { bavail, bsize } = statfsSync(config.dataDir);
  const free = bavail * bsize;
  const space: Finding = {
    name: "disk",
    level: free < FREE_BYTES_MIN ? "warn" : "ok",
    says: `${Math.floor(free / MIB)} MiB free`,
    ...(free < FREE_BYTES_MIN ? { advice: "Free some space; a full disk stops the node." } : {}),
  };
  return [permissions, space];
}

/** Mistakes of ours stay exceptions. */
export function failure(name: string, thrown: unknown): Finding {
  if (thrown instanceof DomainError) return { name, level: "fail", problem: thrown.problem as Problem };
  throw thrown;
}
