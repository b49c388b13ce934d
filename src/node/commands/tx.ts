/** `edgeseal tx send`: a transaction sent, and its receipt believed only with a proof. */
import { fromHex, to0x } from "../../base/bytes.js";
import type { EventDoubt } from "../../chain/eventEvidence.js";
import {
  BLOCK_LIMIT_AHEAD,
  checkedTransaction,
  type SignedTransaction,
  type TransactionCall,
} from "../../codec/fisco/transactionBuild.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { Config } from "../config.js";
import type { JsonObject } from "../jsonObject.js";
import type { ChainSession } from "../transactions/chainSession.js";
import { keepTransaction, sendKept } from "../transactions/keptTransaction.js";
import { SendError } from "../transactions/problems.js";
import type { KeyContext } from "./key.js";
import { knownChain } from "./knownChain.js";
import { CommandError } from "./problems.js";
import { signedToJson, signTx } from "./sign.js";
import type { Via } from "./txCarriers.js";
import { visitChain } from "./visit.js";

export const SEND_TIMEOUT_DEFAULT_MS = 60_000;

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
  const { environment } = keys;
  const ready = "file" in what ? await fileTransaction(what.file, config) : undefined;
  return await visitChain({ config, environment, via, timeoutMs }, async ({ known, session, height }) => {
    if (ready !== undefined) return await send(session, ready, timeoutMs);
    const { key, call } = what as Extract<WhatToSend, { key: string }>;
    const { anchor } = known;
    const blockLimit = height + BLOCK_LIMIT_AHEAD;
    const signed = await signTx(keys, { key, call, blockLimit, anchor, dataDir: config.dataDir });
    const kept = keepTransaction(config.dataDir, to0x(signed.hash), signedToJson(signed));
    return await sendKept(kept, () => send(session, signed, timeoutMs));
  });
}

/** What `sign tx` printed. @throws CommandError `COMMAND_USAGE`, SendError `SEND_CHAIN`, TransactionError, TarsError */
async function fileTransaction({ transaction: hex }: JsonObject, config: Config): Promise<SignedTransaction> {
  if (typeof hex !== "string") {
    throw new CommandError({ code: "COMMAND_USAGE", reason: "The file has no field `transaction`" });
  }
  const { transaction, claimedHash } = decodeTransaction(fromHex(hex));
  const { anchor } = await knownChain(config);
  const { chainId, groupId } = transaction.data;
  const [found, expected] = [`${chainId}/${groupId}`, `${anchor.chainId}/${anchor.groupId}`];
  if (found !== expected) throw new SendError({ code: "SEND_CHAIN", found, expected });
  return checkedTransaction(await loadSuite(anchor.profile.suite), transaction, claimedHash);
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
