/**
 * Transactions between their arrival and their block. In: bytes of strangers (`precheck`), signed calls (`admit`), committed
 * blocks. Out: what goes into a block (`select`), what other participants should hear of (`takeAdmitted`), refusals in FISCO's
 * words. Bounded by count and bytes, as a whole and per sender.
 *
 * The signature stands between `precheck` and `admit` and costs more than everything else together, so whatever can be
 * refused without it is refused in `precheck`. `admit` asks again for all that may have changed meanwhile.
 */
import { copyBytes, equalBytes, toHex } from "../../base/bytes.js";
import type { Millis } from "../../base/clock.js";
import { Counters } from "../../base/counters.js";
import type { TransactionData } from "../../codec/fisco/transaction.js";
import { transactionDataHash } from "../../codec/fisco/transactionHash.js";
import type { TransactionChain } from "../../codec/fisco/transactionRules.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { SignedCall } from "../execution.js";
import { type DecodedCall, decodeCall } from "./decodeCall.js";
import { ExpiryIndex } from "./expiryIndex.js";
import { BLOCK_LIMIT_RANGE_BLOCKS, POOL_BYTES_MAX, POOL_TRANSACTIONS_MAX, SENDER_SHARE } from "./limits.js";
import { NonceWindow } from "./nonceWindow.js";
import type { PoolEntry, PooledCall } from "./pooledCall.js";
import { isRefusal, type Refusal, type RefusalReason, refusal } from "./refusal.js";
import { type BlockRoom, SenderQueues } from "./senderQueues.js";

export interface PoolLimits {
  readonly transactionsMax: number;
  /** Encoded bytes of all transactions. */
  readonly bytesMax: number;
  /** Above 0 up to 1: the part of either limit that one sender may hold. */
  readonly senderShare: number;
}

export const POOL_LIMITS: PoolLimits = {
  transactionsMax: POOL_TRANSACTIONS_MAX,
  bytesMax: POOL_BYTES_MAX,
  senderShare: SENDER_SHARE,
};

export interface PoolOptions {
  readonly chain: TransactionChain;
  /** The chain's. */
  readonly hash: HashFunction;
  /** Already filled with the newest blocks; belongs to the pool from now on. Default: a chain that begins. */
  readonly nonces?: NonceWindow;
  readonly limits?: PoolLimits;
}

export interface PoolCounts {
  /** Waiting now. */
  readonly transactions: number;
  readonly bytes: number;
  readonly senders: number;
  /** Since the start: admitted = transactions + committed + expired + displaced. */
  readonly admitted: number;
  readonly committed: number;
  readonly expired: number;
  /** Their nonce got into a block with another transaction. */
  readonly displaced: number;
  /** By FISCO's name, of both checks together. */
  readonly refused: Readonly<Record<string, number>>;
}

export class TransactionPool {
  readonly #chain: TransactionChain;
  readonly #hash: HashFunction;
  readonly #limits: PoolLimits;
  readonly #nonces: NonceWindow;
  readonly #byHash = new Map<string, PoolEntry>();
  readonly #byNonce = new Map<string, PoolEntry>();
  readonly #senders = new SenderQueues();
  readonly #expiry: ExpiryIndex;
  /** Of these, whatever left the pool is not told to anybody: so the list is no longer than the pool. */
  #untold = new Set<PoolEntry>();
  #height: number;
  #bytes = 0;
  #admitted = 0;
  #committed = 0;
  #expired = 0;
  #displaced = 0;
  readonly #refused = new Counters();

  constructor({ chain, hash, nonces = new NonceWindow(), limits = POOL_LIMITS }: PoolOptions) {
    this.#chain = chain;
    this.#hash = hash;
    this.#nonces = nonces;
    this.#limits = limits;
    this.#height = nonces.height;
    this.#expiry = new ExpiryIndex(nonces.height);
  }

  /** Newest height the pool was told of. */
  get height(): number {
    return this.#height;
  }

  get size(): number {
    return this.#byHash.size;
  }

  /**
   * Everything but the signature. What passes has to be recovered and then admitted; nothing of it is kept until then.
   * Never throws on bad bytes.
   */
  precheck(bytes: Uint8Array): DecodedCall | Refusal {
    const decoded = decodeCall(bytes, this.#chain);
    if (isRefusal(decoded)) return this.#count(decoded);
    const { data } = decoded.transaction;
    const refused = this.#standing(data, () => transactionDataHash(this.#hash, data)) ?? this.#fullFor(bytes.length);
    return refused === undefined ? decoded : this.#count(refused);
  }

  /**
   * @param call that passed `precheck` or `decodeCall`, with its recovered sender.
   * @returns why it is not taken, or undefined.
   */
  admit(call: SignedCall, now: Millis): Refusal | undefined {
    const { data } = call.transaction;
    const size = call.bytes.length;
    const senderText = toHex(call.sender);
    const refused = this.#standing(data, () => call.hash) ?? this.#fullFor(size) ?? this.#shareUsedUp(senderText, size);
    if (refused !== undefined) return this.#count(refused);
    // A view would keep the whole request alive that the transaction came in.
    const bytes = call.bytes.buffer.byteLength === size ? call.bytes : copyBytes(call.bytes);
    const { transaction, hash, sender } = call;
    const pooled = { transaction, hash, sender, bytes, size, arrivedAt: now };
    const entry = { call: pooled, hashText: toHex(hash), senderText };
    this.#byHash.set(entry.hashText, entry);
    this.#byNonce.set(data.nonce, entry);
    this.#senders.add(entry);
    this.#expiry.add(entry);
    this.#untold.add(entry);
    this.#bytes += size;
    this.#admitted++;
    return undefined;
  }

  get(hash: Uint8Array): PooledCall | undefined {
    return this.#byHash.get(toHex(hash))?.call;
  }

  /** Admitted since the last time, for the other participants: each once, in order, without what left the pool meanwhile. */
  takeAdmitted(): PooledCall[] {
    const calls = [...this.#untold].map(({ call }) => call);
    this.#untold = new Set();
    return calls;
  }

  /**
   * For the block above `height`, senders in turn. They stay in the pool until a block with them is committed, so that a
   * block that is never made loses nothing.
   */
  select(room: BlockRoom, height: number): PooledCall[] {
    const fits = ({ call }: PoolEntry): boolean => call.transaction.data.blockLimit > height;
    return this.#senders.select(room, fits).map(({ call }) => call);
  }

  /**
   * A block is final: its transactions leave, and so does whatever it made impossible.
   * @param hashes of the block's transactions, known here or not.
   * @param nonces of the same.
   * @throws LedgerError where the number is not above that of the last block.
   */
  committed(number: number, hashes: readonly Uint8Array[], nonces: readonly string[]): void {
    this.#nonces.add(number, nonces);
    for (const hash of hashes) {
      const entry = this.#byHash.get(toHex(hash));
      if (entry === undefined) continue;
      this.#remove(entry);
      this.#senders.toEnd(entry.senderText);
      this.#committed++;
    }
    for (const nonce of nonces) {
      const entry = this.#byNonce.get(nonce);
      if (entry === undefined) continue;
      this.#remove(entry);
      this.#displaced++;
    }
    this.expire(number);
  }

  /** The chain has this height: what can be in no block above it leaves. */
  expire(height: number): void {
    if (height <= this.#height) return;
    this.#height = height;
    for (const entry of this.#expiry.upTo(height)) {
      this.#remove(entry);
      this.#expired++;
    }
  }

  counts(): PoolCounts {
    return {
      transactions: this.#byHash.size,
      bytes: this.#bytes,
      senders: this.#senders.size,
      admitted: this.#admitted,
      committed: this.#committed,
      expired: this.#expired,
      displaced: this.#displaced,
      refused: this.#refused.snapshot(),
    };
  }

  /** As the chain and the pool stand. FISCO asks for the nonce before the block limit (bcos-txpool/TxValidator.cpp). */
  #standing({ nonce, blockLimit }: TransactionData, hashOf: () => Uint8Array): Refusal | undefined {
    const twin = this.#byNonce.get(nonce);
    if (twin !== undefined) {
      return refusal(equalBytes(twin.call.hash, hashOf()) ? "AlreadyInTxPool" : "NonceCheckFail");
    }
    if (this.#nonces.has(nonce)) return refusal("NonceCheckFail");
    const within = blockLimit > this.#height && blockLimit <= this.#height + BLOCK_LIMIT_RANGE_BLOCKS;
    return within ? undefined : refusal("BlockLimitCheckFail");
  }

  #fullFor(size: number): Refusal | undefined {
    if (this.#byHash.size >= this.#limits.transactionsMax) return full("POOL_TRANSACTIONS");
    return this.#bytes + size > this.#limits.bytesMax ? full("POOL_BYTES") : undefined;
  }

  #shareUsedUp(senderText: string, size: number): Refusal | undefined {
    const { count, bytes } = this.#senders.use(senderText);
    const { transactionsMax, bytesMax, senderShare } = this.#limits;
    const countMax = Math.max(1, transactionsMax * senderShare);
    const room = count + 1 <= countMax && bytes + size <= bytesMax * senderShare;
    return room ? undefined : full("POOL_SENDER_SHARE");
  }

  #remove(entry: PoolEntry): void {
    this.#byHash.delete(entry.hashText);
    this.#byNonce.delete(entry.call.transaction.data.nonce);
    this.#senders.remove(entry);
    this.#expiry.remove(entry);
    this.#untold.delete(entry);
    this.#bytes -= entry.call.size;
  }

  #count(refused: Refusal): Refusal {
    this.#refused.add(refused.message);
    return refused;
  }
}

function full(reason: RefusalReason): Refusal {
  return refusal("TxPoolIsFull", reason);
}
