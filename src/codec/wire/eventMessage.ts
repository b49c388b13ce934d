/**
 * A transaction with its receipt and both proofs, and the body of a whole block.
 *
 *   event      [ kind 8, block number, transaction, transaction proof, receipt, receipt proof ]
 *   block body [ block number, [transaction...], [receipt...] ]
 *
 * Transactions and receipts travel in their Tars form. A proof is an array of groups, bottom-up, each group one or two
 * 32-byte entries joined into one byte string.
 */
import { concatBytes, copyBytes } from "../../base/bytes.js";
import type { MerkleGroup } from "../../crypto/merkle.js";
import { CborReader } from "./cborReader.js";
import { encodeWire, integer, type WireValue } from "./cborWriter.js";
import { MESSAGE_KIND } from "./kinds.js";
import { BLOCK_TRANSACTIONS_MAX, PAYLOAD_BYTES_MAX, PROOF_DEPTH_MAX, TRANSACTION_BYTES_MAX } from "./limits.js";
import { openMessage } from "./openMessage.js";
import { WireError } from "./problems.js";

const HASH_BYTES = 32;

export interface EventMessage {
  readonly number: number;
  readonly transaction: Uint8Array;
  readonly transactionProof: readonly MerkleGroup[];
  readonly receipt: Uint8Array;
  readonly receiptProof: readonly MerkleGroup[];
}

export interface BlockBody {
  readonly number: number;
  readonly transactions: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
}

export function encodeEvent(event: EventMessage): Uint8Array {
  return encodeWire([
    MESSAGE_KIND.event,
    integer(event.number),
    event.transaction,
    proofToWire(event.transactionProof),
    event.receipt,
    proofToWire(event.receiptProof),
  ]);
}

/** @throws WireError */
export function decodeEvent(payload: Uint8Array): EventMessage {
  const reader = openMessage(copyBytes(payload), MESSAGE_KIND.event, 6);
  const event = {
    number: reader.uint("number"),
    transaction: reader.bytes("transaction", TRANSACTION_BYTES_MAX),
    transactionProof: readProof(reader),
    receipt: reader.bytes("receipt", TRANSACTION_BYTES_MAX),
    receiptProof: readProof(reader),
  };
  reader.end();
  return event;
}

export function encodeBlockBody(body: BlockBody): Uint8Array {
  return encodeWire([integer(body.number), body.transactions, body.receipts]);
}

/** @throws WireError */
export function decodeBlockBody(bytes: Uint8Array): BlockBody {
  if (bytes.length > PAYLOAD_BYTES_MAX) {
    throw new WireError({ code: "WIRE_TOO_LARGE", size: bytes.length, limit: PAYLOAD_BYTES_MAX });
  }
  const reader = new CborReader(copyBytes(bytes));
  reader.fixedArray("block body", 3);
  const number = reader.uint("number");
  const transactions = readByteStrings(reader, "transactions");
  const receipts = readByteStrings(reader, "receipts");
  reader.end();
  return { number, transactions, receipts };
}

function readByteStrings(reader: CborReader, field: string): Uint8Array[] {
  const count = reader.array(field, BLOCK_TRANSACTIONS_MAX);
  return Array.from({ length: count }, () => reader.bytes(field, TRANSACTION_BYTES_MAX));
}

function proofToWire(groups: readonly MerkleGroup[]): WireValue {
  return groups.map((group) => concatBytes(group));
}

function readProof(reader: CborReader): MerkleGroup[] {
  const depth = reader.array("proof", PROOF_DEPTH_MAX);
  return Array.from({ length: depth }, () => {
    const joined = reader.bytes("proof group", 2 * HASH_BYTES);
    if (joined.length !== HASH_BYTES && joined.length !== 2 * HASH_BYTES) {
      throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "proof group", got: joined.length });
    }
    return joined.length === HASH_BYTES ? [joined] : [joined.subarray(0, HASH_BYTES), joined.subarray(HASH_BYTES)];
  });
}
