/**
 * Reads of many blocks share a node with everything else it does. Few of them run at a time, and only one of them between
 * two rounds of the event loop, for a short turn; the others wait in line, and one whose client is gone ends.
 */
import { RPC_CODES, refuse } from "./refusals.js";

/** Searches that take turns. Each holds what it has found so far. */
export const SEARCHES_AT_ONCE_MAX = 4;
/** Searches that wait until one of those has ended; as many as a batch has requests. */
export const SEARCHES_WAITING_MAX = 256;
/** A search lets others go on after so long; a block that it is reading is read to its end. */
export const SEARCH_TURN_MS = 10;

/** Why a signal ends a search: nobody is there to be answered. */
const GONE = "Nobody waits for the answer.";

export class Searches {
  #running = 0;
  /** Told whether they may begin, in the order in which they came. */
  readonly #waiting = new Set<(begin: boolean) => void>();
  /** In the order in which their last turns ended. */
  readonly #resting: (() => void)[] = [];

  /** Searches that have begun, and those that have not. */
  get counts(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.size };
  }

  /**
   * @param signal aborted when nobody waits for the result any more.
   * @throws RpcRefusal when too many wait already, or the signal is aborted; whatever `work` throws
   */
  async run<T>(signal: AbortSignal | undefined, work: (turn: SearchTurn) => Promise<T>): Promise<T> {
    assertWanted(signal);
    await this.#begin(signal);
    try {
      const turn = new SearchTurn(signal, () => this.#nextTurn());
      await turn.next();
      return await work(turn);
    } finally {
      this.#end();
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    if (this.#running < SEARCHES_AT_ONCE_MAX) {
      this.#running++;
      return;
    }
    if (this.#waiting.size >= SEARCHES_WAITING_MAX) {
      refuse(RPC_CODES.operationNotAllowed, "Too many searches are waiting; ask again.");
    }
    const begun = await new Promise<boolean>((resolve) => {
      const leave = (): void => settle(false);
      const settle = (begin: boolean): void => {
        this.#waiting.delete(settle);
        signal?.removeEventListener("abort", leave);
        resolve(begin);
      };
      this.#waiting.add(settle);
      signal?.addEventListener("abort", leave);
    });
    if (!begun) refuseGone();
  }

  /** Its room goes to the one that has waited longest. */
  #end(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next(true);
  }

  #nextTurn(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#resting.push(resolve);
      if (this.#resting.length === 1) setImmediate(() => this.#giveTurn());
    });
  }

  #giveTurn(): void {
    this.#resting.shift()?.();
    if (this.#resting.length > 0) setImmediate(() => this.#giveTurn());
  }
}

/** What one search is allowed to hold the processor. */
export class SearchTurn {
  readonly #signal: AbortSignal | undefined;
  readonly #wait: () => Promise<void>;
  #since = 0;

  constructor(signal: AbortSignal | undefined, wait: () => Promise<void>) {
    this.#signal = signal;
    this.#wait = wait;
  }

  /** Then `next` has to be awaited before more is done. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SEARCH_TURN_MS;
  }

  /** @throws RpcRefusal where nobody waits for the result any more */
  async next(): Promise<void> {
    assertWanted(this.#signal);
    await this.#wait();
    assertWanted(this.#signal);
    this.#since = performance.now();
  }
}

function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) refuseGone();
}

function refuseGone(): never {
  return refuse(RPC_CODES.operationNotAllowed, GONE);
}
