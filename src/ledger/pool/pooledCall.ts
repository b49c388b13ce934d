import type { Millis } from "../../base/clock.js";
import type { SignedCall } from "../execution.js";

/** A transaction that waits for its block. */
export interface PooledCall extends SignedCall {
  /** Encoded length, bytes. */
  readonly size: number;
  readonly arrivedAt: Millis;
}

/** With its keys in the indices: Map keys must be text. */
export interface PoolEntry {
  readonly call: PooledCall;
  readonly hashText: string;
  readonly senderText: string;
}
