/** One at a time, in order of arrival, and nobody waits longer than allowed. */
interface Waiter {
  readonly timer: NodeJS.Timeout;
  readonly start: () => void;
}

export class Turns {
  readonly #waiters: Waiter[] = [];
  #isTaken = false;

  get waiting(): number {
    return this.#waiters.length;
  }

  /** True when the turn is ours; it must then be given back with `done`. False when the time was up before. */
  take(timeoutMs: number): Promise<boolean> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        timer: setTimeout(() => {
          this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
          resolve(false);
        }, timeoutMs),
        start: () => resolve(true),
      };
      this.#waiters.push(waiter);
    });
  }

  done(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#isTaken = false;
    else {
      clearTimeout(next.timer);
      next.start();
    }
  }
}
