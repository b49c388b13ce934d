/** `edgeseal status`: from the running node, else from what it left in its store. */
import { to0x } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import { type Anchor, anchorToJson } from "../../chain/anchor.js";
import { restoreLightClient } from "../../chain/restore.js";
import type { ChainStore } from "../../chain/store.js";
import { referenceSuite } from "../../crypto/referenceSuite.js";
import type { Config } from "../config.js";
import { askNode } from "../control/client.js";
import type { NodeStatus } from "../control/runningNode.js";
import { isJsonObject, type JsonObject } from "../jsonObject.js";
import type { NodeProblem } from "../problems.js";
import { readAnchor } from "./anchorRecord.js";
import { openNodeState } from "./nodeState.js";

/**
 * The running node's own status with `running: true`, or a NodeStatus of the stopped one.
 * @throws ControlError, DataDirError, StoreError, ChainError
 */
export async function readStatus(config: Config, clock: Clock): Promise<JsonObject> {
  const answer = await askNode(config.dataDir, { command: "status" });
  if (answer !== undefined && isJsonObject(answer.result)) return { running: true, ...answer.result };
  const state = await openNodeState(config, false);
  try {
    const anchor = readAnchor(state.store, clock.now());
    return { ...stoppedStatus(config, anchor, state.store, clock) };
  } finally {
    state.close();
  }
}

function stoppedStatus(config: Config, anchor: Anchor | undefined, store: ChainStore, clock: Clock): NodeStatus {
  const always = { role: config.role, running: false, state: "STOPPED", sources: [], counters: {} };
  if (anchor === undefined) {
    const problem: NodeProblem = { code: "NODE_NO_ANCHOR", dataDir: config.dataDir };
    return { ...always, problem };
  }
  const { profile, chainId, groupId } = anchor;
  const { trusted } = restoreLightClient(store, anchor, { suite: referenceSuite(profile.suite), profile }, clock.now());
  return {
    ...always,
    chain: chainId,
    group: groupId,
    faultModel: profile.faultModel,
    anchor: anchorToJson(anchor),
    height: trusted?.number ?? anchor.height,
    hash: to0x(trusted?.hash ?? anchor.hash),
    ...(trusted?.timestamp === undefined ? {} : { headerAgeMs: clock.now() - trusted.timestamp }),
  };
}
