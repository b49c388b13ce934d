/**
 * Batches of receipts: every 100 receipts or 10 s one head is to be signed, over a mountain range of the batch's receipt
 * hashes (`crypto/mountainRange.ts`), whose root commits to their number and order.
 *
 * The head's slot in the signing guard is (epoch, last sequence): `root` of the request is the range's root and `sequence`
 * the last receipt's, so that count and first receipt follow from root and slot. Heads follow each other without gaps.
 */
import type { HashFunction } from "../../crypto/hashFunction.js";
import {
  type MountainNodeReader,
  type MountainProof,
  MountainRange,
  mountainProof,
  verifyMountainProof,
} from "../../crypto/mountainRange.js";
import { bytesOf, record, type Shape, uint } from "./shape.js";

export const BATCH_RECEIPTS = 100;
export const BATCH_MS = 10_000;

/** What the guard is asked to sign: purpose `receiptHead` with this epoch, `toSequence` and `root`. */
export interface ReceiptHead {
  /** Of the gateway's key; grows when the count of receipts begins anew. */
  readonly epoch: number;
  readonly fromSequence: number;
  readonly toSequence: number;
  readonly root: Uint8Array;
  readonly count: number;
}

export const RECEIPT_HEAD: Shape<ReceiptHead> = record<ReceiptHead>({
  epoch: uint(0xf_ffff),
  fromSequence: uint(0xffff_ffff),
  toSequence: uint(0xffff_ffff),
  root: bytesOf(32),
  count: uint(BATCH_RECEIPTS),
});

interface Pending {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** Receipts in, heads out; time is handed in. After a restart it is given the receipts above the last signed head again. */
export class ReceiptBatcher {
  readonly #hash: HashFunction;
  readonly #epoch: number;
  #pending: Pending[] = [];
  #sinceMs: number | undefined;
  /** The batch that is being signed. */
  #asked: ReceiptHead | undefined;
  #next: number | undefined;

  /** @param signedTo last sequence that a signed head covers, 0 for none. */
  constructor(hash: HashFunction, epoch: number, signedTo: number) {
    this.#hash = hash;
    this.#epoch = epoch;
    this.#next = signedTo + 1;
  }

  /** False for a receipt that is not the next one: nothing is taken. */
  add(sequence: number, receiptHash: Uint8Array, nowMs: number): boolean {
    if (sequence !== this.#next) return false;
    this.#next = sequence + 1;
    this.#pending.push({ sequence, hash: receiptHash });
    this.#sinceMs ??= nowMs;
    return true;
  }

  get nextMs(): number | undefined {
    if (this.#asked !== undefined || this.#sinceMs === undefined) return undefined;
    return this.#pending.length >= BATCH_RECEIPTS ? this.#sinceMs : this.#sinceMs + BATCH_MS;
  }

  /** The head to be signed now, the same one until it is `signed`; undefined while there is nothing to sign. */
  due(nowMs: number): ReceiptHead | undefined {
    if (this.#asked !== undefined) return this.#asked;
    if (this.nextMs === undefined || nowMs < this.nextMs) return undefined;
    const batch = this.#pending.slice(0, BATCH_RECEIPTS);
    const first = batch[0] as Pending;
    this.#asked = headOf(
      this.#hash,
      this.#epoch,
      first.sequence,
      batch.map(({ hash }) => hash),
    );
    return this.#asked;
  }

  /** The head of that last sequence is signed, and kept. */
  signed(toSequence: number, nowMs: number): void {
    if (this.#asked?.toSequence !== toSequence) return;
    this.#pending = this.#pending.filter(({ sequence }) => sequence > toSequence);
    this.#asked = undefined;
    this.#sinceMs = this.#pending.length === 0 ? undefined : nowMs;
  }
}

/** @param hashes of the receipts from `fromSequence` on, at least one. */
export function headOf(
  hash: HashFunction,
  epoch: number,
  fromSequence: number,
  hashes: readonly Uint8Array[],
): ReceiptHead {
  const range = MountainRange.empty(hash);
  for (const receipt of hashes) range.append(receipt);
  return {
    epoch,
    fromSequence,
    toSequence: fromSequence + hashes.length - 1,
    root: range.root(),
    count: hashes.length,
  };
}

/** The path of receipt `sequence` to the head of its batch. @throws CryptoError `CRYPTO_LEAF_INDEX` for another one's. */
export function receiptPath(
  hash: HashFunction,
  head: ReceiptHead,
  hashes: readonly Uint8Array[],
  sequence: number,
): MountainProof {
  const nodes = new Map<string, Uint8Array>();
  const range = MountainRange.empty(hash);
  for (const receipt of hashes) range.append(receipt, (level, index, node) => nodes.set(`${level}/${index}`, node));
  const read: MountainNodeReader = (level, index) => nodes.get(`${level}/${index}`);
  return mountainProof(read, hashes.length, sequence - head.fromSequence);
}

/** Whether the receipt of this hash stands at this place under the head. The head's signature is another question. */
export function underHead(
  hash: HashFunction,
  head: ReceiptHead,
  sequence: number,
  receiptHash: Uint8Array,
  path: MountainProof,
): boolean {
  if (head.count !== head.toSequence - head.fromSequence + 1) return false;
  return verifyMountainProof(hash, head.root, head.count, sequence - head.fromSequence, receiptHash, path);
}
