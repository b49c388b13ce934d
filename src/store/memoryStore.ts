/**
 * The store without a disk: the reference for what the port means, and the disk of simulated machines.
 * Everything given in and handed out is copied, as a disk would do.
 */
import type { ChainStore, ChainWrite, HeaderRun, RunSpan, StoreUsage } from "../chain/store.js";
import { checkWrites } from "./limits.js";
import { StoreError } from "./problems.js";

const PATH = "memory";

/** Takes back one write. */
type Undo = () => void;

export class MemoryStore implements ChainStore {
  readonly engine = "memory";
  readonly #records = new Map<string, Uint8Array>();
  /** Ascending by start; never overlapping. */
  #runs: HeaderRun[] = [];
  #bytesWritten = 0;
  #commits = 0;
  #open = true;

  /** @throws StoreError `STORE_RUN_OVERLAP`, `STORE_WRITE_INVALID`, `STORE_CLOSED`; nothing is changed then. */
  apply(writes: readonly ChainWrite[]): void {
    this.#assertOpen();
    const bytes = checkWrites(writes);
    if (writes.length === 0) return;
    const undo: Undo[] = [];
    try {
      for (const write of writes) undo.push(this.#applyOne(write));
    } catch (error) {
      for (const takeBack of undo.reverse()) takeBack();
      throw error;
    }
    this.#bytesWritten += bytes;
    this.#commits += 1;
  }

  record(name: string): Uint8Array | undefined {
    this.#assertOpen();
    return this.#records.get(name)?.slice();
  }

  recordNames(prefix: string): string[] {
    this.#assertOpen();
    return [...this.#records.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  run(height: number): HeaderRun | undefined {
    this.#assertOpen();
    const run = this.#runs[this.#firstStartingAfter(height) - 1];
    if (run === undefined || run.start + run.count <= height) return undefined;
    return { ...run, bytes: run.bytes.slice() };
  }

  spans(): RunSpan[] {
    this.#assertOpen();
    return this.#runs.map(({ start, count, status }) => ({ start, count, status }));
  }

  get usage(): StoreUsage {
    return { bytesWritten: this.#bytesWritten, bytesOnDisk: 0, commits: this.#commits };
  }

  check(): string[] {
    this.#assertOpen();
    return [];
  }

  close(): void {
    this.#open = false;
  }

  #assertOpen(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: PATH });
  }

  #applyOne(write: ChainWrite): Undo {
    switch (write.kind) {
      case "record":
        return this.#setRecord(write.name, write.bytes.slice());
      case "forget":
        return this.#setRecord(write.name, undefined);
      case "run":
        return this.#putRun({ ...write.run, bytes: write.run.bytes.slice() });
      case "prune":
        return this.#prune(write.below);
    }
  }

  #setRecord(name: string, bytes: Uint8Array | undefined): Undo {
    const before = this.#records.get(name);
    this.#writeRecord(name, bytes);
    return () => this.#writeRecord(name, before);
  }

  #writeRecord(name: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#records.delete(name);
    else this.#records.set(name, bytes);
  }

  #putRun(run: HeaderRun): Undo {
    const from = this.#firstStartingAfter(run.start - 1);
    const to = this.#firstStartingAfter(run.start + run.count - 1);
    const previous = this.#runs[from - 1];
    const last = this.#runs[to - 1];
    for (const other of [previous, last]) {
      if (other === undefined || other.start + other.count <= run.start) continue;
      const inside = other.start >= run.start && other.start + other.count <= run.start + run.count;
      if (!inside) {
        const { start, count } = run;
        throw new StoreError({ code: "STORE_RUN_OVERLAP", start, count, otherStart: other.start });
      }
    }
    const replaced = this.#runs.splice(from, to - from, run);
    return () => this.#runs.splice(from, 1, ...replaced);
  }

  #prune(below: number): Undo {
    let end = 0;
    for (const run of this.#runs) {
      if (run.start + run.count > below) break;
      end += 1;
    }
    const before = this.#runs;
    this.#runs = before.slice(end);
    return () => {
      this.#runs = before;
    };
  }

  /** Index of the first run whose start is above `height`; the number of runs when there is none. */
  #firstStartingAfter(height: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle];
      if (run !== undefined && run.start <= height) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
