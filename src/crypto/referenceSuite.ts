/** The suite that always works: pure code, no native part, nothing to load. Slow, and the yardstick for every back end. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { secp256k1Part } from "./secp256k1.js";
import { sm2Part } from "./sm2.js";
import { sm3 } from "./sm3.js";
import type { Suite, SuiteName } from "./suite.js";
import { assembleSuite, type HashPart, type SignaturePart } from "./suiteParts.js";

export const REFERENCE_HASH: Readonly<Record<SuiteName, HashPart>> = {
  ecdsa: { name: "noble", hash: (data) => keccak_256(data) },
  sm: { name: "pure", hash: sm3 },
};

export const REFERENCE_SIGNATURE: Readonly<Record<SuiteName, SignaturePart>> = {
  ecdsa: secp256k1Part,
  sm: sm2Part,
};

const SUITES: Readonly<Record<SuiteName, Suite>> = {
  ecdsa: assembleSuite("ecdsa", REFERENCE_HASH.ecdsa, REFERENCE_SIGNATURE.ecdsa),
  sm: assembleSuite("sm", REFERENCE_HASH.sm, REFERENCE_SIGNATURE.sm),
};

/** The pure suite of that name; always the same object. */
export function referenceSuite(name: SuiteName): Suite {
  return SUITES[name];
}
