/** Methods that describe the group, its nodes and its settings. */
import { toHex } from "../../base/bytes.js";
import type { GenesisConfig } from "../../codec/fisco/genesis.js";
import { writeJson } from "../../codec/json.js";
import type { NodeView, PeerView, RpcContext } from "./context.js";
import { method } from "./method.js";
import { plainNumber } from "./numbers.js";
import { group, nodeName, optionalText, text } from "./params.js";
import { refuseStorage } from "./refusals.js";
import {
  fields,
  GROUP_INFO,
  HEIGHT,
  listOf,
  NODE_ID,
  NODE_INFO_OR_NULL,
  NUMBER,
  nullOr,
  PEERS,
  SEALER,
  TEXT,
} from "./schemas.js";

const TAG = "groups";

/** Another group is unknown to these methods, which is no error to them. */
const anyGroup = optionalText("groupID", "The group.");

export const groupMethods = [
  method({
    name: "getSealerList",
    tag: TAG,
    summary: "The sealers of the next block.",
    params: [group, nodeName],
    result: { name: "sealers", schema: listOf(SEALER) },
    answer: (context) => sealerList(context),
  }),
  method({
    name: "getObserverList",
    tag: TAG,
    summary: "The nodes that follow the chain without sealing.",
    params: [group, nodeName],
    result: { name: "observers", schema: listOf(NODE_ID) },
    answer: ({ view }) => view.observers().map(toHex),
  }),
  method({
    name: "getNodeListByType",
    tag: TAG,
    summary: "The nodes of a type: consensus_sealer or consensus_observer; no node is of another type.",
    params: [group, nodeName, text("type", "The type.")],
    result: { name: "nodes", schema: listOf(SEALER) },
    answer: (context, _group, _node, type) => {
      if (type === "consensus_sealer") return sealerList(context);
      if (type !== "consensus_observer") return [];
      return context.view.observers().map((nodeId) => ({ nodeID: toHex(nodeId), termWeight: 0, weight: 0 }));
    },
  }),
  method({
    name: "getSystemConfigByKey",
    tag: TAG,
    summary: "A setting of the system contract, with the height from which it holds.",
    params: [group, nodeName, text("key", "The setting's name, such as tx_count_limit.")],
    result: { name: "setting", schema: fields({ blockNumber: HEIGHT, value: TEXT }) },
    answer: ({ view }, _group, _node, key) => {
      const setting = view.setting(key);
      if (setting === undefined) return refuseStorage("getSystemConfigByKey failed");
      return { blockNumber: setting.from, value: setting.value };
    },
  }),
  method({
    name: "getGroupList",
    tag: TAG,
    summary: "The groups this node serves.",
    params: [],
    result: { name: "groups", schema: fields({ code: NUMBER, groupList: listOf(TEXT), msg: TEXT }) },
    answer: ({ view }) => ({ code: 0, groupList: [view.identity.groupId], msg: "success" }),
  }),
  method({
    name: "getGroupInfo",
    tag: TAG,
    summary: "A group with its genesis settings and nodes; null for a group this node does not serve.",
    params: [anyGroup],
    result: { name: "group", schema: nullOr(GROUP_INFO) },
    answer: (context, named) => (serves(context, named) ? groupInfo(context) : null),
  }),
  method({
    name: "getGroupInfoList",
    tag: TAG,
    summary: "All groups this node serves, as getGroupInfo shows them.",
    params: [],
    result: { name: "groups", schema: listOf(GROUP_INFO) },
    answer: (context) => [groupInfo(context)],
  }),
  method({
    name: "getGroupNodeInfo",
    tag: TAG,
    summary: "A node of a group; null for one this node does not know.",
    params: [anyGroup, optionalText("nodeName", "The node's name; empty for this node.")],
    result: { name: "node", schema: NODE_INFO_OR_NULL },
    answer: (context, named, node) => {
      const known = node === "" || node === context.node.name;
      return known && serves(context, named) ? nodeInfo(context) : null;
    },
  }),
  method({
    name: "getGroupBlockNumber",
    tag: TAG,
    summary: "The height of each group.",
    params: [],
    result: { name: "heights", schema: listOf({ type: "object", additionalProperties: HEIGHT }) },
    answer: ({ view }) => [{ [view.identity.groupId]: view.head().header.number }],
  }),
  method({
    name: "getGroupPeers",
    tag: TAG,
    summary: "The ids of the group's nodes this one is connected with, and its own.",
    params: [anyGroup],
    result: { name: "nodes", schema: listOf(NODE_ID) },
    answer: (context, named) => (serves(context, named) ? groupNodeIds(context) : []),
  }),
  method({
    name: "getPeers",
    tag: TAG,
    summary: "This node's and its peers' addresses.",
    params: [],
    result: { name: "peers", schema: PEERS },
    answer: ({ view, node }) => {
      const { groupId, nodeId } = view.identity;
      const own = peerInfo(groupId, { nodeId, endPoint: node.endPoint });
      return { ...own, peers: node.peers().map((peer) => peerInfo(groupId, peer)) };
    },
  }),
];

function serves({ view }: RpcContext, named: string): boolean {
  return named === "" || named === view.identity.groupId;
}

function sealerList({ view }: RpcContext): unknown[] {
  const { nodeIds, weights, termWeights } = view.sealers();
  return nodeIds.map((nodeId, i) => ({
    nodeID: toHex(nodeId),
    termWeight: plainNumber(termWeights[i] ?? 0n),
    weight: plainNumber(weights[i] ?? 0n),
  }));
}

function groupNodeIds({ view, node }: RpcContext): string[] {
  const ids = [view.identity.nodeId, ...node.peers().map(({ nodeId }) => nodeId)];
  return [...new Set(ids.map(toHex))].sort();
}

/** A node of ours has one key for its peers and for the chain, so both ids are the same. */
function peerInfo(groupId: string, { nodeId, endPoint }: Pick<PeerView, "nodeId" | "endPoint">): object {
  const id = toHex(nodeId);
  return { endPoint, groupNodeIDInfo: [{ group: groupId, nodeIDList: [id] }], p2pNodeID: id };
}

function groupInfo(context: RpcContext): unknown {
  const { chainId, groupId, genesis } = context.view.identity;
  return {
    chainID: chainId,
    genesisConfig: `${writeJson(genesisText(genesis))}\n`,
    groupID: groupId,
    iniConfig: "",
    nodeList: [nodeInfo(context)],
  };
}

function genesisText({ blockTxCountLimit, consensusType, gasLimit, leaderPeriod, nodes }: GenesisConfig): unknown {
  return {
    blockTxCountLimit,
    consensusLeaderPeriod: leaderPeriod,
    consensusType,
    sealerList: nodes.map(({ nodeId, weight }) => ({ nodeID: toHex(nodeId), weight })),
    txGasLimit: gasLimit,
  };
}

/** The parts that a FISCO node in one process lists (bcos-framework/multigroup/ChainNodeInfo.h); SDKs expect the list. */
const SERVICES = [
  { serviceName: "LedgerServiceObj", type: 2 },
  { serviceName: "SchedulerServiceObj", type: 3 },
  { serviceName: "FrontServiceObj", type: 4 },
  { serviceName: "", type: 6 },
  { serviceName: "", type: 7 },
  { serviceName: "TxPoolServiceObj", type: 8 },
];
const NODE_TYPE = { ecdsa: 0, sm: 1 } as const;

function nodeInfo(context: RpcContext): unknown {
  const { view, node } = context;
  const { profile, nodeId } = view.identity;
  return {
    iniConfig: `${writeJson(nodeConfig(context, node))}\n`,
    microService: false,
    name: node.name,
    nodeID: toHex(nodeId),
    protocol: {
      compatibilityVersion: view.head().header.version,
      maxSupportedVersion: 1,
      minSupportedVersion: 0,
    },
    serviceInfo: SERVICES,
    type: NODE_TYPE[profile.suite],
  };
}

function nodeConfig({ view }: RpcContext, { name }: NodeView): unknown {
  const { chainId, groupId, genesis, nodeId, profile } = view.identity;
  const version = view.head().header.version;
  return {
    // SDKs read the version of the FISCO release whose formats are spoken.
    binaryInfo: { buildTime: "", gitCommitHash: "", platform: "edgeseal", version: dotted(version) },
    chainID: chainId,
    gatewayServiceName: "",
    groupID: groupId,
    isAuthCheck: genesis.isAuthCheck,
    isSerialExecute: genesis.isSerialExecute,
    isWasm: genesis.isWasm,
    nodeID: toHex(nodeId),
    nodeName: name,
    rpcServiceName: "",
    smCryptoType: profile.suite === "sm",
  };
}

function dotted(version: number): string {
  return `${version >>> 24}.${(version >>> 16) & 255}.${(version >>> 8) & 255}`;
}
