/**
 * The way up: from the trusted header to the newest one that sources show.
 *
 * `skip` goes straight to the newest header where the trusted sealers signed it; where they changed in between it goes by
 * the headers at which a source says they changed, and by bisection where that does not help. Bisection ends at adjacent
 * heights: there the change must be proven, or the client stops and says what it needs. `forward` verifies every header.
 */
import { equalBytes } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import { codeOf } from "../base/error.js";
import type { SealerSet } from "../codec/fisco/header.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { SealerChange } from "../codec/wire/changeMessage.js";
import type { BlockBody } from "../codec/wire/eventMessage.js";
import type { Anchor } from "./anchor.js";
import type { ClientCore } from "./clientCore.js";
import type { Filler } from "./filler.js";
import type { AcceptedVia, HeaderStretch } from "./lightMessages.js";
import { CLIMB_AHEAD_STRETCHES, SUBSCRIBE_TOPICS_MAX, UNPROVEN_RETRY_MS } from "./limits.js";
import { ChainError, type ChainProblem } from "./problems.js";
import { proveSealerChange } from "./sealerChange.js";
import { PENALTY, type Source } from "./sources.js";
import { type Trusted, type Verified, verifyAdjacent, verifyAdjacentWithSealers, verifySkipping } from "./verify.js";
import type { Want } from "./wants.js";

export type SyncMode = "skip" | "forward";

/** An adjacent header whose sealer list nothing proves yet. */
export interface Unproven {
  readonly header: HashedHeader;
  readonly source: Source;
  readonly problem: ChainProblem;
  readonly retryAt: number;
  /** It is a source's answer to our question, not something shown by whoever can write on a topic. */
  readonly asked: boolean;
}

interface Ahead {
  readonly source: Source;
  readonly stretch: HeaderStretch;
  /** Last height that was asked for. */
  readonly to: number;
}

export class Climber {
  readonly #core: ClientCore;
  readonly #filler: Filler;
  readonly #mode: SyncMode;
  readonly #anchor: Anchor;
  /** Arrived, not yet reached; by the height asked for. */
  readonly #ahead = new Map<number, Ahead>();
  /** Lowest height the trusted sealers are known not to reach in one step. */
  #ceiling: number | undefined;
  unproven: Unproven | undefined;
  /** When an answer last led upwards. A header shown by a stranger never does. */
  climbedAt: Millis = Number.NEGATIVE_INFINITY;
  /** The set that the transactions of the trusted block at `above` order for the next one. */
  #proven: { readonly above: number; readonly sealers: SealerSet } | undefined;

  constructor(core: ClientCore, filler: Filler, mode: SyncMode, anchor: Anchor) {
    this.#core = core;
    this.#filler = filler;
    this.#mode = mode;
    this.#anchor = anchor;
  }

  /** A source shows a header above ours. */
  shown(source: Source, header: HashedHeader): void {
    const { trusted, sources } = this.#core;
    if (trusted === undefined) {
      sources.addHead(source, header, false);
      return;
    }
    try {
      const verified = verifySkipping(this.#core.verifyInput(trusted, header));
      if (this.#mode === "skip" || header.header.number === trusted.number + 1) this.#take(header, verified);
      else sources.addHead(source, header, false);
      sources.good(source);
    } catch (thrown) {
      const code = codeOf(thrown);
      const unreached = code === "CHAIN_TRUST_SHORT" || code === "CHAIN_SEALERS_NOT_COMMITTED";
      // Not a lie as far as we can tell: the sealers may have changed in between.
      if (unreached) {
        this.#core.counters.add(code);
        sources.addHead(source, header, !this.#knowsSigner(header));
      } else if (code === "CHAIN_HEADER_FROM_FUTURE" && this.#isCertified(header)) this.#core.holdBack(thrown);
      else this.#core.refuse(source, thrown);
    }
  }

  /** Whether at least one trusted sealer really signed a header that as a whole is out of reach yet. */
  #knowsSigner({ header, hash, signatures }: HashedHeader): boolean {
    const { trusted, committees } = this.#core;
    if (trusted === undefined) return false;
    const known = committees.of(trusted.sealers);
    const own = committees.of(header.sealers);
    const first = signatures.find(({ sealerIndex }) => {
      const nodeId = header.sealers.nodeIds[sealerIndex];
      return nodeId !== undefined && known.weightOfNode(nodeId) > 0n;
    });
    // One is enough to look at: whoever lies about the first does not deserve a second look.
    return first !== undefined && own.verify(first.sealerIndex, hash, first.signature);
  }

  /** Whether only the time speaks against a header: then a clock is wrong, ours or theirs, and nobody lies. */
  #isCertified(header: HashedHeader): boolean {
    const { trusted, now } = this.#core;
    if (trusted === undefined) return false;
    try {
      const input = this.#core.verifyInput(trusted, header);
      verifySkipping({ ...input, now: Math.max(now, header.header.timestamp) });
      return true;
    } catch {
      return false;
    }
  }

  /** Asks for the next thing the climb needs, if anything. Takes what is at hand first. */
  plan(): void {
    const { wants, sources, now } = this.#core;
    for (let steps = 0; steps < SUBSCRIBE_TOPICS_MAX; steps++) {
      const { trusted } = this.#core;
      if (
        trusted === undefined ||
        wants.has(this.#mode === "forward" ? ["pivot", "block"] : ["climb", "pivot", "block"])
      )
        return;
      const waiting = this.unproven !== undefined && this.unproven.retryAt > now ? this.unproven : undefined;
      if (waiting?.asked === true) return;
      const target = sources.bestAbove(trusted.number, now, waiting?.header);
      if (target === undefined) return;
      const moved =
        this.#mode === "forward"
          ? this.#planForward(target.source, target.head)
          : this.#planSkip(target.source, target.head, trusted.number);
      if (!moved) return;
    }
  }

  /** Asks for the next few stretches at once: a broker's answer takes longer than verifying what is in it. */
  #planForward(source: Source, head: HashedHeader): boolean {
    const { trusted, wants } = this.#core;
    let from = (trusted as Trusted).number + 1;
    if (head.header.number === from) return this.#stepTo(source, head, "adjacent");
    for (let ahead = 0; ahead < CLIMB_AHEAD_STRETCHES && from < head.header.number; ahead++) {
      const size = source.record?.segmentSize ?? 1;
      const start = from - (from % size);
      const last = Math.min(start + size - 1, head.header.number);
      if (!wants.covers("climb", from) && !this.#ahead.has(from))
        this.#wantStretch(source, from, last, start + size - 1);
      from = last + 1;
    }
    return false;
  }

  #wantStretch(source: Source, from: number, to: number, segmentEnd: number): void {
    const { wants, now } = this.#core;
    const start = from - (from % (source.record?.segmentSize ?? 1));
    const retained = source.record !== undefined && start >= source.record.retainedFrom;
    if (retained && to === segmentEnd && !source.badSegments.has(start)) {
      wants.subscribe(source.name, "climb", [{ kind: "segment", start }], { from, to }, now);
    } else {
      const last = Math.min(to, from + this.#core.answerHeadersMax - 1);
      wants.ask(source.name, "climb", { what: "headers", from, count: last - from + 1 }, { from, to: last }, now);
    }
  }

  #planSkip(source: Source, head: HashedHeader, trustedNumber: number): boolean {
    const { wants, now } = this.#core;
    const top = Math.min(head.header.number, this.#ceiling ?? Number.MAX_SAFE_INTEGER);
    const nextChange = source.changeHeights.find((height) => height > trustedNumber && height <= top);
    if (nextChange !== undefined) {
      const change = source.changes.get(nextChange);
      if (change !== undefined) return this.#stepOver(source, change);
      const heights = source.changeHeights.filter((height) => height >= nextChange && height <= head.header.number);
      const subjects = heights.slice(0, SUBSCRIBE_TOPICS_MAX).map((height) => ({ kind: "change" as const, height }));
      wants.subscribe(source.name, "climb", subjects, { from: trustedNumber + 1, to: head.header.number }, now);
      return false;
    }
    if (top === trustedNumber + 1 && head.header.number !== top) return this.#askPivot(source, top);
    if (this.#ceiling === undefined || head.header.number === trustedNumber + 1)
      return this.#stepTo(source, head, "skip");
    return this.#askPivot(source, trustedNumber + Math.max(1, Math.floor((top - trustedNumber) / 2)));
  }

  #askPivot(source: Source, height: number): boolean {
    const { wants, now } = this.#core;
    wants.ask(source.name, "pivot", { what: "headers", from: height, count: 1 }, { from: height, to: height }, now);
    return false;
  }

  /** A change by its own header (and, where the layout commits to the next set, the header before it). */
  #stepOver(source: Source, change: SealerChange): boolean {
    const height = change.header.header.number;
    source.changes.delete(height);
    const trusted = this.#core.trusted;
    const before = change.before;
    const needsBefore = before !== undefined && trusted !== undefined && before.header.number > trusted.number;
    if (!needsBefore || this.#stepTo(source, before, "skip", true)) this.#stepTo(source, change.header, "skip", true);
    // Whatever the reason: a hint that did not lead there is used up, the heights in between are looked at next.
    if ((this.#core.trusted?.number ?? 0) < height) {
      source.changeHeights = source.changeHeights.filter((other) => other !== height);
    }
    return true;
  }

  /** Verifies one header above the trusted one and takes it. True when it was taken or gave a new ceiling. */
  #stepTo(source: Source, header: HashedHeader, via: AcceptedVia, asked = false): boolean {
    const { trusted, sources } = this.#core;
    if (trusted === undefined) return false;
    try {
      const verified = verifySkipping(this.#core.verifyInput(trusted, header));
      this.#take(header, verified, via);
      if (asked) this.climbedAt = this.#core.now;
      sources.good(source);
      return true;
    } catch (thrown) {
      return this.#unreached(source, header, thrown, asked);
    }
  }

  #unreached(source: Source, header: HashedHeader, thrown: unknown, asked: boolean): boolean {
    const { trusted, sources } = this.#core;
    const code = codeOf(thrown);
    const { number } = header.header;
    const trustedNumber = (trusted as { number: number }).number;
    if (code !== "CHAIN_TRUST_SHORT" && code !== "CHAIN_SEALERS_NOT_COMMITTED") {
      this.#core.refuse(source, thrown);
      sources.dropHead(source, header);
      return false;
    }
    if (number > trustedNumber + 1) {
      this.#ceiling = number;
      return true;
    }
    if (code !== "CHAIN_TRUST_SHORT") {
      this.#core.refuse(source, thrown);
      sources.dropHead(source, header);
    } else if (this.#proven?.above === trustedNumber) {
      return this.#takeWithSealers(source, header, this.#proven.sealers, "change-proof");
    } else this.#needProof(source, header, (thrown as ChainError).problem, asked);
    return false;
  }

  /** The adjacent header carries sealers the trusted ones do not vouch for: ask for the block that changed them. */
  #needProof(source: Source, header: HashedHeader, problem: ChainProblem, asked: boolean): void {
    const { wants, now, outputs, counters } = this.#core;
    const { number, sealers } = header.header;
    const known = this.unproven?.header.hash;
    this.unproven = { header, source, problem, retryAt: now + UNPROVEN_RETRY_MS, asked };
    if (known === undefined || !equalBytes(known, header.hash)) {
      counters.add("CHAIN_CHANGE_UNPROVEN");
      outputs.push({ kind: "unproven", number, hash: header.hash, sealers });
    }
    const span = { from: number - 1, to: number - 1 };
    wants.ask(source.name, "block", { what: "block", number: number - 1 }, span, now);
  }

  /** The transactions and receipts of the trusted block: they may prove the next sealer set. */
  provedBy(source: Source, body: BlockBody): void {
    const { trusted, rules } = this.#core;
    const waiting = this.unproven;
    if (trusted === undefined || waiting === undefined || body.number !== trusted.number) return;
    const { suite } = rules;
    const chain = { chainId: this.#anchor.chainId, groupId: this.#anchor.groupId, suite: suite.name };
    try {
      const sealers = proveSealerChange({ trusted, body, suite, chain, governors: this.#anchor.governors });
      this.#proven = { above: trusted.number, sealers };
    } catch (thrown) {
      this.#core.refuse(source, thrown, PENALTY.stale);
      if (thrown instanceof ChainError) this.unproven = { ...waiting, problem: thrown.problem };
      return;
    }
    this.#takeWithSealers(waiting.source, waiting.header, this.#proven.sealers, "change-proof");
  }

  /** The operator's word for the sealers of exactly this header. */
  acceptedByOperator(number: number, hash: Uint8Array): boolean {
    const waiting = this.unproven;
    if (waiting === undefined || waiting.header.header.number !== number || !equalBytes(waiting.header.hash, hash))
      return false;
    const { source, header } = waiting;
    return this.#takeWithSealers(source, header, header.header.sealers, "operator");
  }

  /** Takes the adjacent header when it carries exactly these sealers; drops it otherwise, so that another one may be the one. */
  #takeWithSealers(source: Source, header: HashedHeader, sealers: SealerSet, via: AcceptedVia): boolean {
    const { trusted, sources } = this.#core;
    if (trusted === undefined) return false;
    try {
      this.#take(header, verifyAdjacentWithSealers(this.#core.verifyInput(trusted, header), sealers), via);
      return true;
    } catch (thrown) {
      this.#core.refuse(source, thrown);
      sources.dropHead(source, header);
      this.unproven = undefined;
      return false;
    }
  }

  /** Headers that were asked for to climb: the whole stretch (`climb`) or one in the middle (`pivot`). */
  received(source: Source, want: Want, stretch: HeaderStretch): void {
    const { trusted } = this.#core;
    const [ceiling, unproven, waiting] = [this.#ceiling, this.unproven, this.#ahead.size];
    this.#receive(source, want, stretch);
    const moved = this.#core.trusted !== trusted || this.#ceiling !== ceiling || this.unproven !== unproven;
    // Whoever gives answers that lead nowhere must not be asked in a circle.
    if (!moved && this.#ahead.size <= waiting) this.#core.sources.pause(source, this.#core.now);
  }

  #receive(source: Source, want: Want, stretch: HeaderStretch): void {
    const [first] = stretch.headers;
    if (!stretch.signed || first === undefined) {
      this.#core.refuse(
        source,
        new ChainError({ code: "CHAIN_SEGMENT_UNSIGNED", height: want.from }),
        PENALTY.malformed,
      );
      return;
    }
    if (want.purpose === "pivot") {
      const [signed] = stretch.signedHeaders();
      if (signed?.header.number === want.from) this.#stepTo(source, signed, "skip", true);
      else this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_UNASKED", height: first.header.number }));
      return;
    }
    if (first.header.number > ((this.#core.trusted as Trusted | undefined)?.number ?? 0) + 1) {
      if (this.#ahead.size < 2 * CLIMB_AHEAD_STRETCHES) this.#ahead.set(want.from, { source, stretch, to: want.to });
      return;
    }
    this.#takeStretch({ source, stretch, to: want.to });
    for (let next = this.#nextAhead(); next !== undefined; next = this.#nextAhead()) this.#takeStretch(next);
  }

  /** What came before its turn and is next now. */
  #nextAhead(): Ahead | undefined {
    const from = (this.#core.trusted?.number ?? 0) + 1;
    const next = this.#ahead.get(from);
    this.#ahead.delete(from);
    return next;
  }

  #takeStretch({ source, stretch, to }: Ahead): void {
    const { sources } = this.#core;
    const taken: HashedHeader[] = [];
    const verified: Verified[] = [];
    let trusted = this.#core.trusted;
    if (trusted === undefined) return;
    for (const header of stretch.signedHeaders()) {
      if (header.header.number <= trusted.number) continue;
      try {
        const step = verifyAdjacent(this.#core.verifyInput(trusted, header));
        taken.push(header);
        verified.push(step);
        trusted = step.trusted;
      } catch (thrown) {
        if (taken.length > 0) this.#core.acceptStretch(stretch, taken, verified);
        this.#ahead.clear();
        this.#settle(true);
        // A stretch carries no more signatures than a quorum; alone the header comes with all it has.
        if (codeOf(thrown) === "CHAIN_TRUST_SHORT") {
          this.#askPivot(source, header.header.number);
          return;
        }
        if (this.#unreached(source, header, thrown, true)) return;
        sources.markBadSegment(source, (stretch.headers[0] as HashedHeader).header.number);
        return;
      }
    }
    if (taken.length === 0) {
      const height = stretch.headers.at(-1)?.header.number ?? 0;
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_UNASKED", height }), PENALTY.malformed);
      return;
    }
    // A source that has less than a shown header promises does not lead to it.
    if (trusted.number >= to) this.climbedAt = this.#core.now;
    this.#core.acceptStretch(stretch, taken, verified);
    sources.good(source);
    this.#settle(true);
  }

  #take(header: HashedHeader, verified: Verified, via: AcceptedVia = "skip"): void {
    const before = this.#core.trusted;
    const adjacent = before !== undefined && header.header.number === before.number + 1;
    this.#core.accept(header, verified, via === "skip" && adjacent ? "adjacent" : via);
    if (before !== undefined && !adjacent) this.#filler.skipped(before, header);
    this.#settle(verified.sealersChanged);
  }

  #settle(sealersChanged: boolean): void {
    const { trusted, sources, now } = this.#core;
    if (trusted === undefined) return;
    sources.settleHeads(trusted.number);
    if (sources.bestAbove(trusted.number, now) === undefined) this.climbedAt = Number.NEGATIVE_INFINITY;
    // What other sealers could not reach, the new ones may.
    if (sealersChanged || (this.#ceiling ?? 0) <= trusted.number) this.#ceiling = undefined;
    if (this.unproven !== undefined && this.unproven.header.header.number <= trusted.number) this.unproven = undefined;
  }

  /** Nothing came in time, or it was no good. */
  failed(source: Source, want: Want): void {
    this.#ahead.clear();
    this.#core.sources.pause(source, this.#core.now);
    if (want.subject?.kind === "segment") this.#core.sources.markBadSegment(source, want.subject.start);
    if (want.subject?.kind === "change") {
      const { height } = want.subject;
      source.changeHeights = source.changeHeights.filter((other) => other !== height);
    }
    if (want.purpose === "pivot" || (want.purpose === "climb" && want.subject === undefined)) {
      // It shows a header it cannot lead us to; what it shows next may be better.
      this.#core.sources.dropHeads(source);
      this.#ceiling = undefined;
    }
  }
}
