/**
 * Account files of the FISCO BCOS consoles: PKCS#8 (RFC 5208) in PEM around an ECPrivateKey (RFC 5915), on secp256k1 or SM2.
 *
 * PrivateKeyInfo { version 0, { ecPublicKey, curve }, OCTET STRING { 1, OCTET STRING d, [0] curve?, [1] public key? } }
 */
import { equalBytes, fromHex, toHex } from "../../src/base/bytes.js";
import type { KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import { PUBLIC_KEY_BYTES, SECRET_KEY_BYTES } from "../../src/crypto/suite.js";
import { KeystoreError } from "./problems.js";
import { publicKeyOf } from "./softKeys.js";

export interface ImportedKey {
  readonly algorithm: Extract<KeyAlgorithm, "secp256k1" | "sm2">;
  /** 32 bytes; the caller overwrites them when it is done. */
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
}

export const PEM_CHARACTERS_MAX = 8_192;

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
const PARAMETERS = 0xa0;
const PUBLIC_KEY = 0xa1;
const ATTRIBUTES = 0xa0;

const EC_PUBLIC_KEY = fromHex("2a8648ce3d0201");
const CURVES: readonly (readonly [hex: string, algorithm: ImportedKey["algorithm"]])[] = [
  ["2b8104000a", "secp256k1"],
  ["2a811ccf5501822d", "sm2"],
];

/** Walks DER elements with definite lengths below 64 KiB; anything else is refused. */
class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  nextIs(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  take(tag: number, part: string): Uint8Array {
    if (!this.nextIs(tag)) refuse(part);
    const length = this.#length(part);
    const start = this.#at;
    if (start + length > this.#bytes.length) refuse(part);
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  end(part: string): void {
    if (!this.done) refuse(part);
  }

  #length(part: string): number {
    const first = this.#bytes[this.#at + 1] ?? refuse(part);
    this.#at += 2;
    if (first < 0x80) return first;
    const count = first - 0x80;
    if (count < 1 || count > 2 || this.#at + count > this.#bytes.length) refuse(part);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (this.#bytes[this.#at++] as number);
    return length;
  }
}

function refuse(part: string): never {
  throw new KeystoreError({ code: "KEYSTORE_PEM_FORMAT", part });
}

/** @throws KeystoreError `KEYSTORE_PEM_*` or `KEYSTORE_KEY_INVALID` */
export function readAccountPem(text: string): ImportedKey {
  const der = derOf(text);
  const info = new DerReader(new DerReader(der).take(SEQUENCE, "PrivateKeyInfo"));
  if (!equalBytes(info.take(INTEGER, "version"), Uint8Array.of(0))) refuse("version");
  const kind = new DerReader(info.take(SEQUENCE, "algorithm"));
  const type = kind.take(OBJECT_IDENTIFIER, "algorithm");
  if (!equalBytes(type, EC_PUBLIC_KEY)) throw new KeystoreError({ code: "KEYSTORE_PEM_CURVE", curve: toHex(type) });
  const curve = kind.take(OBJECT_IDENTIFIER, "curve");
  kind.end("algorithm");
  const key = info.take(OCTET_STRING, "privateKey");
  if (info.nextIs(ATTRIBUTES)) info.take(ATTRIBUTES, "attributes");
  info.end("PrivateKeyInfo");
  const algorithm = CURVES.find(([hex]) => hex === toHex(curve))?.[1];
  if (algorithm === undefined) throw new KeystoreError({ code: "KEYSTORE_PEM_CURVE", curve: toHex(curve) });
  const imported = readEcKey(key, curve, algorithm);
  der.fill(0);
  return imported;
}

function readEcKey(der: Uint8Array, curve: Uint8Array, algorithm: ImportedKey["algorithm"]): ImportedKey {
  const key = new DerReader(new DerReader(der).take(SEQUENCE, "ECPrivateKey"));
  if (!equalBytes(key.take(INTEGER, "ECPrivateKey version"), Uint8Array.of(1))) refuse("ECPrivateKey version");
  const secret = paddedSecret(key.take(OCTET_STRING, "secret"));
  if (key.nextIs(PARAMETERS)) {
    const named = new DerReader(key.take(PARAMETERS, "curve"));
    if (!equalBytes(named.take(OBJECT_IDENTIFIER, "curve"), curve)) refuse("curve");
  }
  const publicKey = publicKeyOf(algorithm, secret);
  if (key.nextIs(PUBLIC_KEY)) {
    const bits = new DerReader(key.take(PUBLIC_KEY, "public key")).take(BIT_STRING, "public key");
    // No unused bits, then an uncompressed point.
    if (bits.length !== 2 + PUBLIC_KEY_BYTES || bits[0] !== 0 || bits[1] !== 0x04) refuse("public key");
    if (!equalBytes(bits.subarray(2), publicKey)) throw new KeystoreError({ code: "KEYSTORE_PEM_KEYS_DIFFER" });
  }
  key.end("ECPrivateKey");
  return { algorithm, secret, publicKey };
}

/** RFC 5915 asks for full length, some Java writers drop leading zeros or add one. */
function paddedSecret(bytes: Uint8Array): Uint8Array {
  const digits = bytes.length === SECRET_KEY_BYTES + 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes;
  if (digits.length === 0 || digits.length > SECRET_KEY_BYTES) refuse("secret");
  const secret = new Uint8Array(SECRET_KEY_BYTES);
  secret.set(digits, SECRET_KEY_BYTES - digits.length);
  return secret;
}

function derOf(text: string): Uint8Array {
  if (text.length > PEM_CHARACTERS_MAX) refuse("length");
  if (text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
    throw new KeystoreError({ code: "KEYSTORE_PEM_ENCRYPTED" });
  const body = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(text)?.[1];
  if (body === undefined) refuse("frame");
  const base64 = body.replace(/\s+/g, "");
  const der = Buffer.from(base64, "base64");
  if (der.toString("base64") !== base64) refuse("base64");
  return der;
}
