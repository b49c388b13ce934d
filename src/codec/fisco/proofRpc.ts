/**
 * Merkle proofs as the RPC prints them from 3.2.0 on: a flat list, bottom up, of [count word][that many hashes]...; a
 * count word is 32 bytes whose first four are the number, big-endian, the rest zero. A one-leaf block's proof is the
 * leaf alone. The root is not in it. (bcos-crypto/merkle/Merkle.h; JsonRpcImpl_2_0.cpp, addProofToResponse.)
 */
import { BytesError, fromHex, isZeroBytes, toHex } from "../../base/bytes.js";
import { MERKLE_DEPTH_MAX, type MerkleGroup } from "../../crypto/merkle.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { ProofError } from "../problems.js";

/** A count word and two hashes per level. */
export const PROOF_ENTRIES_MAX = 3 * MERKLE_DEPTH_MAX;

const ENTRY_LENGTH_MAX = 2 + 2 * HASH_BYTES;

/**
 * The groups for `verifyMerkleProof`, bottom up; `[[leaf]]` for a one-leaf block. Consumes the list exactly.
 * @throws ProofError
 */
export function proofFromRpc(value: unknown): MerkleGroup[] {
  if (!Array.isArray(value)) throw new ProofError({ code: "PROOF_ENTRY", index: 0 });
  if (value.length === 0) throw new ProofError({ code: "PROOF_EMPTY" });
  if (value.length > PROOF_ENTRIES_MAX) {
    throw new ProofError({ code: "PROOF_TOO_LONG", entries: value.length, max: PROOF_ENTRIES_MAX });
  }
  const entries = value.map(readEntry);
  if (entries.length === 1) return [entries];
  const groups: MerkleGroup[] = [];
  for (let index = 0; index < entries.length; ) {
    const count = readCount(entries[index], index);
    const group = entries.slice(index + 1, index + 1 + count);
    if (group.length !== count) throw new ProofError({ code: "PROOF_CUT_SHORT", index });
    groups.push(group);
    index += 1 + count;
  }
  // FISCO prints a one-leaf proof without a count word; a second spelling is none of its answers.
  if (groups.length === 1 && groups[0]?.length === 1) throw new ProofError({ code: "PROOF_COUNT", index: 0 });
  return groups;
}

function readEntry(entry: unknown, index: number): Uint8Array {
  if (typeof entry !== "string" || entry.length > ENTRY_LENGTH_MAX) {
    throw new ProofError({ code: "PROOF_ENTRY", index });
  }
  try {
    const bytes = fromHex(entry);
    if (bytes.length === HASH_BYTES) return bytes;
  } catch (thrown) {
    if (!(thrown instanceof BytesError)) throw thrown;
  }
  throw new ProofError({ code: "PROOF_ENTRY", index });
}

function readCount(word: Uint8Array | undefined, index: number): number {
  const count = word?.[3];
  if (word === undefined || (count !== 1 && count !== 2)) throw new ProofError({ code: "PROOF_COUNT", index });
  if (!isZeroBytes(word.subarray(0, 3)) || !isZeroBytes(word.subarray(4))) {
    throw new ProofError({ code: "PROOF_COUNT", index });
  }
  return count;
}

/** Hex without 0x, as FISCO prints it. */
export function proofToRpc(groups: readonly MerkleGroup[]): string[] {
  const only = groups[0];
  if (groups.length === 1 && only?.length === 1) return only.map(toHex);
  return groups.flatMap((group) => [countWord(group.length), ...group.map(toHex)]);
}

function countWord(count: number): string {
  return count
    .toString(16)
    .padStart(8, "0")
    .padEnd(2 * HASH_BYTES, "0");
}
