/**
 * Every back end there is, fastest first; the references stand last and always work. Rates: docs and the benchmark.
 *
 * Whatever needs the pure curve library is imported when its turn comes: the library takes 6 MB, and on most machines a
 * faster back end serves.
 */
import type { SignerPart } from "../signerParts.js";
import type { SuiteName } from "../suite.js";
import type { HashPart, SignaturePart } from "../suiteParts.js";
import { loadHashWasmKeccak, loadHashWasmSm3 } from "./hashWasm.js";
import { loadNativeSecp256k1, loadNativeSecp256k1Signer } from "./nativeSecp256k1.js";
import { loadNodeSm2, loadNodeSm2Signer, loadNodeSm3 } from "./nodeSm.js";

export interface Candidate<Part> {
  readonly name: string;
  /** Rejects where the package or the algorithm is absent. */
  readonly load: () => Promise<Part>;
}

type Candidates<Part> = Readonly<Record<SuiteName, readonly Candidate<Part>[]>>;

export const HASH_CANDIDATES: Candidates<HashPart> = {
  ecdsa: [
    { name: "hash-wasm", load: loadHashWasmKeccak },
    { name: "noble", load: async () => (await import("../referenceSuite.js")).REFERENCE_HASH.ecdsa },
  ],
  sm: [
    { name: "hash-wasm", load: loadHashWasmSm3 },
    { name: "node", load: loadNodeSm3 },
    { name: "pure", load: async () => (await import("../referenceSuite.js")).REFERENCE_HASH.sm },
  ],
};

export const SIGNATURE_CANDIDATES: Candidates<SignaturePart> = {
  ecdsa: [
    { name: "secp256k1", load: loadNativeSecp256k1 },
    { name: "tiny-secp256k1", load: async () => (await import("./tinySecp256k1.js")).loadTinySecp256k1() },
    { name: "noble", load: async () => (await import("../referenceSuite.js")).REFERENCE_SIGNATURE.ecdsa },
  ],
  sm: [
    { name: "node", load: loadNodeSm2 },
    { name: "noble-table", load: async () => (await import("./tableSm2.js")).loadTableSm2() },
    { name: "noble", load: async () => (await import("../referenceSuite.js")).REFERENCE_SIGNATURE.sm },
  ],
};

export const SIGNER_CANDIDATES: Candidates<SignerPart> = {
  ecdsa: [
    { name: "secp256k1", load: loadNativeSecp256k1Signer },
    { name: "tiny-secp256k1", load: async () => (await import("./tinySecp256k1.js")).loadTinySecp256k1Signer() },
    { name: "noble", load: async () => (await import("../softSigner.js")).REFERENCE_SIGNER.ecdsa },
  ],
  sm: [
    { name: "node", load: loadNodeSm2Signer },
    { name: "noble", load: async () => (await import("../softSigner.js")).REFERENCE_SIGNER.sm },
  ],
};
