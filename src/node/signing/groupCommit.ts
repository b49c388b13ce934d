/**
 * Many slots, one fsync: what is asked for in one turn of the event loop goes to the disk in one transaction. What may be
 * lost in a crash (signatures that can be made again) rides along and never causes a transaction of its own.
 */
import type { GuardStore, GuardWrite } from "./guardStore.js";

interface Waiting {
  readonly writes: readonly GuardWrite[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class GroupCommit {
  readonly #store: GuardStore;
  #waiting: Waiting[] = [];
  #riding: GuardWrite[] = [];
  #scheduled = false;

  constructor(store: GuardStore) {
    this.#store = store;
  }

  /** Resolves when the writes are on the disk; rejects with the store's error when they may not be. */
  persist(writes: readonly GuardWrite[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /** To be written with the next transaction. */
  ride(write: GuardWrite): void {
    this.#riding.push(write);
  }

  #flush(): void {
    this.#scheduled = false;
    const waiting = this.#waiting;
    const riding = this.#riding;
    this.#waiting = [];
    this.#riding = [];
    try {
      this.#store.commit([...riding, ...waiting.flatMap(({ writes }) => writes)]);
    } catch (thrown) {
      for (const { reject } of waiting) reject(thrown);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }
}
