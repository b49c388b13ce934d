/** `edgeseal tx send`: a transaction sent, and its receipt believed only with a proof. */
import { fromHex, to0x } from "../../base/bytes.js";
import { SILENT_LOGGER } from "../../base/logger.js";
import { type Anchor, anchorFromJson } from "../../chain/anchor.js";
import type { EventDoubt } from "../../chain/eventEvidence.js";
import {
  BLOCK_LIMIT_AHEAD,
  checkedTransaction,
  type SignedTransaction,
  type TransactionCall,
} from "../../codec/fisco/transactionBuild.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { Suite } from "../../crypto/suite.js";
import type { Config } from "../config.js";
import { isJsonObject, type JsonObject } from "../jsonObject.js";
import { NodeError } from "../problems.js";
import { systemClock } from "../systemClock.js";
import { ChainSession, startAtTrusted } from "../transactions/chainSession.js";
import { keepTransaction, sendKept } from "../transactions/keptTransaction.js";
import { SendError } from "../transactions/problems.js";
import type { KeyContext } from "./key.js";
import { CommandError } from "./problems.js";
import { signedToJson, signTx } from "./sign.js";
import { readStatus } from "./status.js";
import { carriersOf, type Via } from "./txCarriers.js";

const DAY_MS = 24 * 3_600_000;
export const SEND_TIMEOUT_DEFAULT_MS = 60_000;

/** What this machine knows of its chain: from the running node, or from what it left. */
export interface KnownChain {
  readonly anchor: Anchor;
  readonly number: number;
  readonly hash: Uint8Array;
}

/** @throws NodeError `NODE_NO_ANCHOR`; ControlError, DataDirError, StoreError, ChainError */
export async function knownChain(config: Config): Promise<KnownChain> {
  const status = await readStatus(config, systemClock);
  const { anchor: json, height, hash } = status;
  if (!isJsonObject(json)) throw new NodeError({ code: "NODE_NO_ANCHOR", dataDir: config.dataDir });
  const anchor = anchorFromJson(json, systemClock.now());
  if (typeof height !== "number" || typeof hash !== "string" || height < anchor.height) {
    return { anchor, number: anchor.height, hash: anchor.hash };
  }
  return { anchor, number: height, hash: fromHex(hash) };
}

export type WhatToSend = { readonly file: JsonObject } | { readonly key: string; readonly call: TransactionCall };

export interface SendTxOptions {
  readonly config: Config;
  readonly keys: KeyContext;
  readonly what: WhatToSend;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
}

export interface SentTransaction {
  readonly hash: string;
  readonly from: string;
  readonly number: number;
  readonly blockHash: string;
  readonly index: number;
  /** FISCO's status of the execution; 0 is success. */
  readonly status: number;
  readonly receiptHash: string;
  readonly gasUsed: string;
  readonly contractAddress?: string;
  readonly message?: string;
  readonly output: string;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
  /** Always true: what is not proven is an error. */
  readonly proven: true;
  /** Why an event in it would be no evidence for others. */
  readonly doubts: readonly EventDoubt[];
}

/** @throws SendError, and what opening keys, state and links throws */
export async function sendTx({ config, keys, what, via, timeoutMs }: SendTxOptions): Promise<SentTransaction> {
  const known = await knownChain(config);
  const { anchor } = known;
  const suite = await loadSuite(anchor.profile.suite);
  const { environment, random } = keys;
  const ready = "file" in what ? fileTransaction(what.file, suite, anchor) : undefined;
  const carriers = await carriersOf({ config, anchor, suite, environment, random }, via);
  const start = await startAtTrusted(anchor, known, carriers);
  if (start === undefined) {
    await Promise.all(carriers.map((carrier) => carrier.stop()));
    throw new SendError({ code: "SEND_NOT_SYNCED", state: "OFFLINE", timeoutMs });
  }
  const sync = { ...config.sync, trustingPeriodMs: config.sync.trustingPeriodDays * DAY_MS, watched: [] };
  const session = new ChainSession({
    start,
    suite,
    carriers,
    sync,
    clock: systemClock,
    random,
    logger: SILENT_LOGGER,
  });
  session.start();
  try {
    const height = await session.height(timeoutMs);
    if (ready !== undefined) return await send(session, ready, timeoutMs);
    const signed = await signedNow(what, config, keys, known, height);
    const kept = keepTransaction(config.dataDir, to0x(signed.hash), signedToJson(signed));
    return await sendKept(kept, () => send(session, signed, timeoutMs));
  } finally {
    await session.stop();
  }
}

async function signedNow(
  what: WhatToSend,
  { dataDir }: Config,
  keys: KeyContext,
  { anchor }: KnownChain,
  height: number,
): Promise<SignedTransaction> {
  if ("file" in what) throw new CommandError({ code: "COMMAND_USAGE", reason: "nothing to sign" });
  const { key, call } = what;
  return await signTx(keys, { key, call, blockLimit: height + BLOCK_LIMIT_AHEAD, anchor, dataDir });
}

/** What `sign tx` printed. @throws CommandError `COMMAND_USAGE`, SendError `SEND_CHAIN`, TransactionError, TarsError */
function fileTransaction({ transaction: hex }: JsonObject, suite: Suite, anchor: Anchor): SignedTransaction {
  if (typeof hex !== "string") {
    throw new CommandError({ code: "COMMAND_USAGE", reason: "The file has no field `transaction`" });
  }
  const { transaction, claimedHash } = decodeTransaction(fromHex(hex));
  const { chainId, groupId } = transaction.data;
  const [found, expected] = [`${chainId}/${groupId}`, `${anchor.chainId}/${anchor.groupId}`];
  if (found !== expected) throw new SendError({ code: "SEND_CHAIN", found, expected });
  return checkedTransaction(suite, transaction, claimedHash);
}

async function send(session: ChainSession, signed: SignedTransaction, timeoutMs: number): Promise<SentTransaction> {
  const { verdict, blockHash } = await session.send(signed, timeoutMs);
  const { receipt, number, index, doubts } = verdict;
  return {
    hash: to0x(signed.hash),
    from: to0x(signed.sender),
    number,
    blockHash: to0x(blockHash),
    index,
    status: receipt.status,
    receiptHash: to0x(verdict.receiptHash),
    gasUsed: receipt.gasUsed,
    ...(receipt.contractAddress === "" ? {} : { contractAddress: `0x${receipt.contractAddress}` }),
    ...(receipt.message === "" ? {} : { message: receipt.message }),
    output: to0x(receipt.output),
    logs: receipt.logs.map(({ address, topics, data }) => ({
      address: `0x${address}`,
      topics: topics.map(to0x),
      data: to0x(data),
    })),
    proven: true,
    doubts,
  };
}
