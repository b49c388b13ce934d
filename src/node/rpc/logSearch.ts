/** Finds the logs of a range of blocks. It works in pieces, so that others are served meanwhile. */
import { to0x } from "../../base/bytes.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { ChainView, TransactionView } from "../participant/chainView.js";
import { headerAt, transactionsAt } from "./blocks.js";
import { type LogQuery, matchesLog } from "./logQuery.js";
import { quantity } from "./numbers.js";
import { refuseParams } from "./refusals.js";

/** Blocks of one request. */
export const LOG_BLOCKS_MAX = 1_024;
/** Logs of one answer. */
export const LOGS_MAX = 10_000;
/** Transactions looked at before others have their turn. */
const TRANSACTIONS_AT_ONCE = 2_000;

/** Heights `from`..`to`, both included. @throws RpcRefusal for too many blocks or logs, or a block that is not kept. */
export async function findLogs(view: ChainView, query: LogQuery, from: number, to: number): Promise<unknown[]> {
  if (to - from >= LOG_BLOCKS_MAX) refuseParams(`at most ${LOG_BLOCKS_MAX} blocks may be searched at once`);
  const found: unknown[] = [];
  let looked = 0;
  for (let number = from; number <= to; number++) {
    const header = headerAt(view, number);
    const transactions = transactionsAt(view, number);
    for (const [index, transaction] of transactions.entries()) {
      found.push(...logsOf(query, header, transaction, index));
      if (found.length > LOGS_MAX) refuseParams(`more than ${LOGS_MAX} logs match`);
    }
    // An empty block costs a look as well.
    looked += transactions.length + 1;
    if (looked < TRANSACTIONS_AT_ONCE) continue;
    looked = 0;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return found;
}

function logsOf(
  query: LogQuery,
  { header, hash }: HashedHeader,
  { hash: transactionHash, receipt }: TransactionView,
  index: number,
): unknown[] {
  if (receipt.status !== 0) return [];
  const found: unknown[] = [];
  for (const [logIndex, log] of receipt.logs.entries()) {
    if (!matchesLog(query, log)) continue;
    found.push({
      address: `0x${log.address}`,
      blockHash: to0x(hash),
      blockNumber: quantity(header.number),
      data: to0x(log.data),
      logIndex: quantity(logIndex),
      removed: false,
      topics: log.topics.map(to0x),
      transactionHash: to0x(transactionHash),
      transactionIndex: quantity(index),
    });
  }
  return found;
}
