/**
 * Which logs a client wants (bcos-rpc filter/FilterRequest.cpp, LogMatcher.cpp): a range of blocks or one block, addresses
 * of which one has to be the log's, and for each place of a topic the values of which one has to stand there.
 */
import { to0x } from "../../base/bytes.js";
import type { LogEntry } from "../../codec/fisco/receipt.js";
import type { Schema } from "./method.js";
import { readAddress, readHash, readHeight } from "./params.js";
import { refuseParams } from "./refusals.js";
import { ADDRESS, fields, HASH, HEIGHT, listOf, nullOr } from "./schemas.js";

export interface LogQuery {
  /** Undefined for the newest block of the moment. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Instead of the range. */
  readonly blockHash: Uint8Array | undefined;
  /** 40 hex digits in lower case; empty for any. */
  readonly addresses: ReadonlySet<string>;
  /** By place; an empty set is for any topic. Hex with 0x. */
  readonly topics: readonly ReadonlySet<string>[];
}

/** Topics of one log. */
export const LOG_TOPICS_MAX = 4;
/** Addresses of one query, and alternatives for one topic. */
export const LOG_ALTERNATIVES_MAX = 256;

const QUANTITY_TEXT = /^0x(?:0|[1-9a-f][0-9a-f]{0,12})$/i;
/** A block is final when it is committed, so all of these are the newest. */
const NEWEST = new Set(["latest", "safe", "finalized", "pending"]);

const BLOCK_TAG: Schema = {
  oneOf: [HEIGHT, { type: "string", description: "earliest, latest, safe, finalized, pending or hex digits with 0x" }],
};

export const LOG_QUERY: Schema = fields(
  {
    address: { oneOf: [ADDRESS, listOf(ADDRESS)] },
    blockhash: HASH,
    fromBlock: BLOCK_TAG,
    toBlock: BLOCK_TAG,
    topics: listOf(nullOr({ oneOf: [HASH, listOf(HASH)] })),
  },
  ["address", "blockhash", "fromBlock", "toBlock", "topics"],
);

/** @throws RpcRefusal */
export function readLogQuery(given: Readonly<Record<string, unknown>>): LogQuery {
  const field = (name: string): unknown => (Object.hasOwn(given, name) ? (given[name] ?? undefined) : undefined);
  const blockHash = field("blockhash") ?? field("blockHash");
  const query = {
    from: readBlock(field("fromBlock"), "fromBlock"),
    to: readBlock(field("toBlock"), "toBlock"),
    blockHash: blockHash === undefined ? undefined : readHash(blockHash, "blockhash"),
    addresses: new Set(readAlternatives(field("address"), "address").map((one) => readAddress(one, "address"))),
    topics: readTopics(field("topics")),
  };
  if (isBackwards(query)) refuseParams("invalid block range params");
  return query;
}

/** From the newest block on to an older one, or from a higher one to a lower one. */
function isBackwards({ from, to }: Pick<LogQuery, "from" | "to">): boolean {
  return to !== undefined && (from === undefined || from > to);
}

function readBlock(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return readHeight(value, name);
  if (NEWEST.has(value)) return undefined;
  if (value === "earliest") return 0;
  return QUANTITY_TEXT.test(value) ? Number(value) : refuseParams(name);
}

function readAlternatives(value: unknown, name: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [value];
  return value.length <= LOG_ALTERNATIVES_MAX ? value : refuseParams(`too many values of ${name}`);
}

function readTopics(value: unknown): ReadonlySet<string>[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return refuseParams("topics");
  if (value.length > LOG_TOPICS_MAX) return refuseParams("exceed max topics");
  return value.map((place) => {
    const values = readAlternatives(place ?? undefined, "topics");
    return new Set(values.map((one) => to0x(readHash(one, "topics"))));
  });
}

export function matchesLog({ addresses, topics }: LogQuery, log: LogEntry): boolean {
  if (addresses.size > 0 && !addresses.has(log.address.toLowerCase())) return false;
  if (topics.length > log.topics.length) return false;
  return topics.every((wanted, i) => wanted.size === 0 || wanted.has(to0x(log.topics[i] as Uint8Array)));
}
