/** One number for everything a fleet has said, in its order: two runs with the same hash said the same. Not cryptographic. */
export class TraceHash {
  #low = 0x811c9dc5 | 0;
  #high = 0x1b873593 | 0;

  add(nowMs: number, client: number, topic: string, bytes: Uint8Array): void {
    this.#mix(Math.floor(nowMs) | 0);
    this.#mix(client);
    for (let i = 0; i < topic.length; i++) this.#mix(topic.charCodeAt(i));
    for (const byte of bytes) this.#mix(byte);
  }

  /** 16 hex digits. */
  get hex(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Two lanes of FNV-1a (Fowler, Noll, Vo) with different multipliers. */
  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 15), 0x85ebca6b);
  }
}
