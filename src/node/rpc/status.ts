/** Methods that tell how consensus and synchronisation stand. Two of them answer with JSON inside a text, as FISCO does. */
import { equalBytes, toHex } from "../../base/bytes.js";
import { quorumOf } from "../../chain/committee.js";
import { writeJson } from "../../codec/json.js";
import type { RpcContext } from "./context.js";
import { method } from "./method.js";
import { plainNumber } from "./numbers.js";
import { group, nodeName } from "./params.js";
import { HEIGHT, JSON_TEXT } from "./schemas.js";

const TAG = "status";

export const statusMethods = [
  method({
    name: "getPbftView",
    tag: TAG,
    summary: "The view consensus is in.",
    params: [group, nodeName],
    result: { name: "view", schema: HEIGHT },
    answer: ({ node }) => node.consensus().view,
  }),
  method({
    name: "getConsensusStatus",
    tag: TAG,
    summary: "How consensus stands, as JSON in a text.",
    params: [group, nodeName],
    result: { name: "status", schema: JSON_TEXT },
    answer: (context) => `${writeJson(consensusStatus(context))}\n`,
  }),
  method({
    name: "getSyncStatus",
    tag: TAG,
    summary: "How far this node and its peers are, as JSON in a text.",
    params: [group, nodeName],
    result: { name: "status", schema: JSON_TEXT },
    answer: (context) => `${writeJson(syncStatus(context))}\n`,
  }),
];

function consensusStatus({ view, node }: RpcContext): Record<string, unknown> {
  const { header, hash } = view.head();
  const { nodeId, profile } = view.identity;
  const { nodeIds, weights } = view.sealers();
  const { changeCycle, leaderIndex, timeout, view: round } = node.consensus();
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const quorum = quorumOf(total, profile.faultModel);
  const index = nodeIds.findIndex((id) => equalBytes(id, nodeId));
  return {
    blockNumber: header.number,
    changeCycle,
    connectedNodeList: node.peers().length + 1,
    consensusNodeList: nodeIds.map((id, i) => ({ index: i, nodeID: toHex(id), weight: plainNumber(weights[i] ?? 0n) })),
    consensusNodesNum: nodeIds.length,
    hash: toHex(hash),
    index,
    isConsensusNode: index >= 0,
    leaderIndex,
    maxFaultyQuorum: plainNumber(total - quorum),
    minRequiredQuorum: plainNumber(quorum),
    nodeID: toHex(nodeId),
    timeout,
    view: round,
  };
}

function syncStatus({ view, node }: RpcContext): Record<string, unknown> {
  const { header, hash } = view.head();
  const genesisHash = toHex(view.header(0)?.hash ?? new Uint8Array(0));
  const highest = node.highest();
  return {
    archivedBlockNumber: 0,
    blockNumber: header.number,
    genesisHash,
    isSyncing: highest.number > header.number,
    knownHighestNumber: highest.number,
    knownLatestHash: toHex(highest.hash),
    latestHash: toHex(hash),
    nodeID: toHex(view.identity.nodeId),
    peers: node.peers().map((peer) => ({
      archivedBlockNumber: 0,
      blockNumber: peer.blockNumber,
      // A peer of another chain would be none.
      genesisHash,
      latestHash: toHex(peer.latestHash),
      nodeID: toHex(peer.nodeId),
    })),
  };
}
