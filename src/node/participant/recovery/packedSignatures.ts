/**
 * What goes to a worker and comes back: one buffer each way, handed over and not copied, since objects would cost as much to
 * clone as to decode. To a worker: digest (32 bytes) and signature (65 or 128) of each. Back, for each: 1 and the sender's 20
 * bytes, or 0 and nothing that means anything.
 */
import { ADDRESS_BYTES, HASH_BYTES, type Suite } from "../../../crypto/suite.js";

const ANSWER_BYTES = 1 + ADDRESS_BYTES;

export interface SignedDigest {
  readonly digest: Uint8Array;
  /** Of exactly the suite's length. */
  readonly signature: Uint8Array;
}

export function packSignatures(suite: Suite, items: readonly SignedDigest[]): Uint8Array<ArrayBuffer> {
  const slot = HASH_BYTES + suite.transactionSignatureBytes;
  const packed = new Uint8Array(items.length * slot);
  for (const [i, { digest, signature }] of items.entries()) {
    packed.set(digest, i * slot);
    packed.set(signature, i * slot + HASH_BYTES);
  }
  return packed;
}

/** The costly part; runs in workers, and without them in the calling thread. */
export function recoverPacked(suite: Suite, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const slot = HASH_BYTES + suite.transactionSignatureBytes;
  const count = packed.length / slot;
  const answers = new Uint8Array(count * ANSWER_BYTES);
  for (let i = 0; i < count; i++) {
    const digest = packed.subarray(i * slot, i * slot + HASH_BYTES);
    const publicKey = suite.recover(digest, packed.subarray(i * slot + HASH_BYTES, (i + 1) * slot));
    if (publicKey === undefined) continue;
    answers[i * ANSWER_BYTES] = 1;
    answers.set(suite.address(publicKey), i * ANSWER_BYTES + 1);
  }
  return answers;
}

export function isAnswerFor(answers: Uint8Array, count: number): boolean {
  return answers.length === count * ANSWER_BYTES;
}

/** The sender's 20 bytes with memory of their own, or undefined where the signature is nobody's. */
export function senderIn(answers: Uint8Array, index: number): Uint8Array | undefined {
  const at = index * ANSWER_BYTES;
  return answers[at] === 1 ? answers.slice(at + 1, at + ANSWER_BYTES) : undefined;
}
