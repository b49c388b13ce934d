/** Memory that strangers make a server hold, counted by who made it do so. */
export class HeldBytes {
  readonly #max: number;
  readonly #byOwner = new Map<object, number>();
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** False, and nothing taken, where it would be too much. */
  take(owner: object, bytes: number): boolean {
    if (this.#total + bytes > this.#max) return false;
    this.#total += bytes;
    this.#byOwner.set(owner, (this.#byOwner.get(owner) ?? 0) + bytes);
    return true;
  }

  release(owner: object): void {
    this.#total -= this.#byOwner.get(owner) ?? 0;
    this.#byOwner.delete(owner);
  }
}
