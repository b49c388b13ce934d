/** `edgeseal chain status|block|tx`: a look at a chain through the nodes that the configuration names. */
import { to0x } from "../../base/bytes.js";
import { rpcCalls } from "../../codec/fisco/rpc.js";
import { optionalField, readList, readNumber, readRecord, readText } from "../../codec/fisco/rpcFields.js";
import type { Config } from "../config.js";
import { configuredRpc } from "../configuredRpc.js";
import type { RpcCaller } from "../rpcSource.js";
import type { Environment } from "../signing/openKey.js";
import { systemClock, systemRandom } from "../systemClock.js";
import { knownChain } from "./knownChain.js";
import { CommandError } from "./problems.js";
import { usage } from "./sign.js";
import { visitChain } from "./visit.js";

const HASH = /^0x[0-9a-fA-F]{64}$/;
const BLOCK_TIMEOUT_MS = 60_000;

export interface ChainStatus {
  readonly chain: string;
  readonly group: string;
  readonly suite: string;
  readonly height: number;
  readonly hash: string;
  readonly transactions: number;
  readonly failed: number;
  readonly pending: number;
  /** Of the next block. */
  readonly sealers: readonly { readonly nodeID: string; readonly weight: string }[];
  readonly endpoint: string;
}

/** What a node says of itself; nothing of it is proven. @throws NodeError `NODE_NO_ENDPOINT`; RpcError, RpcShapeError */
export async function chainStatus(config: Config, environment: Environment): Promise<ChainStatus> {
  const { anchor } = await knownChain(config);
  const { groupId, chainId } = anchor;
  return await withNode(config, environment, async (rpc) => {
    const [number, counts, pending, sealers] = await rpc.callMany([
      rpcCalls.getBlockNumber(groupId, ""),
      { method: "getTotalTransactionCount", params: [groupId, ""] },
      { method: "getPendingTxSize", params: [groupId, ""] },
      rpcCalls.getSealerList(groupId, ""),
    ]);
    const height = Number(number);
    const hash = await call(rpc, rpcCalls.getBlockHashByNumber(groupId, "", height));
    const total = readRecord(counts, "counts");
    return {
      chain: chainId,
      group: groupId,
      suite: anchor.profile.suite,
      height,
      hash: String(hash),
      transactions: readNumber(total, "transactionCount", "counts"),
      failed: readNumber(total, "failedTransactionCount", "counts"),
      pending: Number(pending),
      sealers: readList({ sealers }, "sealers", "", (item, path) => {
        const sealer = readRecord(item, path);
        return { nodeID: readText(sealer, "nodeID", path), weight: String(optionalField(sealer, "weight") ?? "") };
      }),
      endpoint: config.rpc.endpoints[0] ?? "",
    };
  });
}

export interface ProvenBlock {
  readonly number: number;
  readonly hash: string;
  readonly timestamp: number;
  readonly stateRoot: string;
  readonly transactionsRoot: string;
  readonly receiptsRoot: string;
  readonly sealers: number;
  readonly signatures: number;
  readonly proven: true;
}

/** @param number height; left out: the newest. @throws what `visitChain` throws; CommandError `COMMAND_USAGE` */
export async function provenBlock(
  config: Config,
  environment: Environment,
  number: number | undefined,
): Promise<ProvenBlock> {
  const options = { config, environment, via: undefined, timeoutMs: BLOCK_TIMEOUT_MS };
  return await visitChain(options, async ({ session, height }) => {
    if (number !== undefined && number > height) {
      throw new CommandError({ code: "COMMAND_USAGE", reason: `The newest block is ${height}` });
    }
    const { header, hash, signatures } = await session.header(number ?? height, BLOCK_TIMEOUT_MS);
    return {
      number: header.number,
      hash: to0x(hash),
      timestamp: header.timestamp,
      stateRoot: to0x(header.stateRoot),
      transactionsRoot: to0x(header.txsRoot),
      receiptsRoot: to0x(header.receiptsRoot),
      sealers: header.sealers.nodeIds.length,
      signatures: signatures.length,
      proven: true,
    };
  });
}

export interface StatedTransaction {
  readonly hash: string;
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly status: number;
  readonly message: string;
  readonly gasUsed: string;
  readonly output: string;
}

/** As a node says, without proof. @throws as `chainStatus` */
export async function statedTransaction(
  config: Config,
  environment: Environment,
  hash: string,
): Promise<StatedTransaction> {
  if (!HASH.test(hash)) usage("HASH takes 0x and 64 hex digits");
  const { anchor } = await knownChain(config);
  return await withNode(config, environment, async (rpc) => {
    const params = [anchor.groupId, "", hash, false] as const;
    const receipt = readRecord(await call(rpc, { method: "getTransactionReceipt", params: [...params] }), "receipt");
    const text = (name: string): string => String(optionalField(receipt, name) ?? "");
    return {
      hash,
      number: readNumber(receipt, "blockNumber", "receipt"),
      from: text("from"),
      to: text("to"),
      status: readNumber(receipt, "status", "receipt"),
      message: text("message"),
      gasUsed: text("gasUsed"),
      output: text("output"),
    };
  });
}

function call(rpc: RpcCaller, { method, params }: { method: string; params: readonly unknown[] }): Promise<unknown> {
  return rpc.call(method, params);
}

async function withNode<T>(config: Config, environment: Environment, work: (rpc: RpcCaller) => Promise<T>): Promise<T> {
  const rpc = await configuredRpc(config, { environment, random: systemRandom, clock: systemClock });
  try {
    return await work(rpc);
  } finally {
    await rpc.stop();
  }
}
