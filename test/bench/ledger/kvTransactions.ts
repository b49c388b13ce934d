/** Signed transactions as a key-value application sends them: one call with two short texts, a nonce and an account each. */
import { utf8Bytes } from "../../../src/base/bytes.js";
import { assembleTransaction, buildTransaction } from "../../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import type { SoftSigner, Suite } from "../../../src/crypto/suite.js";
import type { SignedCall } from "../../../src/ledger/execution.js";

export interface KvChain {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  readonly chainId: string;
  readonly groupId: string;
  /** The table that is written to; where it does not matter, any. */
  readonly contract?: Uint8Array;
}

/** Accounts that take turns. */
const ACCOUNTS = 16;
const WORD_BYTES = 32;
/** `set(string,string)` of the KV table. */
const SELECTOR = [0xe9, 0x42, 0xb5, 0x16];
const CONTRACT = new Uint8Array(20).fill(0x10);
/** As high as a chain that begins takes it. */
const BLOCK_LIMIT = 1_000;

/**
 * Different calls for different indices, the same again for the same.
 * @param first index of the first.
 */
export function kvTransactions(chain: KvChain, count: number, first = 0): SignedCall[] {
  const { suite, signer, chainId, groupId, contract: to = CONTRACT } = chain;
  return Array.from({ length: count }, (_, i) => {
    const index = first + i;
    const nonce = new Uint8Array(16).fill(0x5a);
    new DataView(nonce.buffer).setUint32(12, index);
    const input = setCall(`device-${index}`, `{"celsius":${20 + (index % 10)}}`);
    const data = buildTransaction({ to, input }, { chainId, groupId, blockLimit: BLOCK_LIMIT, nonce });
    const secretKey = new Uint8Array(WORD_BYTES).fill(1 + (index % ACCOUNTS));
    const signature = signer.signTransaction(
      secretKey,
      transactionDataHash((bytes) => suite.hash(bytes), data),
    );
    return assembleTransaction(suite, data, signature);
  });
}

/** Solidity ABI: two offsets, then length and padded bytes of each text. */
function setCall(key: string, value: string): Uint8Array {
  const call = new Uint8Array(SELECTOR.length + 6 * WORD_BYTES);
  const words = new DataView(call.buffer, SELECTOR.length);
  call.set(SELECTOR);
  for (const [i, text] of [key, value].entries()) {
    const at = (2 + 2 * i) * WORD_BYTES;
    const bytes = utf8Bytes(text);
    words.setUint32((i + 1) * WORD_BYTES - 4, at);
    words.setUint32(at + WORD_BYTES - 4, bytes.length);
    call.set(bytes, SELECTOR.length + at + WORD_BYTES);
  }
  return call;
}
