/** Due times in a binary heap. An owner may move its time at will; entries that are out of date sort themselves out. */

export interface Timed {
  /** Monotonic ms at which it wants to be called; undefined: not at all. */
  dueMs: number | undefined;
  /** The earliest of its entries in the heap. */
  queuedMs: number | undefined;
}

interface Entry<T> {
  readonly atMs: number;
  readonly owner: T;
}

export class Timers<T extends Timed> {
  readonly #heap: Entry<T>[] = [];

  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  /** To be called after each change of `dueMs`. */
  plan(owner: T): void {
    const { dueMs, queuedMs } = owner;
    if (dueMs === undefined || (queuedMs !== undefined && queuedMs <= dueMs)) return;
    owner.queuedMs = dueMs;
    this.#push({ atMs: dueMs, owner });
  }

  /** The next owner whose time has come; its `dueMs` is cleared. */
  takeDue(nowMs: number): T | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.atMs <= nowMs; top = this.#heap[0]) {
      this.#pop();
      const { owner, atMs } = top;
      if (owner.queuedMs === atMs) owner.queuedMs = undefined;
      if (owner.dueMs === undefined) continue;
      if (owner.dueMs > nowMs) {
        this.plan(owner);
        continue;
      }
      owner.dueMs = undefined;
      return owner;
    }
    return undefined;
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry<T>).atMs <= entry.atMs) break;
      heap[at] = heap[parent] as Entry<T>;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry<T>;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry<T>).atMs < (heap[child] as Entry<T>).atMs) child++;
      if ((heap[child] as Entry<T>).atMs >= last.atMs) break;
      heap[at] = heap[child] as Entry<T>;
      at = child;
    }
    heap[at] = last;
  }
}
