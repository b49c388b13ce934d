/**
 * The 172-byte commitment that blocks N > 0 of an `edgeseal` chain carry as extraData, and the hashes inside it.
 *
 * Layout, integers big-endian:
 *
 *     0   4  magic "EDGS"
 *     4   2  format version, 1
 *     6   1  fault model: 1 bft, 2 crash
 *     7   1  reserved, 0
 *     8   4  number of sealers in this header
 *    12  32  hash of this header's sealer list and weights
 *    44  32  hash of the next header's sealer list and weights
 *    76  32  root of the mountain range over headers 0..N-1
 *   108  32  root over the block's transactions and receipts
 *   140  32  zero
 *
 * The fixed length makes the header's hash preimage injective, and the trailing zeros keep weights and extraData from
 * being shifted into each other. Everything hashed here starts with a 16-byte domain tag.
 */
import { concatBytes, equalBytes, isZeroBytes, utf8Bytes } from "../../base/bytes.js";
import { ScratchBytes } from "../../base/scratchBytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { merkleRoot } from "../../crypto/merkle.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { Header, SealerSet } from "../fisco/header.js";
import { COMMITMENT_BYTES } from "../fisco/headerRules.js";
import { CommitmentError } from "../problems.js";
import type { FaultModel, Profile } from "../profile.js";

export interface Commitment {
  readonly faultModel: FaultModel;
  readonly sealerCount: number;
  readonly sealersHash: Uint8Array;
  readonly nextSealersHash: Uint8Array;
  /** Root of the Merkle mountain range over the hashes of headers 0..N-1. */
  readonly historyRoot: Uint8Array;
  /** `contentRoot` of this block. */
  readonly contentRoot: Uint8Array;
}

const MAGIC = 0x45444753;
const FORMAT_VERSION = 1;
const FAULT_MODEL_BYTES = { bft: 1, crash: 2 } as const;
const SEALERS_TAG = utf8Bytes("edgeseal/sealers");
const TRANSACTION_LEAF_TAG = utf8Bytes("edgeseal/tx-leaf");
const RECEIPT_LEAF_TAG = utf8Bytes("edgeseal/rc-leaf");
const CONTENT_TAG = utf8Bytes("edgeseal/content");

/**
 * The commitment as extraData.
 * @throws CommitmentError `COMMITMENT_HASH_LENGTH` when a hash is not 32 bytes.
 */
export function encodeCommitment(commitment: Commitment): Uint8Array {
  const bytes = new Uint8Array(COMMITMENT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint16(4, FORMAT_VERSION);
  view.setUint8(6, FAULT_MODEL_BYTES[commitment.faultModel]);
  view.setUint32(8, commitment.sealerCount);
  putHash(bytes, 12, "sealersHash", commitment.sealersHash);
  putHash(bytes, 44, "nextSealersHash", commitment.nextSealersHash);
  putHash(bytes, 76, "historyRoot", commitment.historyRoot);
  putHash(bytes, 108, "contentRoot", commitment.contentRoot);
  return bytes;
}

/**
 * Strict: length, magic, format version, fault model and every zero byte must be right.
 * @throws CommitmentError
 */
export function decodeCommitment(bytes: Uint8Array): Commitment {
  if (bytes.length !== COMMITMENT_BYTES) throw new CommitmentError({ code: "COMMITMENT_LENGTH", length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== MAGIC) throw new CommitmentError({ code: "COMMITMENT_MAGIC" });
  const version = view.getUint16(4);
  if (version !== FORMAT_VERSION) throw new CommitmentError({ code: "COMMITMENT_FORMAT_VERSION", version });
  const faultModel = faultModelOf(view.getUint8(6));
  if (view.getUint8(7) !== 0 || !isZeroBytes(bytes.subarray(140))) {
    throw new CommitmentError({ code: "COMMITMENT_RESERVED" });
  }
  return {
    faultModel,
    sealerCount: view.getUint32(8),
    sealersHash: copyHash(bytes, 12),
    nextSealersHash: copyHash(bytes, 44),
    historyRoot: copyHash(bytes, 76),
    contentRoot: copyHash(bytes, 108),
  };
}

interface KnownSetHash {
  readonly hash: HashFunction;
  readonly digest: Uint8Array;
}

/** Headers come by the thousand with one and the same set object. */
const SET_HASHES = new WeakMap<SealerSet, KnownSetHash>();

/**
 * H("edgeseal/sealers" || u32 count || for each sealer: u32 length of the node id || node id || i64 weight).
 * The result is shared between calls and must not be changed, nor the set after its first use.
 */
export function sealerSetHash(hash: HashFunction, set: SealerSet): Uint8Array {
  const known = SET_HASHES.get(set);
  if (known !== undefined && known.hash === hash) return known.digest;
  let length = SEALERS_TAG.length + 4;
  for (const nodeId of set.nodeIds) length += 4 + nodeId.length + 8;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(SEALERS_TAG);
  view.setUint32(SEALERS_TAG.length, set.nodeIds.length);
  let at = SEALERS_TAG.length + 4;
  for (const [i, nodeId] of set.nodeIds.entries()) {
    view.setUint32(at, nodeId.length);
    bytes.set(nodeId, at + 4);
    view.setBigInt64(at + 4 + nodeId.length, set.weights[i] ?? 0n);
    at += 4 + nodeId.length + 8;
  }
  const digest = hash(bytes);
  SET_HASHES.set(set, { hash, digest });
  return digest;
}

/**
 * The commitment of a header that passed `checkHeader`, after comparing it with the header's own list and the profile.
 * `hash` should be one and the same function for all calls, so that set hashes are computed once.
 * @throws CommitmentError
 */
export function checkCommitment(hash: HashFunction, header: Header, profile: Profile): Commitment {
  const commitment = decodeCommitment(header.extraData);
  if (commitment.faultModel !== profile.faultModel) {
    throw new CommitmentError({
      code: "COMMITMENT_PROFILE_FAULT_MODEL",
      committed: commitment.faultModel,
      expected: profile.faultModel,
    });
  }
  const listed = header.sealers.nodeIds.length;
  if (commitment.sealerCount !== listed) {
    throw new CommitmentError({ code: "COMMITMENT_SEALER_COUNT", committed: commitment.sealerCount, listed });
  }
  if (!equalBytes(commitment.sealersHash, sealerSetHash(hash, header.sealers))) {
    throw new CommitmentError({ code: "COMMITMENT_SEALERS_HASH" });
  }
  return commitment;
}

/** Leaf of one encoded transaction: H("edgeseal/tx-leaf" || u32 index || u32 length || bytes). */
export function transactionLeaf(hash: HashFunction, index: number, bytes: Uint8Array): Uint8Array {
  return leafHash(hash, TRANSACTION_LEAF_TAG, index, bytes);
}

/** Leaf of one encoded receipt: H("edgeseal/rc-leaf" || u32 index || u32 length || bytes). */
export function receiptLeaf(hash: HashFunction, index: number, bytes: Uint8Array): Uint8Array {
  return leafHash(hash, RECEIPT_LEAF_TAG, index, bytes);
}

export interface ContentRoots {
  readonly transactionCount: number;
  /** FISCO Merkle root over the transaction leaves. */
  readonly transactionsRoot: Uint8Array;
  readonly receiptCount: number;
  readonly receiptsRoot: Uint8Array;
}

/** H("edgeseal/content" || u32 transaction count || transactions root || u32 receipt count || receipts root). */
export function joinContentRoots(hash: HashFunction, roots: ContentRoots): Uint8Array {
  return hash(
    concatBytes([
      CONTENT_TAG,
      uint32Bytes(roots.transactionCount),
      roots.transactionsRoot,
      uint32Bytes(roots.receiptCount),
      roots.receiptsRoot,
    ]),
  );
}

/**
 * Root over a block's encoded transactions and receipts in block order. Unlike txsRoot and receiptsRoot it fixes where
 * every field begins and ends, because whole encodings are hashed with their lengths.
 */
export function contentRoot(
  hash: HashFunction,
  transactions: readonly Uint8Array[],
  receipts: readonly Uint8Array[],
): Uint8Array {
  const transactionLeaves = transactions.map((bytes, index) => transactionLeaf(hash, index, bytes));
  const receiptLeaves = receipts.map((bytes, index) => receiptLeaf(hash, index, bytes));
  return joinContentRoots(hash, {
    transactionCount: transactions.length,
    transactionsRoot: merkleRoot(hash, transactionLeaves),
    receiptCount: receipts.length,
    receiptsRoot: merkleRoot(hash, receiptLeaves),
  });
}

const SCRATCH = new ScratchBytes();

function leafHash(hash: HashFunction, tag: Uint8Array, index: number, bytes: Uint8Array): Uint8Array {
  return hash(SCRATCH.begin().bytes(tag).int32(index).int32(bytes.length).bytes(bytes).view());
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function faultModelOf(byte: number): FaultModel {
  if (byte === FAULT_MODEL_BYTES.bft) return "bft";
  if (byte === FAULT_MODEL_BYTES.crash) return "crash";
  throw new CommitmentError({ code: "COMMITMENT_FAULT_MODEL", byte });
}

function putHash(target: Uint8Array, offset: number, field: string, digest: Uint8Array): void {
  if (digest.length !== HASH_BYTES) {
    throw new CommitmentError({ code: "COMMITMENT_HASH_LENGTH", field, length: digest.length });
  }
  target.set(digest, offset);
}

function copyHash(bytes: Uint8Array, offset: number): Uint8Array {
  // Not bytes.slice: on a Buffer that would be a view of the caller's memory.
  return new Uint8Array(bytes.subarray(offset, offset + HASH_BYTES));
}
