/** Batches cut into pieces, and put together again in their order. */

import { transactionDataHash } from "../../../codec/fisco/transactionHash.js";
import type { TransactionChain } from "../../../codec/fisco/transactionRules.js";
import type { Suite } from "../../../crypto/suite.js";
import type { SignedCall } from "../../../ledger/execution.js";
import { type DecodedCall, decodeCall } from "../../../ledger/pool/decodeCall.js";
import { isRefusal, type Refusal, refusal } from "../../../ledger/pool/refusal.js";
import { PIECE_SIGNATURES_INLINE_MAX, PIECE_SIGNATURES_MAX, PIECE_SIGNATURES_MIN } from "./limits.js";
import { type SignedDigest, senderIn } from "./packedSignatures.js";

/** Encoded, or decoded and checked already. */
export type RecoveryInput = Uint8Array | DecodedCall;
export type RecoveryResult = SignedCall | Refusal;

export interface Batch {
  readonly results: RecoveryResult[];
  /** Transactions without a result. */
  left: number;
  readonly bytes: number;
  readonly resolve: (results: readonly RecoveryResult[]) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Open {
  readonly index: number;
  readonly call: DecodedCall;
  readonly hash: Uint8Array;
}

export class Piece {
  readonly batch: Batch;
  readonly #inputs: readonly RecoveryInput[];
  readonly #from: number;
  #open: readonly Open[] | undefined;
  /** Workers that ended while they had it. */
  deaths = 0;

  constructor(batch: Batch, inputs: readonly RecoveryInput[], from: number) {
    this.batch = batch;
    this.#inputs = inputs;
    this.#from = from;
  }

  /** What has to be recovered; refuses at once what is wrong without looking at the signature. Again: the same. */
  prepare(chain: TransactionChain, suite: Suite): SignedDigest[] {
    this.#open ??= this.#decode(chain, suite);
    return this.#open.map(({ call, hash: digest }) => ({ digest, signature: call.transaction.signature }));
  }

  /** Transactions that `prepare` gave. */
  get openCount(): number {
    return this.#open?.length ?? this.#inputs.length;
  }

  finish(answers: Uint8Array): void {
    for (const [i, { index, call, hash }] of (this.#open ?? []).entries()) {
      const sender = senderIn(answers, i);
      const { transaction, bytes } = call;
      this.#settle(index, sender === undefined ? refusal("InvalidSignature") : { transaction, hash, sender, bytes });
    }
  }

  #decode(chain: TransactionChain, suite: Suite): Open[] {
    const open: Open[] = [];
    const hash = (bytes: Uint8Array): Uint8Array => suite.hash(bytes);
    for (const [i, input] of this.#inputs.entries()) {
      const index = this.#from + i;
      const call = input instanceof Uint8Array ? decodeCall(input, chain) : input;
      if (isRefusal(call)) this.#settle(index, call);
      // In a packed buffer one of another length would reach into its neighbour.
      else if (call.transaction.signature.length !== suite.transactionSignatureBytes) {
        this.#settle(index, refusal("InvalidSignature"));
      } else open.push({ index, call, hash: transactionDataHash(hash, call.transaction.data) });
    }
    return open;
  }

  #settle(index: number, result: RecoveryResult): void {
    this.batch.results[index] = result;
    this.batch.left--;
  }
}

/** As even as they can be, so that no worker waits for another. */
export function cut(batch: Batch, inputs: readonly RecoveryInput[], workers: number): Piece[] {
  const count = pieceCount(inputs.length, workers);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * inputs.length) / count);
    return new Piece(batch, inputs.slice(from, Math.floor(((i + 1) * inputs.length) / count)), from);
  });
}

function pieceCount(length: number, workers: number): number {
  if (workers === 0) return Math.ceil(length / PIECE_SIGNATURES_INLINE_MAX);
  const rounds = Math.ceil(length / (workers * PIECE_SIGNATURES_MAX));
  return Math.min(rounds * workers, Math.ceil(length / PIECE_SIGNATURES_MIN));
}
