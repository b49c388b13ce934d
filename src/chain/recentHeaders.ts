/** The newest accepted headers, in a ring of fixed memory: hash and the two roots that proofs start from. */
import type { SealerSet } from "../codec/fisco/header.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { RECENT_HEADERS_MAX } from "./limits.js";
import type { HeaderStatus } from "./store.js";

export interface RecentHeader {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly sealers: SealerSet;
  readonly status: HeaderStatus;
}

const SLOT_BYTES = 96;

export class RecentHeaders {
  readonly #bytes = new Uint8Array(RECENT_HEADERS_MAX * SLOT_BYTES);
  readonly #numbers = new Float64Array(RECENT_HEADERS_MAX).fill(-1);
  readonly #sealers: (SealerSet | undefined)[] = new Array(RECENT_HEADERS_MAX);
  readonly #status: (HeaderStatus | undefined)[] = new Array(RECENT_HEADERS_MAX);

  /** Remembers a header unless its place holds a newer one. */
  add({ header, hash }: HashedHeader, status: HeaderStatus): void {
    const slot = header.number % RECENT_HEADERS_MAX;
    if ((this.#numbers[slot] as number) > header.number) return;
    const offset = slot * SLOT_BYTES;
    this.#bytes.set(hash, offset);
    this.#bytes.set(header.txsRoot, offset + 32);
    this.#bytes.set(header.receiptsRoot, offset + 64);
    this.#numbers[slot] = header.number;
    this.#sealers[slot] = header.sealers;
    this.#status[slot] = status;
  }

  /** Views into the ring: copy what outlives the call. */
  get(number: number): RecentHeader | undefined {
    const slot = number % RECENT_HEADERS_MAX;
    const sealers = this.#sealers[slot];
    const status = this.#status[slot];
    if (this.#numbers[slot] !== number || sealers === undefined || status === undefined) return undefined;
    const offset = slot * SLOT_BYTES;
    return {
      number,
      hash: this.#bytes.subarray(offset, offset + 32),
      transactionsRoot: this.#bytes.subarray(offset + 32, offset + 64),
      receiptsRoot: this.#bytes.subarray(offset + 64, offset + 96),
      sealers,
      status,
    };
  }
}
