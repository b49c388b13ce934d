/** Methods that watch the chain by asking again: filters for blocks, transactions and logs, and searches for logs. */
import { to0x } from "../../base/bytes.js";
import type { ChainView } from "../participant/chainView.js";
import { headerAt, transactionsAt } from "./blocks.js";
import type { RpcContext } from "./context.js";
import type { Filter } from "./filterTable.js";
import { LOG_QUERY, type LogQuery, readLogQuery } from "./logQuery.js";
import { findLogs, LOG_BLOCKS_MAX } from "./logSearch.js";
import { method } from "./method.js";
import { group, record, text } from "./params.js";
import { refuseParams } from "./refusals.js";
import { FILTER_LOG, FLAG, HASH, listOf, QUANTITY } from "./schemas.js";
import type { SearchTurn } from "./searches.js";

const TAG = "filters";

/** Blocks that one getFilterChanges tells about; the next one goes on where it ended. */
export const FILTER_BLOCKS_MAX = 128;

const filterId = text("filterID", "What the method that made the filter answered.");
const logQuery = record("filter", "Which logs.", LOG_QUERY);
const ID = { name: "filterID", schema: QUANTITY };
const LOGS = { name: "logs", schema: listOf(FILTER_LOG) };

export const filterMethods = [
  method({
    name: "newBlockFilter",
    tag: TAG,
    summary: "Makes a filter that tells the hashes of new blocks.",
    params: [group],
    result: ID,
    answer: ({ view, filters }) => filters.add({ kind: "blocks" }, nextBlock(view)),
  }),
  method({
    name: "newPendingTransactionFilter",
    tag: TAG,
    summary: "Makes a filter that tells the hashes of transactions in new blocks.",
    params: [group],
    result: ID,
    answer: ({ view, filters }) => filters.add({ kind: "transactions" }, nextBlock(view)),
  }),
  method({
    name: "newFilter",
    tag: TAG,
    summary: "Makes a filter that tells matching logs of new blocks.",
    params: [group, logQuery],
    result: ID,
    answer: ({ view, filters }, _group, given) =>
      filters.add({ kind: "logs", query: readLogQuery(given) }, nextBlock(view)),
  }),
  method({
    name: "uninstallFilter",
    tag: TAG,
    summary: "Removes a filter; false where there was none.",
    params: [group, filterId],
    result: { name: "removed", schema: FLAG },
    answer: ({ filters }, _group, id) => filters.remove(id),
  }),
  method({
    name: "getFilterChanges",
    tag: TAG,
    summary: "What has happened since the last time this was asked.",
    params: [group, filterId],
    result: { name: "changes", schema: { oneOf: [listOf(HASH), listOf(FILTER_LOG)] } },
    answer: (context, _group, id) => changes(context, context.filters.use(id) ?? refuseParams("filter not found")),
  }),
  method({
    name: "getFilterLogs",
    tag: TAG,
    summary: "All logs that a filter made by newFilter matches.",
    params: [group, filterId],
    result: LOGS,
    answer: (context, _group, id) => {
      const filter = context.filters.use(id);
      return filter?.kind === "logs" ? search(context, filter.query) : refuseParams("filter not found");
    },
  }),
  method({
    name: "getLogs",
    tag: TAG,
    summary: "Matching logs of a range of blocks or of one block.",
    params: [group, logQuery],
    result: LOGS,
    answer: (context, _group, given) => search(context, readLogQuery(given)),
  }),
];

function nextBlock(view: ChainView): number {
  return view.head().header.number + 1;
}

/** @throws RpcRefusal */
async function search({ view, searches, signal }: RpcContext, query: LogQuery): Promise<unknown[]> {
  const { blockHash } = query;
  const newest = view.head().header.number;
  const only = blockHash === undefined ? undefined : (view.numberOf(blockHash) ?? refuseParams("unknown block"));
  const from = only ?? query.from ?? newest;
  const to = only ?? Math.min(query.to ?? newest, newest);
  if (to < from) return [];
  if (to - from >= LOG_BLOCKS_MAX) refuseParams(`at most ${LOG_BLOCKS_MAX} blocks may be searched at once`);
  return searches.run(signal, (turn) => findLogs(view, query, from, to, turn));
}

/**
 * The place is moved on before anything is read: a block that is not kept any more is reported once, not for ever, and two
 * that ask at once are not told the same. It goes back where the client went away before it was told.
 */
async function changes(context: RpcContext, filter: Filter): Promise<unknown[]> {
  const { view, searches, signal } = context;
  if (rangeOf(view, filter) === undefined) return [];
  return searches.run(signal, async (turn) => {
    // Others may have asked while this one waited.
    const range = rangeOf(view, filter);
    if (range === undefined) return [];
    const { from, to } = range;
    const before = filter.nextBlock;
    filter.nextBlock = to + 1;
    try {
      if (filter.kind === "logs") return await findLogs(view, filter.query, from, to, turn);
      return await hashesOf(view, filter.kind, from, to, turn);
    } catch (thrown) {
      if (signal?.aborted === true && filter.nextBlock === to + 1) filter.nextBlock = before;
      throw thrown;
    }
  });
}

/** Heights to tell about, both included; undefined where there are none. */
function rangeOf(view: ChainView, filter: Filter): { readonly from: number; readonly to: number } | undefined {
  const newest = view.head().header.number;
  const query = filter.kind === "logs" ? filter.query : undefined;
  const from = Math.max(filter.nextBlock, query?.from ?? 0);
  const to = Math.min(newest, from + FILTER_BLOCKS_MAX - 1, query?.to ?? newest);
  return to < from ? undefined : { from, to };
}

async function hashesOf(
  view: ChainView,
  kind: "blocks" | "transactions",
  from: number,
  to: number,
  turn: SearchTurn,
): Promise<string[]> {
  const hashes: string[] = [];
  for (let number = from; number <= to; number++) {
    if (turn.isOver) await turn.next();
    if (kind === "blocks") hashes.push(to0x(headerAt(view, number).hash));
    else for (const { hash } of transactionsAt(view, number)) hashes.push(to0x(hash));
  }
  return hashes;
}
