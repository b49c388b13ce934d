/**
 * Cryptography for bulk tests of logic: a signature is a tag from a keyed hash whose key never leaves this closure, so
 * it
 * can be made through the signer with the right secret and in no other way. It has the lengths of a real suite and
 * none of
 * its algebra; whether r, s and points are handled well is for tests with real signatures.
 */
import { hash as nodeHash, randomBytes } from "node:crypto";
import { concatBytes, equalBytes, toHex } from "../../src/base/bytes.js";
import {
  ADDRESS_BYTES,
  HASH_BYTES,
  PUBLIC_KEY_BYTES,
  type SoftSigner,
  type Suite,
  type SuiteName,
} from "../../src/crypto/suite.js";

export interface SymbolicCrypto {
  readonly suite: Suite;
  readonly signer: SoftSigner;
}

/** Transaction signatures whose key can still be recovered. */
export const SYMBOLIC_RECOVERABLE_MAX = 65_536;

const HEADER_SIGNATURE_BYTES = { ecdsa: 65, sm: 64 } as const;
const TRANSACTION_SIGNATURE_BYTES = { ecdsa: 65, sm: 128 } as const;

function sha256(data: Uint8Array): Uint8Array {
  const digest = nodeHash("sha256", data, "buffer");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/**
 * A suite and its signer that belong to nobody else: two calls make two worlds that cannot sign for each other.
 * The key is drawn anew each time, since no outcome of a test may depend on the tags' values.
 */
export function symbolicCrypto(name: SuiteName): SymbolicCrypto {
  const key = new Uint8Array(randomBytes(32));
  const signers = new Map<string, Uint8Array>();
  const publicKey = (secretKey: Uint8Array): Uint8Array => {
    const half = sha256(concatBytes([Uint8Array.of(1), secretKey]));
    return concatBytes([half, sha256(half)]);
  };
  const tag = (signerKey: Uint8Array, digest: Uint8Array): Uint8Array => {
    const half = sha256(concatBytes([key, signerKey, digest]));
    const bytes = new Uint8Array(HEADER_SIGNATURE_BYTES[name]);
    bytes.set(half);
    bytes.set(half, HASH_BYTES);
    return bytes;
  };
  const suite: Suite = {
    name,
    backend: { hash: "sha256", signature: "symbolic" },
    headerSignatureBytes: HEADER_SIGNATURE_BYTES[name],
    transactionSignatureBytes: TRANSACTION_SIGNATURE_BYTES[name],
    hash: sha256,
    prepare: (nodeId) => {
      if (nodeId.length !== PUBLIC_KEY_BYTES) return undefined;
      return { verify: (digest, signature) => equalBytes(tag(nodeId, digest), signature) };
    },
    recover: (digest, signature) => {
      const found = signers.get(toHex(signature));
      return found !== undefined && equalBytes(tag(found, digest), signature.subarray(0, HEADER_SIGNATURE_BYTES[name]))
        ? found
        : undefined;
    },
    address: (signerKey) => sha256(signerKey).slice(HASH_BYTES - ADDRESS_BYTES),
  };
  const signTransaction = (secretKey: Uint8Array, digest: Uint8Array): Uint8Array => {
    const own = publicKey(secretKey);
    const bare = tag(own, digest);
    const signature = name === "sm" ? concatBytes([bare, own]) : bare;
    if (signers.size >= SYMBOLIC_RECOVERABLE_MAX) signers.clear();
    signers.set(toHex(signature), own);
    return signature;
  };
  const signer: SoftSigner = {
    publicKey,
    signHeader: (secretKey, digest) => tag(publicKey(secretKey), digest),
    signTransaction,
  };
  return { suite, signer };
}
