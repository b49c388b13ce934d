/** A signed head of receipts, as it is kept, published and shown to others: whose it is, for which chain, and the signature. */
import { concatBytes, equalBytes, int64Bytes, utf8Bytes } from "../../base/bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { RECEIPT_HEAD, type ReceiptHead } from "./receiptBatch.js";
import { bytesOf, decodeShape, encodeShape, record, type Shape, text } from "./shape.js";

const HEAD_TAG = utf8Bytes("edgeseal/rcpthd1");
const SIGNATURE_BYTES_MAX = 65;
const GATEWAY_CHARACTERS_MAX = 64;

export interface SignedHead {
  readonly gateway: string;
  /** 32 bytes: hash of the chain's block 0, or of its name and profile, as the key's history has it. */
  readonly chain: Uint8Array;
  readonly head: ReceiptHead;
  /** X || Y */
  readonly publicKey: Uint8Array;
  /** Header form of the suite, 65 or 64 bytes. */
  readonly signature: Uint8Array;
}

const SIGNATURE: Shape<Uint8Array> = {
  write: (value) => value,
  read: (reader, field) => reader.bytes(field, SIGNATURE_BYTES_MAX),
};

const SIGNED_HEAD: Shape<SignedHead> = record<SignedHead>({
  gateway: text(GATEWAY_CHARACTERS_MAX),
  chain: bytesOf(32),
  head: RECEIPT_HEAD,
  publicKey: bytesOf(64),
  signature: SIGNATURE,
});

export function signedHeadBytes(signed: SignedHead): Uint8Array {
  return encodeShape(SIGNED_HEAD, signed);
}

/** @throws WireError for anything but the canonical bytes of a signed head. */
export function readSignedHead(bytes: Uint8Array): SignedHead {
  return decodeShape(SIGNED_HEAD, bytes, "head");
}

/** What is signed: the purpose `receiptHead` of the signing guard, 96 bytes. */
export function headSigningBytes(chain: Uint8Array, { epoch, toSequence, root }: ReceiptHead): Uint8Array {
  return concatBytes([HEAD_TAG, chain, int64Bytes(epoch), int64Bytes(toSequence), root]);
}

/** Whether the head is signed by its key. Whose key that is, is another question. */
export function isHeadSigned(suite: Suite, { chain, head, publicKey, signature }: SignedHead): boolean {
  const digest = suite.hash(headSigningBytes(chain, head));
  return suite.prepare(publicKey)?.verify(digest, signature) === true;
}

/** Two heads of one key and one place with different roots: its gateway has told two stories. */
export function isHeadEquivocation(suite: Suite, one: SignedHead, other: SignedHead): boolean {
  return (
    equalBytes(one.publicKey, other.publicKey) &&
    equalBytes(one.chain, other.chain) &&
    one.head.epoch === other.head.epoch &&
    one.head.toSequence === other.head.toSequence &&
    !equalBytes(one.head.root, other.head.root) &&
    isHeadSigned(suite, one) &&
    isHeadSigned(suite, other)
  );
}
