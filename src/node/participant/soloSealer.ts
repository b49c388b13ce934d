/**
 * One sealer alone: takes what waits in the pool, carries it out, signs the header through the guard, writes the block, and
 * only then tells anybody. Where nothing waits for long it makes an empty block, so that light nodes can tell a quiet chain
 * from a dead one; the first one comes at once, because block 0 is nothing that anybody signed.
 */

import { equalBytes } from "../../base/bytes.js";
import type { Clock, Millis } from "../../base/clock.js";
import type { HeaderSignature } from "../../codec/fisco/header.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { SignedCall } from "../../ledger/execution.js";
import type { ExecutedBlock, Ledger } from "../../ledger/ledger.js";
import type { LedgerStore } from "../../ledger/store.js";
import { sealersAt } from "../../ledger/system/nodes.js";
import type { GuardedSigner } from "../signing/port.js";
import { ParticipantError } from "./problems.js";

export interface SoloSealerOptions {
  readonly ledger: Ledger;
  readonly store: LedgerStore;
  readonly signer: GuardedSigner;
  readonly clock: Clock;
  /** Calls for the block above `height`, in order. */
  readonly select: (height: number) => readonly SignedCall[];
  /** Least time from block to block, so that transactions travel together. */
  readonly intervalMs: Millis;
  /** Time without a block after which an empty one is made; 0 makes none. */
  readonly idleMs: Millis;
  /** The block is on the disk. */
  readonly onBlock: (header: HashedHeader, block: ExecutedBlock) => void;
  /** Nothing is sealed any more. */
  readonly onFailure: (error: unknown) => void;
}

export class SoloSealer {
  readonly #options: SoloSealerOptions;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The next block is made also without transactions. */
  #emptyDue = false;
  #stopped = false;

  constructor(options: SoloSealerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.ledger.head.header.number === 0) this.#emptyDue = true;
    this.#restIdle();
    this.wake();
  }

  /** Something waits in the pool. */
  wake(): void {
    if (this.#stopped || this.#timer !== undefined || this.#working !== undefined) return;
    const waitMs = Math.max(0, this.#lastAt + this.#options.intervalMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#round()
        .then((sealed) => {
          this.#working = undefined;
          if (sealed) this.wake();
        })
        .catch((thrown: unknown) => {
          this.#stopped = true;
          this.#working = undefined;
          this.#options.onFailure(thrown);
        });
    }, waitMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    await this.#working;
  }

  #restIdle(): void {
    const { idleMs } = this.#options;
    clearTimeout(this.#idleTimer);
    if (idleMs === 0 || this.#stopped) return;
    this.#idleTimer = setTimeout(() => {
      this.#emptyDue = true;
      this.wake();
    }, idleMs);
  }

  /** One block, or none where nothing waits. */
  async #round(): Promise<boolean> {
    const { ledger, clock, select } = this.#options;
    const number = ledger.head.header.number + 1;
    const calls = select(number - 1);
    if (calls.length === 0 && !this.#emptyDue) return false;
    this.#emptyDue = false;
    this.#lastAt = performance.now();
    const sealer = this.#place(number);
    const block = ledger.execute({ number, timestamp: clock.now(), sealer, calls });
    let signatures: readonly HeaderSignature[];
    try {
      const { signature } = await this.#options.signer.sign({ purpose: "header", header: block.header });
      signatures = [{ sealerIndex: sealer, signature }];
    } catch (thrown) {
      ledger.abandon();
      throw thrown;
    }
    this.#commit(block, signatures);
    return true;
  }

  #commit(block: ExecutedBlock, signatures: readonly HeaderSignature[]): void {
    const { ledger, store, onBlock } = this.#options;
    store.commit(ledger.seal(block, signatures));
    onBlock(ledger.committed(block, signatures), block);
    this.#restIdle();
  }

  /** Its own place in the list. @throws ParticipantError `PARTICIPANT_NOT_SEALER` */
  #place(number: number): number {
    const { ledger, signer } = this.#options;
    const { nodeIds } = sealersAt(ledger.state, number);
    const place = nodeIds.findIndex((nodeId) => equalBytes(nodeId, signer.publicKey));
    if (place < 0) throw new ParticipantError({ code: "PARTICIPANT_NOT_SEALER", number });
    if (nodeIds.length > 1)
      throw new ParticipantError({ code: "PARTICIPANT_NOT_ALONE", number, sealers: nodeIds.length });
    return place;
  }
}
