/**
 * Who waits with what. Senders take turns: one transaction each per round, in order of arrival within a sender, and whoever
 * got into a block goes to the end. So among S senders each gets at least every S-th place, however much one of them sends.
 */
import type { PoolEntry } from "./pooledCall.js";

export interface BlockRoom {
  readonly count: number;
  /** Encoded transactions together; must leave room for the largest one, or it waits until it expires. */
  readonly bytes: number;
}

interface SenderQueue {
  /** In order of arrival. */
  readonly entries: Set<PoolEntry>;
  bytes: number;
}

export interface SenderUse {
  readonly count: number;
  readonly bytes: number;
}

export class SenderQueues {
  /** In the order of turns. */
  readonly #queues = new Map<string, SenderQueue>();

  /** Senders with something waiting. */
  get size(): number {
    return this.#queues.size;
  }

  use(senderText: string): SenderUse {
    const queue = this.#queues.get(senderText);
    return { count: queue?.entries.size ?? 0, bytes: queue?.bytes ?? 0 };
  }

  add(entry: PoolEntry): void {
    let queue = this.#queues.get(entry.senderText);
    if (queue === undefined) {
      queue = { entries: new Set(), bytes: 0 };
      this.#queues.set(entry.senderText, queue);
    }
    queue.entries.add(entry);
    queue.bytes += entry.call.size;
  }

  remove(entry: PoolEntry): void {
    const queue = this.#queues.get(entry.senderText);
    if (queue === undefined || !queue.entries.delete(entry)) return;
    queue.bytes -= entry.call.size;
    if (queue.entries.size === 0) this.#queues.delete(entry.senderText);
  }

  /** The sender was served: its next turn comes after everybody else's. */
  toEnd(senderText: string): void {
    const queue = this.#queues.get(senderText);
    if (queue === undefined) return;
    this.#queues.delete(senderText);
    this.#queues.set(senderText, queue);
  }

  /**
   * What goes into the next block. A sender whose next transaction does not fit any more waits, so that its order stays; it
   * is in front when the next block begins.
   */
  select(room: BlockRoom, fits: (entry: PoolEntry) => boolean): PoolEntry[] {
    const chosen: PoolEntry[] = [];
    let bytesLeft = room.bytes;
    let turns: Iterable<Iterator<PoolEntry>> = this.#firstRound();
    for (;;) {
      const again: Iterator<PoolEntry>[] = [];
      for (const turn of turns) {
        if (chosen.length >= room.count) return chosen;
        const entry = nextThat(turn, fits);
        if (entry === undefined || entry.call.size > bytesLeft) continue;
        chosen.push(entry);
        bytesLeft -= entry.call.size;
        again.push(turn);
      }
      if (again.length === 0) return chosen;
      turns = again;
    }
  }

  /** One at a time: a small block does not visit every sender. */
  *#firstRound(): Iterable<Iterator<PoolEntry>> {
    for (const { entries } of this.#queues.values()) yield entries.values();
  }
}

function nextThat(turn: Iterator<PoolEntry>, fits: (entry: PoolEntry) => boolean): PoolEntry | undefined {
  for (;;) {
    const { done, value } = turn.next();
    if (done === true) return undefined;
    if (fits(value)) return value;
  }
}
