/** Which transactions end at which height. */
import type { PoolEntry } from "./pooledCall.js";

export class ExpiryIndex {
  readonly #byLimit = new Map<number, Set<PoolEntry>>();
  #height: number;

  constructor(height: number) {
    this.#height = height;
  }

  /** The block limit must lie above every height that was asked for. */
  add(entry: PoolEntry): void {
    const { blockLimit } = entry.call.transaction.data;
    const others = this.#byLimit.get(blockLimit);
    if (others === undefined) this.#byLimit.set(blockLimit, new Set([entry]));
    else others.add(entry);
  }

  remove(entry: PoolEntry): void {
    const { blockLimit } = entry.call.transaction.data;
    const others = this.#byLimit.get(blockLimit);
    others?.delete(entry);
    if (others?.size === 0) this.#byLimit.delete(blockLimit);
  }

  /** Everything that can be in no block above `height`. Heights do not go down. */
  upTo(height: number): PoolEntry[] {
    const ended: PoolEntry[] = [];
    // After a jump there are fewer limits than heights.
    const steps = Math.max(0, height - this.#height);
    const limits = steps > this.#byLimit.size ? [...this.#byLimit.keys()] : heightsAbove(this.#height, steps);
    for (const limit of limits) {
      if (limit > height) continue;
      for (const entry of this.#byLimit.get(limit) ?? []) ended.push(entry);
    }
    this.#height = Math.max(this.#height, height);
    return ended;
  }
}

function heightsAbove(height: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => height + 1 + i);
}
