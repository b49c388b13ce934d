/**
 * The writes of the crash and power-loss tests: a light client's life in small. Step n depends on n alone, so that whoever
 * knows how many steps were kept knows every byte the store must hold.
 */
import assert from "node:assert/strict";
import type { ChainStore, ChainWrite } from "../../src/chain/store.js";
import { MemoryStore } from "../../src/store/memoryStore.js";

const HEADER_BYTES = 700;
const SEGMENT_HEADERS = 8;
const KEPT_HEADERS = 40;
const HEAD = "head";

function headerBytes(height: number): Uint8Array {
  return Uint8Array.from({ length: HEADER_BYTES }, (_, i) => (height * 131 + i * 17 + (i >> 8)) & 0xff);
}

function segmentBytes(start: number): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADERS * HEADER_BYTES);
  for (let i = 0; i < SEGMENT_HEADERS; i++) bytes.set(headerBytes(start + i), i * HEADER_BYTES);
  return bytes;
}

/** Steps count from 1; step n adds height n - 1. */
export function workloadStep(step: number): ChainWrite[] {
  const height = step - 1;
  const writes: ChainWrite[] = [
    { kind: "run", run: { start: height, count: 1, status: "certified", bytes: headerBytes(height) } },
    { kind: "record", name: HEAD, bytes: Uint8Array.from(String(step), (digit) => digit.charCodeAt(0)) },
    { kind: "record", name: `set/${step % 5}`, bytes: headerBytes(step).subarray(0, 60 + (step % 7) * 40) },
  ];
  if (step % SEGMENT_HEADERS === 0) {
    const start = step - SEGMENT_HEADERS;
    const bytes = segmentBytes(start);
    writes.push({ kind: "run", run: { start, count: SEGMENT_HEADERS, status: "linked", bytes } });
    writes.push({ kind: "prune", below: Math.max(0, step - KEPT_HEADERS) });
  }
  if (step % 13 === 0) writes.push({ kind: "forget", name: `set/${(step + 2) % 5}` });
  return writes;
}

/** How many steps a store holds, by its own account. */
export function stepsIn(store: ChainStore): number {
  const head = store.record(HEAD);
  return head === undefined ? 0 : Number(String.fromCharCode(...head));
}

function contentOf(store: ChainStore): unknown {
  return {
    records: store.recordNames("").map((name) => [name, store.record(name)]),
    runs: store.spans().map(({ start }) => store.run(start)),
  };
}

/** What stores hold after so many steps, kept from call to call: a replay asks for neighbouring steps again and again. */
export class ExpectedContent {
  readonly #store = new MemoryStore();
  readonly #contents: unknown[] = [contentOf(this.#store)];

  assertEqual(store: ChainStore, steps: number): void {
    while (this.#contents.length <= steps) {
      this.#store.apply(workloadStep(this.#contents.length));
      this.#contents.push(contentOf(this.#store));
    }
    assert.deepEqual(contentOf(store), this.#contents[steps], `content after ${steps} steps`);
  }
}
