/**
 * A FISCO BCOS v3 node as its JSON-RPC shows it (bcos-rpc/jsonrpc/JsonRpcImpl_2_0.cpp), with a simulated chain behind
 * it.
 * Results are plain values for `writeJson`; weights beyond 2^53-1 are bigints. Errors carry the codes of bcos-rpc
 * jsonrpc/Common.h, LedgerTypeDef.h and protocol/TransactionStatus.h.
 */
import { equalBytes, fromHex, to0x, toHex } from "../../src/base/bytes.js";
import { DomainError } from "../../src/base/error.js";
import { blockToRpc } from "../../src/codec/fisco/blockRpc.js";
import { CONSENSUS_PRECOMPILE_ADDRESS } from "../../src/codec/fisco/consensusCall.js";
import { headerToRpc } from "../../src/codec/fisco/headerRpc.js";
import { proofToRpc } from "../../src/codec/fisco/proofRpc.js";
import { receiptToRpc } from "../../src/codec/fisco/receiptRpc.js";
import type { Transaction } from "../../src/codec/fisco/transaction.js";
import { transactionToRpc } from "../../src/codec/fisco/transactionRpc.js";
import { checkTransaction } from "../../src/codec/fisco/transactionRules.js";
import { transactionSender } from "../../src/codec/fisco/transactionSender.js";
import { decodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { writeJson } from "../../src/codec/json.js";
import { BLOCK_LIMIT_AHEAD, type CallOutcome, type IssuedTransaction } from "./blockContent.js";
import type { ChainIssuer } from "./chainIssuer.js";
import { SimulatorError } from "./problems.js";
import { quorumWeight } from "./quorum.js";

export type SimulatedNode = (method: string, params: readonly unknown[]) => unknown;

export interface SimulatedNodeOptions {
  /** What the called contract does with a submitted transaction; by default it succeeds silently. */
  readonly execute?: (transaction: Transaction, sender: Uint8Array) => CallOutcome;
  /** Milliseconds, for the block that a submitted transaction makes; by default the issuer's interval counts. */
  readonly now?: () => number;
}

/** Codes of the node's own errors. */
export const NODE_ERROR = {
  methodNotFound: -32601,
  invalidParams: -32602,
  groupNotExist: -32005,
  storage: 3008,
  nonceUsed: 10_000,
  blockLimit: 10_001,
  malformed: 10_003,
  wrongChain: 10_006,
  wrongGroup: 10_007,
  invalidSignature: 10_008,
} as const;

/** Nonces of submitted transactions that are remembered. */
export const NONCES_KEPT_MAX = 65_536;
/** TransactionStatus::PrecompiledError */
const STATUS_PRECOMPILED_ERROR = 15;
const METHODS_WITHOUT_GROUP = new Set(["getGroupList", "getGroupInfoList", "getPeers"]);

/**
 * A node of the issuer's chain. It answers by the issuer's state of the moment; `sendTransaction` makes it issue a
 * block.
 */
export function simulatedNode(issuer: ChainIssuer, options: SimulatedNodeOptions = {}): SimulatedNode {
  const node = new RpcNode(issuer, options);
  return (method, params) => node.answer(method, params);
}

class RpcNode {
  readonly #issuer: ChainIssuer;
  readonly #options: SimulatedNodeOptions;
  readonly #nonces = new Set<string>();

  constructor(issuer: ChainIssuer, options: SimulatedNodeOptions) {
    this.#issuer = issuer;
    this.#options = options;
  }

  /** @throws SimulatorError `SIMULATOR_RPC` with the node's code and message. */
  answer(method: string, params: readonly unknown[]): unknown {
    const issuer = this.#issuer;
    // Some documented examples leave group and node out; a node then takes its only group.
    const group = params[0];
    if (!METHODS_WITHOUT_GROUP.has(method) && group !== undefined && group !== issuer.groupId) {
      fail(NODE_ERROR.groupNotExist, `The group ${String(group)} does not exist`);
    }
    switch (method) {
      case "getBlockNumber":
        return issuer.height;
      case "getBlockByNumber":
        return this.#block(this.#header(params[2]), params[3] ?? true, params[4] ?? true);
      case "getBlockByHash":
        return this.#block(this.#headerByHash(params[2]), params[3] ?? true, params[4] ?? true);
      case "getBlockHashByNumber":
        return to0x(this.#header(params[2]).hash);
      case "getTransaction":
        return this.#transaction(params[2], params[3] === true);
      case "getTransactionReceipt":
        return this.#receipt(params[2], params[3] === true);
      case "sendTransaction":
        return this.#send(params[2], params[3] === true);
      case "getPendingTxSize":
        return 0;
      case "getPbftView":
        return issuer.height + 1;
      default:
        return this.#aboutGroup(method, params);
    }
  }

  #aboutGroup(method: string, params: readonly unknown[]): unknown {
    const { groupId } = this.#issuer;
    switch (method) {
      case "getSealerList":
        return this.#sealerList().map((sealer) => ({ ...sealer, termWeight: 0 }));
      case "getObserverList":
        return [];
      case "getGroupPeers":
        return this.#sealerList().map(({ nodeID }) => nodeID);
      case "getGroupList":
        return { code: 0, groupList: [groupId], msg: "success" };
      case "getGroupInfo":
        return this.#groupInfo();
      case "getGroupInfoList":
        return [this.#groupInfo()];
      case "getGroupNodeInfo":
        return this.#groupInfo().nodeList[0];
      case "getPeers":
        return this.#peers();
      case "getConsensusStatus":
        return `${writeJson(this.#consensusStatus())}\n`;
      case "getSyncStatus":
        return `${writeJson(this.#syncStatus())}\n`;
      case "getTotalTransactionCount":
        return {
          blockNumber: this.#issuer.height,
          failedTransactionCount: 0,
          transactionCount: this.#transactionCount(),
        };
      case "getSystemConfigByKey":
        return systemConfig(params[2], this.#issuer.version);
      default:
        return fail(NODE_ERROR.methodNotFound, `The method ${method} does not exist/is not available.`);
    }
  }

  #header(number: unknown): HashedHeader {
    if (typeof number !== "number" || !Number.isSafeInteger(number)) fail(NODE_ERROR.invalidParams, "Invalid params.");
    try {
      return this.#issuer.header(number);
    } catch (thrown) {
      if (!(thrown instanceof SimulatorError)) throw thrown;
      return fail(NODE_ERROR.storage, `getBlockDataByNumber failed, number: ${number}`);
    }
  }

  #headerByHash(value: unknown): HashedHeader {
    const hash = hashOf(value);
    // Linear, because nobody who has the choice asks a simulator by hash for more than the newest blocks.
    for (let number = this.#issuer.height; number >= 0; number--) {
      const header = this.#header(number);
      if (equalBytes(header.hash, hash)) return header;
    }
    return fail(NODE_ERROR.storage, "getBlockNumberByHash failed");
  }

  #block(signed: HashedHeader, onlyHeader: unknown, onlyTxHash: unknown): unknown {
    if (onlyHeader === true) return headerToRpc(signed, signed.hash);
    const issued = this.#transactions(signed.header.number);
    const listed = onlyTxHash === true ? issued.map(({ hash }) => hash) : issued.map((one) => this.#show(one));
    return blockToRpc(signed, signed.hash, listed);
  }

  #transactions(number: number): readonly IssuedTransaction[] {
    if (number === 0) return [];
    if (!this.#issuer.hasBody(number)) fail(NODE_ERROR.storage, `getBlockDataByNumber failed, number: ${number}`);
    return this.#issuer.transactions(number);
  }

  #show({ transaction, hash, sender }: IssuedTransaction, proof?: readonly string[]): Record<string, unknown> {
    return transactionToRpc(transaction, hash, sender, proof);
  }

  #place(value: unknown): { readonly number: number; readonly index: number } {
    const place = this.#issuer.find(hashOf(value));
    return place ?? fail(NODE_ERROR.storage, "getTransactionByHash failed");
  }

  #transaction(value: unknown, withProof: boolean): unknown {
    const { number, index } = this.#place(value);
    const issued = this.#transactions(number)[index] as IssuedTransaction;
    if (!withProof) return this.#show(issued);
    return this.#show(issued, proofToRpc(this.#issuer.proofs(number, index).transactionProof));
  }

  #receipt(value: unknown, withProof: boolean): unknown {
    const { number, index } = this.#place(value);
    const issued = this.#transactions(number)[index] as IssuedTransaction;
    const { data, extraData } = issued.transaction;
    return receiptToRpc(this.#issuer.suite.hash, issued.receipt, issued.receiptHash, {
      transactionHash: issued.hash,
      from: issued.sender,
      to: data.to,
      input: data.input,
      extraData,
      ...(withProof ? { proof: proofToRpc(this.#issuer.proofs(number, index).receiptProof) } : {}),
    });
  }

  /** The checks of a node's pool (bcos-txpool), one block for the transaction, its receipt. */
  #send(value: unknown, withProof: boolean): unknown {
    const transaction = this.#acceptable(bytesOf(value));
    const sender = this.#senderOf(transaction);
    const { nonce, to } = transaction.data;
    if (this.#nonces.size >= NONCES_KEPT_MAX) this.#nonces.clear();
    this.#nonces.add(nonce);
    const forConsensus = to.replace(/^0x/, "") === CONSENSUS_PRECOMPILE_ADDRESS;
    // The keys of sealers that a stranger names are not ours to sign with.
    const outcome = forConsensus
      ? { status: STATUS_PRECOMPILED_ERROR }
      : (this.#options.execute?.(transaction, sender) ?? {});
    const timestamp = this.#options.now?.();
    const header = this.#issuer.issue({
      transactions: [{ transaction, outcome }],
      ...(timestamp === undefined ? {} : { timestamp }),
    });
    const [issued] = this.#transactions(header.header.number);
    return this.#receipt(to0x((issued as IssuedTransaction).hash), withProof);
  }

  #acceptable(bytes: Uint8Array): Transaction {
    const { chainId, groupId, suite, height } = this.#issuer;
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(bytes).transaction;
      checkTransaction(transaction, { chainId, groupId, suite: suite.name });
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      if (thrown.code === "TRANSACTION_CHAIN_ID") fail(NODE_ERROR.wrongChain, "InvalidChainId");
      if (thrown.code === "TRANSACTION_GROUP_ID") fail(NODE_ERROR.wrongGroup, "InvalidGroupId");
      return fail(NODE_ERROR.malformed, `Malformed (${String(thrown.code)})`);
    }
    const { blockLimit, nonce } = transaction.data;
    if (blockLimit <= height || blockLimit > height + 2 * BLOCK_LIMIT_AHEAD) {
      fail(NODE_ERROR.blockLimit, "BlockLimitCheckFail");
    }
    if (this.#nonces.has(nonce)) fail(NODE_ERROR.nonceUsed, "NonceCheckFail");
    return transaction;
  }

  #senderOf(transaction: Transaction): Uint8Array {
    const { suite } = this.#issuer;
    try {
      return transactionSender({ chain: suite, web3: suite }, transaction);
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      return fail(NODE_ERROR.invalidSignature, "InvalidSignature");
    }
  }

  /** The set of the *next* block, as real nodes answer. */
  #sealerList(): { readonly nodeID: string; readonly weight: number | bigint }[] {
    const { nodeIds, weights } = this.#issuer.sealers(this.#issuer.height + 1);
    return nodeIds.map((nodeId, i) => ({ nodeID: toHex(nodeId), weight: plainNumber(weights[i] ?? 1n) }));
  }

  #groupInfo(): { readonly nodeList: readonly unknown[] } & Record<string, unknown> {
    const { chainId, groupId, profile, version } = this.#issuer;
    const { nodeIds, weights } = this.#issuer.sealers(0);
    const first = nodeIds.map((nodeId, i) => ({ nodeID: toHex(nodeId), weight: plainNumber(weights[i] ?? 1n) }));
    const name = first[0]?.nodeID ?? "";
    const nodeConfig = {
      binaryInfo: { version: dotted(version) },
      chainID: chainId,
      groupID: groupId,
      isAuthCheck: false,
      isSerialExecute: true,
      isWasm: false,
      nodeID: name,
      nodeName: name,
      smCryptoType: profile.suite === "sm",
    };
    const genesis = { blockTxCountLimit: 1000, consensusLeaderPeriod: 1, consensusType: "pbft", sealerList: first };
    return {
      chainID: chainId,
      genesisConfig: `${writeJson({ ...genesis, txGasLimit: 3_000_000_000 })}\n`,
      groupID: groupId,
      iniConfig: "",
      nodeList: [
        {
          iniConfig: `${writeJson(nodeConfig)}\n`,
          microService: false,
          name,
          nodeID: name,
          protocol: { compatibilityVersion: version, maxSupportedVersion: 1, minSupportedVersion: 0 },
          serviceInfo: [],
          type: profile.suite === "sm" ? 1 : 0,
        },
      ],
    };
  }

  #peers(): unknown {
    const { groupId } = this.#issuer;
    const ids = this.#sealerList().map(({ nodeID }) => nodeID);
    const entries = ids.map((id, i) => ({
      endPoint: `127.0.0.1:${30_300 + i}`,
      groupNodeIDInfo: [{ group: groupId, nodeIDList: [id] }],
      p2pNodeID: id,
    }));
    return { ...entries[0], endPoint: "0.0.0.0:30300", peers: entries.slice(1) };
  }

  #consensusStatus(): Record<string, unknown> {
    const { height, head, profile } = this.#issuer;
    const set = this.#issuer.sealers(height + 1);
    const total = set.weights.reduce((sum, weight) => sum + weight, 0n);
    const quorum = quorumWeight(set.weights, profile.faultModel);
    const list = this.#sealerList();
    return {
      blockNumber: height,
      changeCycle: 0,
      connectedNodeList: list.length,
      consensusNodeList: list.map(({ nodeID, weight }, index) => ({ index, nodeID, weight })),
      consensusNodesNum: list.length,
      hash: toHex(head.hash),
      index: 0,
      isConsensusNode: true,
      leaderIndex: (height + 1) % list.length,
      maxFaultyQuorum: plainNumber(total - quorum),
      minRequiredQuorum: plainNumber(quorum),
      nodeID: list[0]?.nodeID ?? "",
      timeout: false,
      view: height + 1,
    };
  }

  #syncStatus(): Record<string, unknown> {
    const { height, head } = this.#issuer;
    const hash = toHex(head.hash);
    return {
      archivedBlockNumber: 0,
      blockNumber: height,
      genesisHash: toHex(this.#header(0).hash),
      isSyncing: false,
      knownHighestNumber: height,
      knownLatestHash: hash,
      latestHash: hash,
      nodeID: this.#sealerList()[0]?.nodeID ?? "",
      peers: [],
    };
  }

  #transactionCount(): number {
    let count = 0;
    for (let number = 1; number <= this.#issuer.height; number++) {
      if (this.#issuer.hasBody(number)) count += this.#issuer.transactions(number).length;
    }
    return count;
  }
}

function systemConfig(key: unknown, version: number): { readonly blockNumber: number; readonly value: string } {
  const values: Readonly<Record<string, string>> = {
    tx_count_limit: "1000",
    consensus_leader_period: "1",
    tx_gas_limit: "3000000000",
    compatibility_version: dotted(version),
  };
  const value = typeof key === "string" && Object.hasOwn(values, key) ? values[key] : undefined;
  if (value === undefined) return fail(NODE_ERROR.storage, "getSystemConfigByKey failed");
  return { blockNumber: 0, value };
}

function dotted(version: number): string {
  return `${version >>> 24}.${(version >>> 16) & 255}.${(version >>> 8) & 255}`;
}

function hashOf(value: unknown): Uint8Array {
  const hash = bytesOf(value);
  return hash.length === 32 ? hash : fail(NODE_ERROR.invalidParams, "Invalid params.");
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value !== "string") fail(NODE_ERROR.invalidParams, "Invalid params.");
  try {
    return fromHex(value);
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    return fail(NODE_ERROR.invalidParams, "Invalid params.");
  }
}

function plainNumber(wide: bigint): number | bigint {
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}

function fail(nodeCode: number, message: string): never {
  throw new SimulatorError({ code: "SIMULATOR_RPC", nodeCode, message });
}
