/**
 * Changes of a sealer set as FISCO makes them: calls of the consensus precompile in block N, in force from block N+1 on
 * (ConsensusPrecompiled.cpp writes enableNumber = N+1).
 */
import { compareBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import type { ConsensusCall } from "../../src/codec/fisco/consensusCall.js";
import type { SealerSet } from "../../src/codec/fisco/header.js";
import type { Account } from "./accounts.js";
import { SimulatorError } from "./problems.js";

export type SealerEdit =
  /** A new key from the chain's seed, or the one handed in. */
  | { readonly kind: "add"; readonly weight?: bigint; readonly account?: Account }
  | { readonly kind: "remove"; readonly nodeId: Uint8Array }
  | { readonly kind: "weight"; readonly nodeId: Uint8Array; readonly weight: bigint }
  /** New keys for the first `count` of the list, each with the weight of the one it replaces. */
  | { readonly kind: "replace"; readonly count: number };

/**
 * The precompile calls that carry out the edits, in order.
 * @param newAccount called once per sealer that joins.
 * @throws SimulatorError `SIMULATOR_OPTION` for a node that is not in the list, or more to replace than there are.
 */
export function callsOfEdits(
  set: SealerSet,
  edits: readonly SealerEdit[],
  newAccount: (given: Account | undefined) => Account,
): ConsensusCall[] {
  return edits.flatMap((edit) => callsOfEdit(set, edit, newAccount));
}

function callsOfEdit(
  set: SealerSet,
  edit: SealerEdit,
  newAccount: (given: Account | undefined) => Account,
): ConsensusCall[] {
  switch (edit.kind) {
    case "add":
      return [{ method: "addSealer", nodeId: newAccount(edit.account).publicKey, weight: edit.weight ?? 1n }];
    case "remove":
      return [{ method: "remove", nodeId: memberOf(set, edit.nodeId) }];
    case "weight":
      return [{ method: "setWeight", nodeId: memberOf(set, edit.nodeId), weight: edit.weight }];
    case "replace":
      return callsOfReplacement(set, edit.count, newAccount);
  }
}

function callsOfReplacement(
  set: SealerSet,
  count: number,
  newAccount: (given: Account | undefined) => Account,
): ConsensusCall[] {
  if (count < 1 || count > set.nodeIds.length) refuse("replace", `${count} of ${set.nodeIds.length} sealers`);
  const leaving = set.nodeIds.slice(0, count);
  return leaving.flatMap((nodeId, i): ConsensusCall[] => [
    // The newcomer joins first, so that replacing all of them never leaves an empty list.
    { method: "addSealer", nodeId: newAccount(undefined).publicKey, weight: set.weights[i] ?? 1n },
    { method: "remove", nodeId },
  ]);
}

function memberOf(set: SealerSet, nodeId: Uint8Array): Uint8Array {
  return set.nodeIds.some((id) => equalBytes(id, nodeId)) ? nodeId : refuse("sealers", `${toHex(nodeId)} is no sealer`);
}

function refuse(option: string, reason: string): never {
  throw new SimulatorError({ code: "SIMULATOR_OPTION", option, reason });
}

/**
 * The set after some calls, ascending by node id.
 * @throws SimulatorError `SIMULATOR_OPTION` when nobody is left.
 */
export function applyConsensusCalls(set: SealerSet, calls: readonly ConsensusCall[]): SealerSet {
  const weights = new Map(set.nodeIds.map((nodeId, i) => [toHex(nodeId), { nodeId, weight: set.weights[i] ?? 1n }]));
  for (const call of calls) {
    const key = toHex(call.nodeId);
    if (call.method === "addSealer") weights.set(key, { nodeId: call.nodeId, weight: call.weight });
    else if (call.method === "setWeight" && weights.has(key)) {
      weights.set(key, { nodeId: call.nodeId, weight: call.weight });
    } else if (call.method === "remove" || call.method === "addObserver") weights.delete(key);
  }
  if (weights.size === 0) refuse("sealers", "nobody would be left");
  const sorted = [...weights.values()].sort((a, b) => compareBytes(a.nodeId, b.nodeId));
  return { nodeIds: sorted.map(({ nodeId }) => nodeId), weights: sorted.map(({ weight }) => weight) };
}
