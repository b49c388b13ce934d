/**
 * All timers of a fleet in one wheel (G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): a slot
 * for each step of time, whole numbers in it, no object and no system timer for each of them.
 */

/** Slots; what is due later goes round. */
const SLOTS = 8_192;

export class TimerWheel {
  readonly stepMs: number;
  readonly #slots: number[][] = Array.from({ length: SLOTS }, () => []);
  /** Steps that have been run. */
  #step: number;
  #size = 0;

  constructor(stepMs: number, nowMs = 0) {
    this.stepMs = stepMs;
    this.#step = Math.floor(nowMs / stepMs);
  }

  get size(): number {
    return this.#size;
  }

  /** When everything up to now has been run. */
  get nowMs(): number {
    return this.#step * this.stepMs;
  }

  /** Never in a step that has been run: the soonest is the next. */
  schedule(atMs: number, item: number): void {
    const step = Math.max(this.#step + 1, Math.ceil(atMs / this.stepMs));
    const slot = this.#slots[step % SLOTS] as number[];
    slot.push(step, item);
    this.#size++;
  }

  /** Runs what is due until `nowMs`, in the order of steps, within one as it was scheduled. */
  advance(nowMs: number, run: (item: number, atMs: number) => void): void {
    const last = Math.floor(nowMs / this.stepMs);
    while (this.#step < last) {
      const step = ++this.#step;
      const index = step % SLOTS;
      const slot = this.#slots[index] as number[];
      if (slot.length === 0) continue;
      this.#slots[index] = [];
      this.#runSlot(slot, step, index, run);
    }
  }

  #runSlot(slot: readonly number[], step: number, index: number, run: (item: number, atMs: number) => void): void {
    for (let i = 0; i < slot.length; i += 2) {
      const due = slot[i] as number;
      const item = slot[i + 1] as number;
      if (due === step) {
        this.#size--;
        run(item, step * this.stepMs);
      } else (this.#slots[index] as number[]).push(due, item);
    }
  }
}
