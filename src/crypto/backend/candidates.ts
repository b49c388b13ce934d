/** Every back end there is, fastest first; the references stand last and always work. Rates: docs and the benchmark. */
import { REFERENCE_HASH, REFERENCE_SIGNATURE } from "../referenceSuite.js";
import { REFERENCE_SIGNER, type SignerPart } from "../softSigner.js";
import type { SuiteName } from "../suite.js";
import type { HashPart, SignaturePart } from "../suiteParts.js";
import { loadHashWasmKeccak, loadHashWasmSm3 } from "./hashWasm.js";
import { loadNativeSecp256k1, loadNativeSecp256k1Signer } from "./nativeSecp256k1.js";
import { loadNodeSm2, loadNodeSm2Signer, loadNodeSm3 } from "./nodeSm.js";
import { loadTableSm2 } from "./tableSm2.js";
import { loadTinySecp256k1, loadTinySecp256k1Signer } from "./tinySecp256k1.js";

export interface Candidate<Part> {
  readonly name: string;
  /** Rejects where the package or the algorithm is absent. */
  readonly load: () => Promise<Part>;
}

type Candidates<Part> = Readonly<Record<SuiteName, readonly Candidate<Part>[]>>;

export const HASH_CANDIDATES: Candidates<HashPart> = {
  ecdsa: [
    { name: "hash-wasm", load: loadHashWasmKeccak },
    { name: REFERENCE_HASH.ecdsa.name, load: async () => REFERENCE_HASH.ecdsa },
  ],
  sm: [
    { name: "hash-wasm", load: loadHashWasmSm3 },
    { name: "node", load: loadNodeSm3 },
    { name: REFERENCE_HASH.sm.name, load: async () => REFERENCE_HASH.sm },
  ],
};

export const SIGNATURE_CANDIDATES: Candidates<SignaturePart> = {
  ecdsa: [
    { name: "secp256k1", load: loadNativeSecp256k1 },
    { name: "tiny-secp256k1", load: loadTinySecp256k1 },
    { name: REFERENCE_SIGNATURE.ecdsa.name, load: async () => REFERENCE_SIGNATURE.ecdsa },
  ],
  sm: [
    { name: "node", load: loadNodeSm2 },
    { name: "noble-table", load: loadTableSm2 },
    { name: REFERENCE_SIGNATURE.sm.name, load: async () => REFERENCE_SIGNATURE.sm },
  ],
};

export const SIGNER_CANDIDATES: Candidates<SignerPart> = {
  ecdsa: [
    { name: "secp256k1", load: loadNativeSecp256k1Signer },
    { name: "tiny-secp256k1", load: loadTinySecp256k1Signer },
    { name: "noble", load: async () => REFERENCE_SIGNER.ecdsa },
  ],
  sm: [
    { name: "node", load: loadNodeSm2Signer },
    { name: "noble", load: async () => REFERENCE_SIGNER.sm },
  ],
};
