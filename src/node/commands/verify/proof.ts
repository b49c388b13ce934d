/** Verification of one Merkle proof: `{ suite, leaf, root, proof }`, the proof being the RPC's flat list. */
import { proofFromRpc } from "../../../codec/fisco/proofRpc.js";
import { optionalField, type RpcRecord, readBytes, readRecord, requiredField } from "../../../codec/fisco/rpcFields.js";
import { RpcShapeError } from "../../../codec/problems.js";
import { verifyMerkleProof } from "../../../crypto/merkle.js";
import { HASH_BYTES, type Suite, type SuiteName } from "../../../crypto/suite.js";
import { VerifyError } from "../problems.js";

export interface VerifiedProof {
  readonly valid: true;
  readonly kind: "proof";
  /** Place of the leaf in its block, from 0; the lowest possible one where two entries of the proof are equal. */
  readonly index: number;
}

/**
 * The suite to verify with: the one the file names, which must not contradict the one asked for.
 * @throws VerifyError `VERIFY_SUITE_MISMATCH`, RpcShapeError
 */
export function suiteOfProof(value: unknown, asked: SuiteName | undefined): SuiteName {
  const named = optionalField(readRecord(value, "proof"), "suite");
  if (named === undefined) return asked ?? "ecdsa";
  if (named !== "ecdsa" && named !== "sm") {
    throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path: "suite", expected: "ecdsa or sm" });
  }
  if (asked !== undefined && asked !== named) throw new VerifyError({ code: "VERIFY_SUITE_MISMATCH", named, asked });
  return named;
}

/** @throws ProofError, RpcShapeError, VerifyError `VERIFY_PROOF_INVALID` */
export function verifyProof(value: unknown, suite: Suite): VerifiedProof {
  const record = readRecord(value, "proof");
  const leaf = readHash(record, "leaf");
  const root = readHash(record, "root");
  const groups = proofFromRpc(requiredField(record, "proof", ""));
  const position = verifyMerkleProof(suite.hash, leaf, root, groups);
  if (position === undefined) throw new VerifyError({ code: "VERIFY_PROOF_INVALID" });
  return { valid: true, kind: "proof", index: position.index };
}

function readHash(record: RpcRecord, name: string): Uint8Array {
  const bytes = readBytes(record, name, "", HASH_BYTES);
  if (bytes.length === HASH_BYTES) return bytes;
  throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path: name, length: bytes.length, max: HASH_BYTES });
}
