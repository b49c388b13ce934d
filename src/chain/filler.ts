/**
 * The way back: ancestors of certified headers, by parent hash. They are stored as `linked`, without signatures, and never
 * called certified. A fill that reaches the next certified header (or the anchor) below must end in its hash; if it links
 * all the way from a certified header and does not, the chain has forked.
 */
import { copyBytes, equalBytes, to0x } from "../base/bytes.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { encodeSegment } from "../codec/wire/segment.js";
import type { ClientCore } from "./clientCore.js";
import type { HeaderStretch } from "./lightMessages.js";
import { FILL_AHEAD_SEGMENTS, GAPS_MAX } from "./limits.js";
import { ChainError } from "./problems.js";
import { PENALTY, type Source } from "./sources.js";
import type { Trusted } from "./verify.js";
import type { Want } from "./wants.js";

/** Missing headers `low`..`high`, both included. */
export interface Gap {
  readonly low: number;
  readonly high: number;
  /** Hash of header `high`, from the certified header above. */
  readonly expect: Uint8Array;
  /** Hash of header `low - 1`, where a certified one lies below. */
  readonly floorHash: Uint8Array | undefined;
}

interface Arrival {
  readonly source: Source;
  readonly stretch: HeaderStretch;
}

export class Filler {
  readonly #core: ClientCore;
  readonly #enabled: boolean;
  /** Ascending; the last one is filled first, because the newest past is wanted most. */
  #gaps: Gap[] = [];
  /** Arrived, not yet reached; by last height. */
  readonly #arrived = new Map<number, Arrival>();

  constructor(core: ClientCore, enabled: boolean) {
    this.#core = core;
    this.#enabled = enabled;
  }

  restore(gaps: readonly Gap[]): void {
    this.#gaps = [...gaps].sort((a, b) => a.low - b.low).slice(-GAPS_MAX);
  }

  /** Headers still missing inside the window. */
  get missing(): number {
    const { floor } = this.#core;
    return this.#gaps.reduce((sum, { low, high }) => sum + Math.max(0, high - Math.max(low, floor) + 1), 0);
  }

  /** A certified header was reached with some left out below it. */
  skipped(before: Trusted, header: HashedHeader): void {
    const { number, parents } = header.header;
    const parent = parents[0];
    if (parent === undefined) return;
    const gap = { low: before.number + 1, high: number - 1, expect: copyBytes(parent.hash), floorHash: before.hash };
    this.#gaps = [...this.#gaps, gap].slice(-GAPS_MAX);
  }

  plan(): void {
    if (!this.#enabled) return;
    this.#dropBelowWindow();
    const gap = this.#gaps.at(-1);
    if (gap === undefined || this.#core.fork !== undefined) return;
    const low = Math.max(gap.low, this.#core.floor);
    const source = this.#core.sources.bestFor(low, this.#core.now);
    if (source === undefined) return;
    let high = gap.high;
    for (let ahead = 0; ahead < FILL_AHEAD_SEGMENTS && high >= low; ahead++) {
      high = this.#wantBelow(source, gap, high);
    }
  }

  /** Asks for the segment that ends the range at `high`; returns the next height below it. */
  #wantBelow(source: Source, gap: Gap, high: number): number {
    const { wants, now, floor } = this.#core;
    const size = source.record?.segmentSize ?? 1;
    const start = high - (high % size);
    const from = Math.max(start, gap.low, floor);
    if (wants.covers("fill", high) || this.#arrived.has(high)) return from - 1;
    const last = start + size - 1;
    const reachable = last < (this.#core.trusted?.number ?? 0) && start >= (source.record?.retainedFrom ?? Infinity);
    if (reachable && !source.badSegments.has(start)) {
      wants.subscribe(source.name, "fill", [{ kind: "segment", start }], { from, to: high }, now);
      return from - 1;
    }
    const first = Math.max(from, high - this.#core.answerHeadersMax + 1);
    const span = { from: first, to: high };
    wants.ask(source.name, "fill", { what: "headers", from: first, count: high - first + 1 }, span, now);
    return first - 1;
  }

  received(source: Source, want: Want, stretch: HeaderStretch): void {
    const gap = this.#gaps.at(-1);
    if (gap === undefined || want.to > gap.high) return;
    if (this.#arrived.size < FILL_AHEAD_SEGMENTS * 2) this.#arrived.set(want.to, { source, stretch });
    for (let current = this.#gaps.at(-1); current !== undefined; current = this.#gaps.at(-1)) {
      const next = this.#arrived.get(current.high);
      if (next === undefined) return;
      this.#arrived.delete(current.high);
      if (this.#link(current, next)) continue;
      this.#core.sources.pause(next.source, this.#core.now);
      return;
    }
  }

  /** Links one stretch below the gap's upper end. False when it does not fit or the fill is over. */
  #link(gap: Gap, { source, stretch }: Arrival): boolean {
    const floor = Math.max(gap.low, this.#core.floor);
    const first = stretch.headers[0]?.header.number ?? 0;
    // Mostly all of it is wanted; numbers run without holes, so the part is a slice.
    const wanted = stretch.headers.slice(Math.max(0, floor - first), Math.max(0, gap.high - first + 1));
    const top = wanted.at(-1);
    const bottom = wanted[0];
    if (top === undefined || bottom === undefined || top.header.number !== gap.high) {
      this.#core.sources.markBadSegment(source, first);
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_UNASKED", height: first }), PENALTY.malformed);
      return false;
    }
    if (!equalBytes(top.hash, gap.expect)) {
      this.#core.sources.markBadSegment(source, first);
      const problem = { height: gap.high, expected: to0x(gap.expect), computed: to0x(top.hash) };
      this.#core.refuse(source, new ChainError({ code: "CHAIN_LINK_BROKEN", ...problem }));
      return false;
    }
    const parent = bottom.header.parents[0];
    const reachesFloor = bottom.header.number === gap.low && gap.floorHash !== undefined;
    if (reachesFloor && (parent === undefined || !equalBytes(parent.hash, gap.floorHash as Uint8Array))) {
      this.#core.halt({
        height: gap.low - 1,
        ours: gap.floorHash as Uint8Array,
        theirs: bottom,
        kind: "ancestry",
        source: source.name,
      });
      return false;
    }
    this.#store(wanted, stretch);
    this.#core.sources.good(source);
    const rest = {
      low: gap.low,
      high: bottom.header.number - 1,
      expect: parent === undefined ? gap.expect : copyBytes(parent.hash),
    };
    this.#gaps.pop();
    if (rest.high >= rest.low && parent !== undefined) this.#gaps.push({ ...rest, floorHash: gap.floorHash });
    return true;
  }

  #store(headers: readonly HashedHeader[], stretch: HeaderStretch): void {
    const { writes, outputs, recent, counters, wire } = this.#core;
    const start = (headers[0] as HashedHeader).header.number;
    const whole = headers.length === stretch.headers.length && stretch.linkedBytes !== undefined;
    const bytes = whole ? (stretch.linkedBytes as () => Uint8Array)() : encodeSegment(headers, false, wire);
    writes.push({ kind: "run", run: { start, count: headers.length, status: "linked", bytes } });
    for (const header of headers) recent.add(header, "linked");
    counters.add("HEADERS_LINKED", headers.length);
    outputs.push({ kind: "linked", from: start, to: start + headers.length - 1, status: "linked" });
  }

  failed(source: Source, want: Want): void {
    if (want.subject === undefined) this.#core.sources.pause(source, this.#core.now);
    if (want.subject?.kind === "segment") this.#core.sources.markBadSegment(source, want.subject.start);
  }

  #dropBelowWindow(): void {
    const { floor } = this.#core;
    this.#gaps = this.#gaps.filter(({ high }) => high >= floor);
    for (const high of this.#arrived.keys()) if (high < floor) this.#arrived.delete(high);
  }
}
