/** Finds the logs of a range of blocks. It works in turns, so that others are served meanwhile. */
import { to0x } from "../../base/bytes.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { ChainView, TransactionView } from "../participant/chainView.js";
import { headerAt, transactionsAt } from "./blocks.js";
import { type LogQuery, matchesLog } from "./logQuery.js";
import { quantity } from "./numbers.js";
import { refuseParams } from "./refusals.js";
import type { SearchTurn } from "./searches.js";

/** Blocks of one request. */
export const LOG_BLOCKS_MAX = 1_024;
/** Logs of one answer. */
export const LOGS_MAX = 10_000;

/** Heights `from`..`to`, both included. @throws RpcRefusal for too many logs, or a block that is not kept. */
export async function findLogs(
  view: ChainView,
  query: LogQuery,
  from: number,
  to: number,
  turn: SearchTurn,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let number = from; number <= to; number++) {
    if (turn.isOver) await turn.next();
    const header = headerAt(view, number);
    for (const [index, transaction] of transactionsAt(view, number).entries()) {
      if (turn.isOver) await turn.next();
      found.push(...logsOf(query, header, transaction, index));
      if (found.length > LOGS_MAX) refuseParams(`more than ${LOGS_MAX} logs match`);
    }
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
