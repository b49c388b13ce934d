/** Headers that a light client has certified, and those below them that hang on them by parent hash. */
import { equalBytes } from "../../base/bytes.js";
import type { RecentHeader } from "../../chain/recentHeaders.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import { SEGMENT_HEADERS_MAX } from "../../codec/wire/limits.js";

/** Newest certified headers that are kept; older ones are asked for again. */
const CERTIFIED_KEPT_MAX = 1_024;

export interface HeaderWays {
  headers(from: number, count: number): Promise<readonly HashedHeader[]>;
  /** The header of a number, proven by the commitment of a certified one; undefined where there is no such proof. */
  ancestor(number: number, certified: HashedHeader): Promise<HashedHeader | undefined>;
}

export interface FoundHeader {
  readonly header: HashedHeader;
  /** Certified itself, or linked to a certified one. */
  readonly status: RecentHeader["status"];
}

export class CertifiedHeaders {
  readonly #headers = new Map<number, HashedHeader>();
  readonly #waiting = new Set<{ readonly number: number; readonly resolve: () => void }>();
  #newest = -1;

  get newest(): number {
    return this.#newest;
  }

  add(header: HashedHeader): void {
    const { number } = header.header;
    this.#headers.set(number, header);
    for (const oldest of this.#headers.keys()) {
      if (this.#headers.size <= CERTIFIED_KEPT_MAX) break;
      this.#headers.delete(oldest);
    }
    this.#newest = Math.max(this.#newest, number);
    for (const waiter of [...this.#waiting]) {
      if (waiter.number > this.#newest) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves when this height or a higher one is certified. */
  reached(number: number): Promise<void> {
    if (number <= this.#newest) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ number, resolve }));
  }

  /**
   * The header of a height that was reached: certified itself, or proven by or linked to a certified one. Undefined when
   * `ways` bring others, or too few.
   */
  async find(number: number, ways: HeaderWays): Promise<FoundHeader | undefined> {
    const certified = this.#headers.get(number);
    if (certified !== undefined) return { header: certified, status: "certified" };
    let above = this.#lowestAbove(number);
    // One answer instead of one for every 128 headers in between.
    if (above !== undefined && above.header.number - number > SEGMENT_HEADERS_MAX) {
      const proven = await ways.ancestor(number, above);
      if (proven !== undefined) return { header: proven, status: "linked" };
    }
    while (above !== undefined && above.header.number > number) {
      const from = Math.max(number, above.header.number - SEGMENT_HEADERS_MAX);
      const headers = await ways.headers(from, above.header.number - from);
      const lowest = linkedDown(above, headers);
      if (lowest === above) return undefined;
      above = lowest;
    }
    return above?.header.number === number ? { header: above, status: "linked" } : undefined;
  }

  #lowestAbove(number: number): HashedHeader | undefined {
    let found: HashedHeader | undefined;
    for (const header of this.#headers.values()) {
      const height = header.header.number;
      if (height > number && height < (found?.header.number ?? Number.POSITIVE_INFINITY)) found = header;
    }
    return found;
  }
}

/** The lowest of `headers` to which the parent hashes lead down from `above`; `above` itself when they lead to none. */
function linkedDown(above: HashedHeader, headers: readonly HashedHeader[]): HashedHeader {
  let at = above;
  for (const header of [...headers].reverse()) {
    const [parent] = at.header.parents;
    const isParent =
      parent !== undefined && parent.number === header.header.number && equalBytes(parent.hash, header.hash);
    if (!isParent) return at;
    at = header;
  }
  return at;
}

/** As evidence is checked against it. */
export function recentOf({ header: { header, hash }, status }: FoundHeader): RecentHeader {
  return {
    number: header.number,
    hash,
    transactionsRoot: header.txsRoot,
    receiptsRoot: header.receiptsRoot,
    sealers: header.sealers,
    status,
  };
}
