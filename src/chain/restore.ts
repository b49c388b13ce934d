/** What a light client needs from its store to go on where it stopped: the newest certified header, gaps, evidence. */
import { copyBytes, fromHex } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import { headerFromRpc } from "../codec/fisco/headerRpc.js";
import { type HashedHeader, hashHeader } from "../codec/hashedHeader.js";
import { parseJson } from "../codec/json.js";
import type { WireContext } from "../codec/wire/context.js";
import { decodeSegment, type Segment } from "../codec/wire/segment.js";
import type { Anchor } from "./anchor.js";
import type { Gap } from "./filler.js";
import type { ForkEvidence } from "./forkEvidence.js";
import type { Restored } from "./lightClient.js";
import { RECENT_HEADERS_MAX } from "./limits.js";
import type { ChainStore, RunSpan } from "./store.js";
import { type Trusted, trustedFrom } from "./verify.js";

const FORK_PREFIX = "fork/";
/** Newest headers read back at start, for fork checks; the rest of the ring fills while following. */
const RECENT_RESTORED_MAX = Math.min(RECENT_HEADERS_MAX, 256);

/** @throws StoreError when a stored run is damaged; WireError or HeaderError when it was written for another chain. */
export function restoreLightClient(store: ChainStore, anchor: Anchor, wire: WireContext, now: Millis): Restored {
  const spans = store.spans();
  const recent = newestCertified(store, spans, wire);
  const newest = recent.at(-1);
  const trusted = newest === undefined ? undefined : newerThanAnchor(trustedFrom(newest, wire.profile, now), anchor);
  return { trusted, recent, gaps: gapsOf(store, spans, anchor, wire), fork: storedFork(store, wire) };
}

function newerThanAnchor(trusted: Trusted, anchor: Anchor): Trusted | undefined {
  return trusted.number > anchor.height ? trusted : undefined;
}

/** The headers of the newest certified runs in a row, ascending. */
function newestCertified(store: ChainStore, spans: readonly RunSpan[], wire: WireContext): HashedHeader[] {
  let headers: HashedHeader[] = [];
  for (const span of spans.filter(({ status }) => status === "certified").reverse()) {
    const first = headers[0]?.header.number;
    const inRow = first === undefined || span.start + span.count === first;
    if (!inRow || headers.length >= RECENT_RESTORED_MAX) break;
    headers = [...decodeAt(store, span.start, wire).headers, ...headers];
  }
  return headers;
}

/** Every stretch that is missing between two stored ones, and between the anchor and the first. */
function gapsOf(store: ChainStore, spans: readonly RunSpan[], anchor: Anchor, wire: WireContext): Gap[] {
  const gaps: Gap[] = [];
  let end = anchor.height;
  let below: RunSpan | undefined;
  for (const span of spans) {
    if (span.start > end + 1) {
      const expect = decodeAt(store, span.start, wire).headers[0]?.header.parents[0]?.hash;
      const floorHash = below === undefined ? anchor.hash : decodeAt(store, below.start, wire).headers.at(-1)?.hash;
      if (expect !== undefined) gaps.push({ low: end + 1, high: span.start - 1, expect: copyBytes(expect), floorHash });
    }
    if (span.start + span.count - 1 >= end) {
      end = span.start + span.count - 1;
      below = span;
    }
  }
  return gaps;
}

function decodeAt(store: ChainStore, height: number, wire: WireContext): Segment {
  const run = store.run(height);
  return decodeSegment(run?.bytes ?? new Uint8Array(0), wire);
}

function storedFork(store: ChainStore, wire: WireContext): ForkEvidence | undefined {
  const [name] = store.recordNames(FORK_PREFIX);
  const bytes = name === undefined ? undefined : store.record(name);
  if (bytes === undefined) return undefined;
  const json = parseJson(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const { signed } = headerFromRpc(json.theirs);
  const theirs = hashHeader(signed, wire.suite, wire.profile);
  return {
    height: Number(json.height),
    ours: fromHex(String(json.ours)),
    theirs,
    kind: json.kind === "ancestry" ? "ancestry" : "certified",
    source: String(json.source),
  };
}
