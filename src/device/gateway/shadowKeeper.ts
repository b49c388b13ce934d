/** When the shadow is written: with the commands that a reading set off, else all that has changed from time to time. */
import { SHADOW_FLUSH_BYTES, SHADOW_FLUSH_MS } from "./limits.js";
import type { Pile } from "./pile.js";
import type { Shadow } from "./shadow.js";
import type { DeviceTable, Member } from "./table.js";

export class ShadowKeeper {
  readonly #pile: Pile;
  readonly #table: DeviceTable;
  readonly #shadow: Shadow;
  #dueMs = 0;

  constructor(pile: Pile, table: DeviceTable, shadow: Shadow) {
    this.#pile = pile;
    this.#table = table;
    this.#shadow = shadow;
  }

  tick(): void {
    if (this.#pile.now.monotonicMs >= this.#dueMs) this.#flush(SHADOW_FLUSH_BYTES);
  }

  /** Before a planned stop. How far everybody has counted is kept too: what was said before it is no news after it. */
  flush(): void {
    for (const member of this.#table.values()) if (member.sequence > member.keptSequence) this.keep(member);
    this.#flush(Number.POSITIVE_INFINITY);
  }

  /** How many bytes it takes. */
  keep(member: Member): number {
    const { record, birth, sequence } = member;
    const bytes = this.#shadow.keep(record.id, { birth, sequence });
    member.keptSequence = sequence;
    this.#pile.writes.push({ kind: "shadow", id: record.id, bytes });
    return bytes.length;
  }

  /** The rest of what is too much for one transaction is written at the next tick. */
  #flush(bytesMax: number): void {
    let sum = 0;
    for (const id of this.#shadow.changed) {
      if (sum > bytesMax) return;
      const member = this.#table.get(id);
      if (member !== undefined) sum += this.keep(member);
    }
    this.#dueMs = this.#pile.now.monotonicMs + SHADOW_FLUSH_MS;
  }
}
