/**
 * SM3 and SM2 of the OpenSSL that Node carries.
 *
 * Node gives no way to set an SM2 user id. Its stream classes, however, hash what they are fed and sign that hash, so feeding
 * Z before the message yields exactly e = SM3(Z || message). The one-shot `crypto.sign` and `crypto.verify` use an
 * empty id instead and must not be used. Keys go in as DER with the SM2 curve's identifier; the signature must be DER too,
 * for the option that asks for r || s is ignored here.
 */
import { createHash, createPrivateKey, createPublicKey, createSign, createVerify, type KeyObject } from "node:crypto";
import { concatBytes, equalBytes, fromHex } from "../../base/bytes.js";
import type { SignerPart } from "../signerParts.js";
import { sm2Identity } from "../sm2Identity.js";
import { PUBLIC_KEY_BYTES } from "../suite.js";
import type { HashPart, SignaturePart, VerifyFunction } from "../suiteParts.js";
import { readSignatureDer, SIGNATURE_DER_BYTES_MAX, writeSignatureDer } from "./signatureDer.js";

/** SubjectPublicKeyInfo of an uncompressed point on curve 1.2.156.10197.1.301; X || Y follow. */
const PUBLIC_KEY_DER_PREFIX = fromHex("3059301306072a8648ce3d020106082a811ccf5501822d03420004");
/** ECPrivateKey (RFC 5915) without the public key: the 32 secret bytes stand between these two. */
const SECRET_KEY_DER_PREFIX = fromHex("30310201010420");
const SECRET_KEY_DER_SUFFIX = fromHex("a00a06082a811ccf5501822d");

export async function loadNodeSm3(): Promise<HashPart> {
  // A copy, since what OpenSSL returns is a Buffer: callers get the same kind of array from every back end.
  return { name: "node", hash: (data) => new Uint8Array(createHash("sm3").update(data).digest()) };
}

function verifier(publicKey: Uint8Array): VerifyFunction {
  const identity = sm2Identity(publicKey);
  const key = createPublicKey({
    key: Buffer.from(concatBytes([PUBLIC_KEY_DER_PREFIX, publicKey])),
    format: "der",
    type: "spki",
  });
  const der = new Uint8Array(SIGNATURE_DER_BYTES_MAX);
  return (digest, signature) => {
    const length = writeSignatureDer(der, signature);
    try {
      return createVerify("sm3").update(identity).update(digest).verify(key, der.subarray(0, length));
    } catch {
      // Node throws what OpenSSL calls an error rather than a refusal; for the verdict both are a no.
      return false;
    }
  };
}

export async function loadNodeSm2(): Promise<SignaturePart> {
  return { name: "node", verifier, recover: () => undefined };
}

interface OpenedKey {
  /** The secret as it was when opened: the caller may since have overwritten its array. */
  readonly secretKey: Uint8Array;
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
  readonly identity: Uint8Array;
}

function openKey(secretKey: Uint8Array): OpenedKey {
  const der = concatBytes([SECRET_KEY_DER_PREFIX, secretKey, SECRET_KEY_DER_SUFFIX]);
  const key = createPrivateKey({ key: Buffer.from(der), format: "der", type: "sec1" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(spki.length - PUBLIC_KEY_BYTES));
  return { secretKey: new Uint8Array(secretKey), key, publicKey, identity: sm2Identity(publicKey) };
}

/** Signs with OpenSSL's own random nonces: valid, but other bytes each time. */
export async function loadNodeSm2Signer(): Promise<SignerPart> {
  // Opened keys live as long as the caller's own array, so no second store of secrets grows here.
  const openedKeys = new WeakMap<Uint8Array, OpenedKey>();
  const opened = (secretKey: Uint8Array): OpenedKey => {
    const known = openedKeys.get(secretKey);
    if (known !== undefined && equalBytes(known.secretKey, secretKey)) return known;
    const fresh = openKey(secretKey);
    openedKeys.set(secretKey, fresh);
    return fresh;
  };
  return {
    publicKey: (secretKey) => opened(secretKey).publicKey.slice(),
    sign: (secretKey, digest) => {
      const { key, identity } = opened(secretKey);
      return readSignatureDer(createSign("sm3").update(identity).update(digest).sign(key));
    },
  };
}
