/**
 * Where headers come from. A source is trusted for nothing; its score only decides whom to ask first and whom to leave
 * alone for a while. One honest source among many is enough to make progress.
 */
import type { Millis } from "../base/clock.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { SealerChange } from "../codec/wire/changeMessage.js";
import type { ChainRecord } from "../codec/wire/recordMessage.js";
import {
  CHANGES_CACHED_MAX,
  QUARANTINE_MAX_MS,
  QUARANTINE_MIN_MS,
  RETRY_PAUSE_MS,
  SCORE_FULL,
  SCORE_USABLE_MIN,
  SOURCES_MAX,
} from "./limits.js";

export interface Source {
  readonly name: string;
  connected: boolean;
  score: number;
  /** Not used before this time. */
  quarantinedUntil: Millis;
  quarantines: number;
  /** Not asked before this time, because its last answer did not help. */
  pausedUntil: Millis;
  record: ChainRecord | undefined;
  /**
   * Headers above ours that it shows and that one step does not reach, newest last. Several, because a stranger on the same
   * broker may show forged ones between the true ones.
   */
  heads: readonly HashedHeader[];
  /** The same for headers that no trusted sealer is known to have signed: looked at last, and no reason to call us behind. */
  doubtful: readonly HashedHeader[];
  /** Heights where it says the sealers changed, ascending. A hint. */
  changeHeights: readonly number[];
  readonly changes: Map<number, SealerChange>;
  /** Retained segments that turned out bad or missing: asked for by range instead. */
  readonly badSegments: Set<number>;
}

/** What an offence costs. A lie that an honest relay cannot pass on by accident costs most. */
export const PENALTY = { forged: 60, malformed: 20, unanswered: 10, stale: 1 } as const;
const REWARD = 2;
const BAD_SEGMENTS_MAX = 256;
const HEADS_KEPT_MAX = 4;

export class Sources {
  readonly #byName = new Map<string, Source>();

  /** The source of this name, made on first use; undefined when there are too many. */
  get(name: string): Source | undefined {
    const known = this.#byName.get(name);
    if (known !== undefined || this.#byName.size >= SOURCES_MAX) return known;
    const source: Source = {
      name,
      connected: false,
      score: SCORE_FULL,
      quarantinedUntil: 0,
      quarantines: 0,
      pausedUntil: 0,
      record: undefined,
      heads: [],
      doubtful: [],
      changeHeights: [],
      changes: new Map(),
      badSegments: new Set(),
    };
    this.#byName.set(name, source);
    return source;
  }

  all(): readonly Source[] {
    return [...this.#byName.values()];
  }

  /** Whether a source shows a header above `height` that a trusted sealer has signed. */
  showsAbove(height: number): boolean {
    return this.all().some(({ connected, heads }) => connected && heads.some(({ header }) => header.number > height));
  }

  /**
   * The highest header above `height` that a source shows, other than `except`: doubtful ones only where there is no other,
   * rested sources only where no other shows one.
   */
  bestAbove(height: number, now: Millis, except?: HashedHeader): { source: Source; head: HashedHeader } | undefined {
    return (
      this.#highest(height, now, except, ({ heads }) => heads) ??
      this.#highest(height, now, except, ({ doubtful }) => doubtful)
    );
  }

  #highest(
    height: number,
    now: Millis,
    except: HashedHeader | undefined,
    shown: (source: Source) => readonly HashedHeader[],
  ): { source: Source; head: HashedHeader } | undefined {
    let best: { source: Source; head: HashedHeader } | undefined;
    const fits = (head: HashedHeader): boolean => head !== except && head.header.number > height;
    for (const source of this.#preferred(now, (candidate) => shown(candidate).some(fits))) {
      for (const head of shown(source).filter(fits)) {
        if (head.header.number > (best?.head.header.number ?? height)) best = { source, head };
      }
    }
    return best;
  }

  /** A connected source that can be asked for old headers, best score first. */
  bestFor(height: number, now: Millis): Source | undefined {
    return this.#preferred(now, ({ record }) => record !== undefined && record.firstNumber <= height)[0];
  }

  /** Connected sources that fit, best score first. Resting ones count only when there is no other: a lone source under attack must still serve. */
  #preferred(now: Millis, fits: (source: Source) => boolean): Source[] {
    const able = this.all().filter((source) => source.connected && now >= source.pausedUntil && fits(source));
    const rested = able.filter((source) => now >= source.quarantinedUntil);
    return (rested.length > 0 ? rested : able).sort((a, b) => b.score - a.score);
  }

  /** Waits before the next question, so that a source without the answer is not asked in a circle. */
  pause(source: Source, now: Millis): void {
    source.pausedUntil = now + RETRY_PAUSE_MS;
  }

  addHead(source: Source, head: HashedHeader, doubtful: boolean): void {
    if (doubtful) source.doubtful = withHead(source.doubtful, head);
    else source.heads = withHead(source.heads, head);
  }

  dropHead(source: Source, head: HashedHeader): void {
    source.heads = source.heads.filter((other) => other !== head);
    source.doubtful = source.doubtful.filter((other) => other !== head);
  }

  dropHeads(source: Source): void {
    source.heads = [];
    source.doubtful = [];
  }

  /** Forgets shown headers that are no longer above ours. */
  settleHeads(height: number): void {
    const above = ({ header }: HashedHeader): boolean => header.number > height;
    for (const source of this.#byName.values()) {
      if (source.heads.length > 0) source.heads = source.heads.filter(above);
      if (source.doubtful.length > 0) source.doubtful = source.doubtful.filter(above);
    }
  }

  good(source: Source): void {
    source.score = Math.min(SCORE_FULL, source.score + REWARD);
  }

  /** Lowers the score; below the usable minimum the source rests, twice as long each time. */
  bad(source: Source, penalty: number, now: Millis): void {
    source.score -= penalty;
    if (source.score >= SCORE_USABLE_MIN) return;
    const restMs = Math.min(QUARANTINE_MAX_MS, QUARANTINE_MIN_MS * 2 ** source.quarantines);
    source.quarantinedUntil = now + restMs;
    source.quarantines++;
    source.score = SCORE_FULL / 2;
  }

  markBadSegment(source: Source, start: number): void {
    if (source.badSegments.size >= BAD_SEGMENTS_MAX) source.badSegments.clear();
    source.badSegments.add(start);
  }

  keepChange(source: Source, change: SealerChange): void {
    const height = change.header.header.number;
    if (!source.changeHeights.includes(height)) return;
    if (source.changes.size >= CHANGES_CACHED_MAX) {
      // The lowest are needed first: what does not fit is asked for again when its turn comes.
      const highest = Math.max(...source.changes.keys());
      if (height > highest) return;
      source.changes.delete(highest);
    }
    source.changes.set(height, change);
  }

  disconnected(source: Source): void {
    source.connected = false;
    this.dropHeads(source);
    source.changes.clear();
    source.badSegments.clear();
  }
}

function withHead(heads: readonly HashedHeader[], head: HashedHeader): HashedHeader[] {
  const others = heads.filter(({ header }) => header.number !== head.header.number);
  return [...others, head].slice(-HEADS_KEPT_MAX);
}
