/**
 * From the bytes of transactions to signed calls: decoded, checked, hashed, their senders recovered. In: batches. Out: for each
 * transaction a signed call or FISCO's refusal, in the order of the batch. It knows nothing of heights and nonces.
 *
 * Recovery is the most costly thing a participant does for a transaction (ecdsa about 50 us, sm 350 us), so it runs in worker
 * threads. The calling thread decodes and hashes (6 us): it needs the decoded values, and to clone them from a worker costs
 * more than to decode them; and a worker that only recovers is busy with nothing else.
 */
import { availableParallelism } from "node:os";
import { codeOf } from "../../../base/error.js";
import { type Logger, SILENT_LOGGER } from "../../../base/logger.js";
import type { TransactionChain } from "../../../codec/fisco/transactionRules.js";
import type { Suite } from "../../../crypto/suite.js";
import { inlineLane, type Lane, RECOVERY_PROGRAM, startWorkerLane } from "./lanes.js";
import {
  PIECE_DEATHS_MAX,
  PIECES_PER_WORKER,
  RECOVERY_BYTES_MAX,
  RECOVERY_TRANSACTIONS_MAX,
  RECOVERY_WORKERS_MAX,
  WORKER_STARTS_MAX,
} from "./limits.js";
import { isAnswerFor, packSignatures } from "./packedSignatures.js";
import { type Batch, cut, type Piece, type RecoveryInput, type RecoveryResult } from "./pieces.js";
import { RecoveryError } from "./problems.js";

export interface RecoveryOptions {
  readonly chain: TransactionChain;
  /** The chain's, for the calling thread. Workers load the fastest one for themselves. */
  readonly suite: Suite;
  /** Threads; 0 recovers in the calling thread. Default: one for each processor but one. */
  readonly workers?: number;
  /** Compiled `recoveryMain`, where it is not beside this file. */
  readonly program?: string;
  readonly logger?: Logger;
}

export interface RecoveryState {
  /** Running. */
  readonly workers: number;
  /** Ended without being asked to, since the start. */
  readonly workersLost: number;
  /** Transactions that wait or are in work. */
  readonly pending: number;
}

interface Seat {
  readonly lane: Lane;
  /** Oldest first. */
  readonly inWork: Piece[];
  /** Workers still to be tried in this place, should they end one after the other without having done anything. */
  startsLeft: number;
}

export class RecoveryPool {
  readonly #options: RecoveryOptions;
  readonly #logger: Logger;
  readonly #seats = new Set<Seat>();
  readonly #waiting: Piece[] = [];
  readonly #batches = new Set<Batch>();
  /** Takes what kills workers, and everything when there is none. */
  #inline: Seat | undefined;
  #pending = 0;
  #pendingBytes = 0;
  #workersLost = 0;
  #feedDue = false;
  #closed = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT_LOGGER;
    const workers = Math.min(options.workers ?? availableParallelism() - 1, RECOVERY_WORKERS_MAX);
    for (let i = 0; i < workers; i++) this.#startWorker(WORKER_STARTS_MAX);
  }

  /**
   * Never rejects for what is in the batch.
   * @throws RecoveryError `RECOVERY_BUSY` where too much waits already, `RECOVERY_CLOSED`
   */
  recover(inputs: readonly RecoveryInput[]): Promise<readonly RecoveryResult[]> {
    return new Promise((resolve, reject) => {
      const bytes = inputs.reduce((sum, input) => sum + lengthOf(input), 0);
      this.#refuseTooMuch(inputs.length, bytes);
      if (inputs.length === 0) return resolve([]);
      const results = new Array<RecoveryResult>(inputs.length);
      const batch: Batch = { results, left: inputs.length, bytes, resolve, reject };
      this.#batches.add(batch);
      this.#pending += inputs.length;
      this.#pendingBytes += bytes;
      this.#waiting.push(...cut(batch, inputs, this.#seats.size));
      this.#feed();
    });
  }

  state(): RecoveryState {
    return { workers: this.#seats.size, workersLost: this.#workersLost, pending: this.#pending };
  }

  /** Whatever has no result yet is rejected with `RECOVERY_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const batch of this.#batches) this.#fail(batch, new RecoveryError({ code: "RECOVERY_CLOSED" }));
    const seats = [...this.#seats, ...(this.#inline === undefined ? [] : [this.#inline])];
    this.#seats.clear();
    await Promise.all(seats.map(({ lane }) => lane.close()));
  }

  #refuseTooMuch(count: number, bytes: number): void {
    if (this.#closed) throw new RecoveryError({ code: "RECOVERY_CLOSED" });
    const limits = [
      { unit: "transactions", asked: this.#pending + count, max: RECOVERY_TRANSACTIONS_MAX },
      { unit: "bytes", asked: this.#pendingBytes + bytes, max: RECOVERY_BYTES_MAX },
    ] as const;
    const passed = limits.find(({ asked, max }) => asked > max);
    if (passed !== undefined) throw new RecoveryError({ code: "RECOVERY_BUSY", ...passed });
  }

  /** Gives the least busy one a piece; the next piece has a turn of its own, because this thread decodes and hashes it. */
  #feed(): void {
    while (this.#waiting.length > 0) {
      const seat = this.#freeSeat();
      if (seat === undefined) return;
      const piece = this.#waiting.shift() as Piece;
      if (!this.#batches.has(piece.batch)) continue;
      this.#give(seat, piece);
      this.#feedLater();
      return;
    }
  }

  #feedLater(): void {
    if (this.#feedDue) return;
    this.#feedDue = true;
    setImmediate(() => {
      this.#feedDue = false;
      this.#feed();
    });
  }

  #freeSeat(): Seat | undefined {
    let free: Seat | undefined;
    const seats = this.#seats.size > 0 ? this.#seats : [this.#inlineSeat()];
    for (const seat of seats) if (seat.inWork.length < (free?.inWork.length ?? PIECES_PER_WORKER)) free = seat;
    return free;
  }

  #give(seat: Seat, piece: Piece): void {
    const { suite, chain } = this.#options;
    try {
      const digests = piece.prepare(chain, suite);
      if (digests.length > 0) {
        seat.lane.post(packSignatures(suite, digests));
        seat.inWork.push(piece);
      } else this.#deliver(piece.batch);
    } catch (thrown) {
      this.#fail(piece.batch, thrown);
    }
  }

  #answered(seat: Seat, answers: Uint8Array): void {
    const piece = seat.inWork[0];
    if (piece === undefined || !isAnswerFor(answers, piece.openCount)) {
      void seat.lane.close();
      this.#lost(seat, "an answer to no question");
      return;
    }
    seat.inWork.shift();
    seat.startsLeft = WORKER_STARTS_MAX;
    piece.finish(answers);
    this.#deliver(piece.batch);
    this.#feedLater();
  }

  #deliver(batch: Batch): void {
    if (batch.left > 0 || !this.#release(batch)) return;
    batch.resolve(batch.results);
  }

  #fail(batch: Batch, thrown: unknown): void {
    if (this.#release(batch)) batch.reject(thrown);
  }

  /** False where the batch has its end already. */
  #release(batch: Batch): boolean {
    if (!this.#batches.delete(batch)) return false;
    this.#pending -= batch.results.length;
    this.#pendingBytes -= batch.bytes;
    return true;
  }

  #startWorker(startsLeft: number): void {
    const { program = RECOVERY_PROGRAM, suite } = this.#options;
    const lane = startWorkerLane(program, suite, {
      answered: (answers) => this.#answered(seat, answers),
      ended: (reason) => this.#lost(seat, reason),
    });
    const seat: Seat = { lane, inWork: [], startsLeft: startsLeft - 1 };
    this.#seats.add(seat);
  }

  #lost(seat: Seat, reason: unknown): void {
    if (this.#closed || !this.#seats.delete(seat)) return;
    this.#workersLost++;
    this.#logger.warn({ reason: reasonOf(reason), replaced: seat.startsLeft > 0 }, "a recovery worker ended");
    if (seat.startsLeft > 0) this.#startWorker(seat.startsLeft);
    for (const piece of seat.inWork.reverse()) {
      piece.deaths++;
      if (piece.deaths < PIECE_DEATHS_MAX) this.#waiting.unshift(piece);
      else this.#give(this.#inlineSeat(), piece);
    }
    this.#feed();
  }

  #inlineSeat(): Seat {
    if (this.#inline !== undefined) return this.#inline;
    const lane = inlineLane(this.#options.suite, {
      answered: (answers) => this.#answered(seat, answers),
      ended: (thrown) => {
        const piece = seat.inWork.shift();
        if (piece !== undefined) this.#fail(piece.batch, thrown);
        this.#feed();
      },
    });
    const seat: Seat = { lane, inWork: [], startsLeft: 0 };
    this.#inline = seat;
    return seat;
  }
}

function lengthOf(input: RecoveryInput): number {
  return input instanceof Uint8Array ? input.length : input.bytes.length;
}

function reasonOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  if (reason instanceof Error && "code" in reason) return String(reason.code);
  return codeOf(reason);
}
