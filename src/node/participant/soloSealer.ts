/**
 * One sealer alone: takes what waits in the pool, carries it out, keeps what it is about to sign, signs the header through
 * the guard, writes the block, and only then tells anybody. Where nothing waits for long it makes an empty block, so that
 * light nodes can tell a quiet chain from a dead one; the first one comes at once, because block 0 is nothing that anybody
 * signed.
 *
 * The guard signs one header for each height, for ever. A process that ends between signature and block must therefore make
 * the very same block when it is back: what was kept comes first then.
 */
import { equalBytes } from "../../base/bytes.js";
import type { Clock, Millis } from "../../base/clock.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { SignedCall } from "../../ledger/execution.js";
import type { ExecutedBlock, Ledger, Proposal } from "../../ledger/ledger.js";
import type { LedgerStore } from "../../ledger/store.js";
import { sealersAt } from "../../ledger/system/nodes.js";
import type { GuardedSigner } from "../signing/port.js";
import { keepProposal, keptProposal } from "./keptProposal.js";
import { ParticipantError } from "./problems.js";

export interface SoloSealerOptions {
  /** The chain's. */
  readonly hash: HashFunction;
  readonly ledger: Ledger;
  readonly store: LedgerStore;
  readonly signer: GuardedSigner;
  readonly clock: Clock;
  /** Calls for the block above `height`, in order. */
  readonly select: (height: number) => readonly SignedCall[];
  /** Least time from block to block, so that transactions travel together. */
  readonly intervalMs: Millis;
  /** Whether a block has nothing more to wait for: then it does not rest. Left out: never. */
  readonly hasEnough?: () => boolean;
  /** Time without a block after which an empty one is made; 0 makes none. */
  readonly idleMs: Millis;
  /** The block is on the disk. */
  readonly onBlock: (header: HashedHeader, block: ExecutedBlock) => void;
  /** Nothing is sealed any more. */
  readonly onFailure: (error: unknown) => void;
}

/** A disk that once took long is no reason to seal late. */
const REST_MAX_MS = 200;

export class SoloSealer {
  readonly #options: SoloSealerOptions;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** The next block is made also without transactions. */
  #emptyDue = false;
  #resumed = false;
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
    if (this.#stopped || this.#working !== undefined) return;
    const { intervalMs, hasEnough } = this.#options;
    const soonest = this.#lastAt + intervalMs;
    const wakesAt = this.#restUntil <= soonest || hasEnough?.() === true ? soonest : this.#restUntil;
    if (this.#timer !== undefined && this.#wakesAt <= wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = wakesAt;
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, wakesAt - performance.now()));
  }

  #begin(): void {
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
    const { ledger, store, signer, onBlock } = this.#options;
    const number = ledger.head.header.number + 1;
    const interrupted = this.#interrupted(number);
    const proposal = interrupted ?? this.#next(number);
    if (proposal === undefined) return false;
    this.#emptyDue = false;
    this.#lastAt = performance.now();
    const block = ledger.execute(proposal);
    try {
      if (interrupted === undefined) keepProposal(store, proposal);
      const askedAt = performance.now();
      const { signature } = await signer.sign({ purpose: "header", header: block.header });
      const signingMs = performance.now() - askedAt;
      const signatures = [{ sealerIndex: proposal.sealer, signature }];
      store.commit(ledger.seal(block, signatures));
      onBlock(ledger.committed(block, signatures), block);
      this.#rest(performance.now() - this.#lastAt - signingMs);
    } catch (thrown) {
      ledger.abandon();
      throw thrown;
    }
    this.#restIdle();
    return true;
  }

  /**
   * Whatever is in it, a block costs a signature and three synchronisations of the disk. One that is begun as soon as the
   * last is done finds little in the pool, because arrivals had no turn meanwhile. So they have as long as the block had,
   * or until none is left.
   * @param heldMs how long the block held the thread; while a token signs, arrivals have their turn.
   */
  #rest(heldMs: Millis): void {
    this.#restUntil = performance.now() + Math.min(heldMs, REST_MAX_MS);
  }

  /** What may have been signed before this process began. */
  #interrupted(number: number): Proposal | undefined {
    if (this.#resumed) return undefined;
    this.#resumed = true;
    const { store, hash } = this.#options;
    return keptProposal(store, number, hash);
  }

  #next(number: number): Proposal | undefined {
    const { clock, select } = this.#options;
    const calls = select(number - 1);
    if (calls.length === 0 && !this.#emptyDue) return undefined;
    return { number, timestamp: clock.now(), sealer: this.#place(number), calls };
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
