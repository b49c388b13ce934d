/** How each algorithm looks on a token: curve, key type, mechanisms, the form of points and signatures. Pure. */
import { concatBytes, equalBytes, fromHex } from "../../src/base/bytes.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { BARE_SIGNATURE_BYTES } from "../../src/crypto/signatureRules.js";
import { sm2Identity } from "../../src/crypto/sm2Identity.js";
import { sm3 } from "../../src/crypto/sm3.js";
import { PUBLIC_KEY_BYTES } from "../../src/crypto/suite.js";
import { Pkcs11Error } from "./problems.js";

/**
 * PKCS#11 has no SM2: each vendor has numbers of its own, found in its header file. Without them `sm2` is refused, for a
 * token that merely knows the curve makes ECDSA signatures on it, which no chain accepts.
 */
export interface VendorSm2 {
  readonly signMechanism: number;
  /** Left out: keys cannot be generated here. */
  readonly generateMechanism?: number;
  /** Left out: CKK_EC. */
  readonly keyType?: number;
  /** What the mechanism is fed: e = SM3(Z || message), or the message, where the token makes Z with the default id. */
  readonly input: "e" | "message";
}

export interface TokenAlgorithm {
  readonly name: string;
  readonly keyType: number;
  readonly signMechanism: number;
  readonly generateMechanism: number | undefined;
  /** DER of CKA_EC_PARAMS; the first is written, all are recognised. */
  readonly params: readonly Uint8Array[];
  readonly pointBytes: number;
  /** What the mechanism signs for a digest. */
  readonly input: (digest: Uint8Array, publicKey: Uint8Array) => Uint8Array;
}

const CKK_EC = 0x3;
const CKK_EC_EDWARDS = 0x40;
const CKM_EC_KEY_PAIR_GEN = 0x1040;
const CKM_ECDSA = 0x1041;
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
const CKM_EDDSA = 0x1057;

const ED25519_BYTES = 32;
const UNCOMPRESSED = 0x04;
const OCTET_STRING = 0x04;
const ITSELF = (digest: Uint8Array): Uint8Array => digest;

function ecdsa(oid: string): TokenAlgorithm {
  return {
    name: "CKM_ECDSA",
    keyType: CKK_EC,
    signMechanism: CKM_ECDSA,
    generateMechanism: CKM_EC_KEY_PAIR_GEN,
    params: [fromHex(oid)],
    pointBytes: PUBLIC_KEY_BYTES,
    input: ITSELF,
  };
}

const FIXED: Readonly<Record<Exclude<KeyAlgorithm, "sm2">, TokenAlgorithm>> = {
  secp256k1: ecdsa("06052b8104000a"),
  p256: ecdsa("06082a8648ce3d030107"),
  ed25519: {
    name: "CKM_EDDSA",
    keyType: CKK_EC_EDWARDS,
    signMechanism: CKM_EDDSA,
    generateMechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN,
    // PrintableString "edwards25519", OID 1.3.101.112, and OID 1.3.6.1.4.1.11591.15.1 of older modules.
    params: [fromHex("130c656477617264733235353139"), fromHex("06032b6570"), fromHex("06092b06010401da470f01")],
    pointBytes: ED25519_BYTES,
    input: ITSELF,
  },
};

/** @throws Pkcs11Error `PKCS11_OPTION` for `sm2` without a vendor's numbers */
export function tokenAlgorithm(algorithm: KeyAlgorithm, vendorSm2: VendorSm2 | undefined): TokenAlgorithm {
  if (algorithm !== "sm2") return FIXED[algorithm];
  if (vendorSm2 === undefined) throw new Pkcs11Error({ code: "PKCS11_OPTION", option: "sm2" });
  return {
    name: `vendor 0x${vendorSm2.signMechanism.toString(16)}`,
    keyType: vendorSm2.keyType ?? CKK_EC,
    signMechanism: vendorSm2.signMechanism,
    generateMechanism: vendorSm2.generateMechanism,
    params: [fromHex("06082a811ccf5501822d")],
    pointBytes: PUBLIC_KEY_BYTES,
    input: vendorSm2.input === "message" ? ITSELF : (digest, key) => sm3(concatBytes([sm2Identity(key), digest])),
  };
}

export function isCurveOf(algorithm: TokenAlgorithm, params: Uint8Array): boolean {
  return algorithm.params.some((known) => equalBytes(known, params));
}

/** The standard wraps a point in an OCTET STRING; some modules give it bare. Undefined for anything else. */
export function publicKeyOfPoint(algorithm: TokenAlgorithm, point: Uint8Array): Uint8Array | undefined {
  const { pointBytes } = algorithm;
  const bareBytes = pointBytes === ED25519_BYTES ? pointBytes : pointBytes + 1;
  const wrapped = point.length === bareBytes + 2 && point[0] === OCTET_STRING && point[1] === bareBytes;
  const bare = wrapped ? point.subarray(2) : point;
  if (bare.length !== bareBytes) return undefined;
  if (pointBytes === ED25519_BYTES) return new Uint8Array(bare);
  return bare[0] === UNCOMPRESSED ? new Uint8Array(bare.subarray(1)) : undefined;
}

/** r || s as the standard says, or the DER that some vendors return for SM2. @throws Pkcs11Error `PKCS11_ANSWER_INVALID` */
export function bareSignature(answer: Uint8Array): Uint8Array {
  if (answer.length === BARE_SIGNATURE_BYTES) return new Uint8Array(answer);
  const invalid = (): never => {
    throw new Pkcs11Error({ code: "PKCS11_ANSWER_INVALID", what: "signature", length: answer.length });
  };
  if (answer[0] !== 0x30 || answer[1] !== answer.length - 2) return invalid();
  const signature = new Uint8Array(BARE_SIGNATURE_BYTES);
  let at = 2;
  for (const end of [BARE_SIGNATURE_BYTES / 2, BARE_SIGNATURE_BYTES]) {
    const length = answer[at + 1] ?? 0;
    const value = answer.subarray(at + 2, at + 2 + length);
    const digits = value[0] === 0 ? value.subarray(1) : value;
    if (answer[at] !== 0x02 || value.length !== length || digits.length > BARE_SIGNATURE_BYTES / 2) return invalid();
    signature.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === answer.length ? signature : invalid();
}
