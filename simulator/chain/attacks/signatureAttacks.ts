/**
 * Signatures that are almost right: other spellings of a valid one, values outside the group, the right one elsewhere.
 */
import { concatBytes } from "../../../src/base/bytes.js";
import type { HashedHeader } from "../../../src/codec/hashedHeader.js";
import { writeJson } from "../../../src/codec/json.js";
import { CURVES } from "../../../src/crypto/curves.js";
import { fromInteger, toInteger } from "../../../src/crypto/integers.js";
import type { Forger } from "../forger.js";
import { type Attack, asJson, attack, type Hostile, onHead } from "./attack.js";

const INVALID = "CHAIN_SIGNATURE_INVALID";

/** An honest next header with a quorum, its first signature altered; the length must stay for the wire. */
function altered(forger: Forger, alter: (signature: Uint8Array) => Uint8Array): HashedHeader {
  const header = forger.draft();
  const signed = forger.signed(header, forger.quorum(header.sealers));
  const signatures = signed.signatures.map((one, i) => (i === 0 ? { ...one, signature: alter(one.signature) } : one));
  return { ...signed, signatures };
}

function onWire(forger: Forger, alter: (signature: Uint8Array) => Uint8Array): Hostile {
  return onHead(forger.headPayload(altered(forger, alter)), INVALID);
}

function inJson(forger: Forger, alter: (signature: Uint8Array) => Uint8Array): Hostile {
  return asJson(writeJson(forger.rpcHeader(altered(forger, alter))), INVALID, "HEADER_SIGNATURE_LENGTH");
}

function withScalar(signature: Uint8Array, which: "r" | "s", value: bigint): Uint8Array {
  const copy = signature.slice();
  copy.set(fromInteger(value), which === "r" ? 0 : 32);
  return copy;
}

/** The same r with n - s; the symbolic suite's s may lie above n. */
function negated(forger: Forger, signature: Uint8Array): Uint8Array {
  const n = order(forger);
  return withScalar(signature, "s", n - (toInteger(signature.subarray(32, 64)) % n));
}

function withLast(signature: Uint8Array, byte: number): Uint8Array {
  const copy = signature.slice();
  copy[copy.length - 1] = byte;
  return copy;
}

/** ASN.1 DER: SEQUENCE of two INTEGERs, as most other programs write signatures. */
function der(signature: Uint8Array): Uint8Array {
  const integers = [signature.subarray(0, 32), signature.subarray(32, 64)].map((scalar) => {
    const first = scalar.findIndex((byte) => byte !== 0);
    const trimmed = scalar.subarray(first < 0 ? 31 : first);
    const body = (trimmed[0] as number) >= 0x80 ? concatBytes([Uint8Array.of(0), trimmed]) : trimmed;
    return concatBytes([Uint8Array.of(0x02, body.length), body]);
  });
  const body = concatBytes(integers);
  return concatBytes([Uint8Array.of(0x30, body.length), body]);
}

function order(forger: Forger): bigint {
  return CURVES[forger.issuer.profile.suite].n;
}

const isEcdsa = (forger: Forger): boolean => forger.issuer.profile.suite === "ecdsa";
const isSm = (forger: Forger): boolean => forger.issuer.profile.suite === "sm";

export const SIGNATURE_ATTACKS: readonly Attack[] = [
  attack("signature-malleable", "A valid signature's twin with s replaced by n - s.", (forger) =>
    onWire(forger, (signature) => negated(forger, signature)),
  ),
  attack(
    "signature-malleable-flipped",
    "The twin with n - s and the recovery bit flipped, which recovers the right key.",
    (forger) =>
      onWire(forger, (signature) => {
        const twin = negated(forger, signature);
        return withLast(twin, (signature.at(-1) ?? 0) ^ 1);
      }),
    { appliesTo: isEcdsa },
  ),
  ...[27, 28, 4, 255].map((recid) =>
    attack(
      `signature-recid-${recid}`,
      `A signature with recovery byte ${recid}.`,
      (forger) => onWire(forger, (signature) => withLast(signature, recid)),
      { appliesTo: isEcdsa },
    ),
  ),
  ...(["r", "s"] as const).flatMap((which) => [
    attack(`signature-${which}-zero`, `A signature with ${which} = 0.`, (forger) =>
      onWire(forger, (signature) => withScalar(signature, which, 0n)),
    ),
    attack(`signature-${which}-order`, `A signature with ${which} = n, which is 0 in the group.`, (forger) =>
      onWire(forger, (signature) => withScalar(signature, which, order(forger))),
    ),
    attack(`signature-${which}-max`, `A signature with ${which} = 2^256 - 1.`, (forger) =>
      onWire(forger, (signature) => withScalar(signature, which, 2n ** 256n - 1n)),
    ),
  ]),
  attack("signature-zeros", "A signature of zeros only.", (forger) =>
    onWire(forger, (signature) => new Uint8Array(signature.length)),
  ),
  attack("signature-extra-byte", "A valid signature with one more byte.", (forger) =>
    inJson(forger, (signature) => concatBytes([signature, Uint8Array.of(0)])),
  ),
  attack("signature-cut", "A valid signature without its last byte.", (forger) =>
    inJson(forger, (signature) => signature.subarray(0, -1)),
  ),
  attack("signature-empty", "A signature of no bytes.", (forger) => inJson(forger, () => new Uint8Array(0))),
  attack("signature-der", "A valid signature in DER instead of r || s.", (forger) => inJson(forger, der)),
  attack("signature-der-cut", "A DER signature cut to the length of a raw one.", (forger) =>
    onWire(forger, (signature) => {
      const padded = new Uint8Array(signature.length);
      padded.set(der(signature).subarray(0, signature.length));
      return padded;
    }),
  ),
  attack(
    "signature-with-key",
    "A valid signature with the public key behind it, the form of transactions.",
    (forger) => inJson(forger, (signature) => concatBytes([signature, forger.nextSealers.nodeIds[0] as Uint8Array])),
    { appliesTo: isSm },
  ),
  attack("signature-of-parent", "The signatures of the header before, under a new one.", (forger) => {
    const header = forger.draft({ sealers: forger.head.header.sealers });
    return onHead(forger.headPayload({ header, signatures: forger.head.signatures }), INVALID);
  }),
  attack(
    "signatures-swapped",
    "Two sealers' valid signatures, each under the other's index.",
    (forger) => {
      const signed = forger.signed(forger.draft());
      const [first, second, ...rest] = signed.signatures;
      if (first === undefined || second === undefined) return onHead(forger.headPayload(signed), INVALID);
      const swapped = [{ ...first, signature: second.signature }, { ...second, signature: first.signature }, ...rest];
      return onHead(forger.headPayload({ ...signed, signatures: swapped }), INVALID);
    },
    { appliesTo: (forger) => forger.nextSealers.nodeIds.length > 1 },
  ),
  attack("content-altered", "A certified header with another state root, its hash and signatures kept.", (forger) => {
    const signed = forger.signed(forger.draft());
    const changed = { ...signed, header: { ...signed.header, stateRoot: forger.random.bytes(32) } };
    const text = writeJson(forger.rpcHeader(changed, { hash: forger.rpcHeader(signed).hash }));
    return asJson(text, INVALID, "CHAIN_HASH_MISMATCH");
  }),
];
