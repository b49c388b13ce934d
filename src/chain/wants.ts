/** What the client has asked for and not yet got: one table, so that every wait ends, by an answer or by its deadline. */
import { toHex } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import type { Random } from "../base/random.js";
import { REQUEST_ID_BYTES } from "../codec/wire/limits.js";
import type { Question } from "../codec/wire/requestMessage.js";
import type { Subject } from "../codec/wire/topics.js";
import type { LightMessage } from "./lightMessages.js";
import { ANSWER_WAIT_MS, RETAINED_WAIT_MS } from "./limits.js";

export type Purpose = "climb" | "pivot" | "fill" | "block" | "genesis";

export interface Want {
  /** Topic suffix for a retained message, hex id for a request. */
  readonly key: string;
  readonly source: string;
  readonly purpose: Purpose;
  readonly deadline: Millis;
  readonly subject: Subject | undefined;
  /** First and last height it is about. */
  readonly from: number;
  readonly to: number;
}

export class Wants {
  readonly #open = new Map<string, Want>();
  readonly #random: Random;
  readonly #send: (message: LightMessage) => void;

  constructor(random: Random, send: (message: LightMessage) => void) {
    this.#random = random;
    this.#send = send;
  }

  /** Waits for retained messages of several topics of one source. */
  subscribe(
    source: string,
    purpose: Purpose,
    subjects: readonly Subject[],
    span: { from: number; to: number },
    now: Millis,
  ): void {
    this.#send({ kind: "subscribe", source, subjects });
    for (const subject of subjects) {
      const key = subjectKey(source, subject);
      this.#open.set(key, { key, source, purpose, deadline: now + RETAINED_WAIT_MS, subject, ...span });
    }
  }

  ask(source: string, purpose: Purpose, question: Question, span: { from: number; to: number }, now: Millis): void {
    const id = this.#random.bytes(REQUEST_ID_BYTES);
    const key = toHex(id);
    this.#open.set(key, { key, source, purpose, deadline: now + ANSWER_WAIT_MS, subject: undefined, ...span });
    this.#send({ kind: "request", source, id, question });
  }

  /** Ends the wait for a retained message, and the subscription with it. */
  arrived(source: string, subject: Subject): Want | undefined {
    return this.#end(this.#open.get(subjectKey(source, subject)));
  }

  answered(source: string, id: string): Want | undefined {
    const want = this.#open.get(id);
    return want?.source === source ? this.#end(want) : undefined;
  }

  expired(now: Millis): Want[] {
    const late = [...this.#open.values()].filter((want) => want.deadline <= now);
    for (const want of late) this.#end(want);
    return late;
  }

  /** The source is gone: nothing it was asked for will come. */
  abandon(source: string): void {
    for (const [key, want] of this.#open) if (want.source === source) this.#open.delete(key);
  }

  has(purposes: readonly Purpose[]): boolean {
    for (const want of this.#open.values()) if (purposes.includes(want.purpose)) return true;
    return false;
  }

  /** Whether a height is already asked for. */
  covers(purpose: Purpose, height: number): boolean {
    for (const want of this.#open.values()) {
      if (want.purpose === purpose && want.from <= height && height <= want.to) return true;
    }
    return false;
  }

  #end(want: Want | undefined): Want | undefined {
    if (want === undefined) return undefined;
    this.#open.delete(want.key);
    if (want.subject !== undefined) this.#send({ kind: "unsubscribe", source: want.source, subjects: [want.subject] });
    return want;
  }
}

function subjectKey(source: string, subject: Subject): string {
  const argument = subject.kind === "segment" ? subject.start : subject.kind === "change" ? subject.height : "";
  return `${source}\n${subject.kind}/${argument}`;
}
