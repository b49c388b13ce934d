/** At most `limit` tasks at once, at most `waitingMax` in the queue for a place; first come, first served. */
export class Slots {
  #limit: number;
  readonly #waitingMax: number;
  readonly #busy: (waiting: number, limit: number) => Error;
  readonly #waiting: { readonly go: () => void; readonly fail: (error: Error) => void }[] = [];
  #used = 0;

  /** `busy` makes the error of a task that finds even the queue full. */
  constructor(limit: number, waitingMax: number, busy: (waiting: number, limit: number) => Error) {
    this.#limit = limit;
    this.#waitingMax = waitingMax;
    this.#busy = busy;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A smaller limit takes effect as places come free. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#fill();
  }

  /** Settles as `task` does; rejects with the `busy` error or, while it waits, with the error of `failWaiting`. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const go = () => {
        this.#used++;
        task()
          .finally(() => this.#release())
          .then(resolve, reject);
      };
      if (this.#used < this.#limit) go();
      else if (this.#waiting.length < this.#waitingMax) this.#waiting.push({ go, fail: reject });
      else reject(this.#busy(this.#waiting.length, this.#waitingMax));
    });
  }

  /** Ends everybody who still waits. */
  failWaiting(error: Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.fail(error);
  }

  #release(): void {
    this.#used--;
    this.#fill();
  }

  #fill(): void {
    while (this.#used < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.go();
    }
  }
}
