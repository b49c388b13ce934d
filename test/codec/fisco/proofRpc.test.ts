import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.js";
import { PROOF_ENTRIES_MAX, proofFromRpc, proofToRpc } from "../../../src/codec/fisco/proofRpc.js";
import { merkleProof, merkleRoot, verifyMerkleProof } from "../../../src/crypto/merkle.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { codeThrownBy, HEADER_CASES, SUITES, vectors } from "./vectors.js";

interface ProofCase {
  readonly crypto: SuiteName;
  readonly what: string;
  readonly leaf: string;
  readonly root: string;
  readonly proof: readonly string[];
}

const CASES: readonly ProofCase[] = vectors("fisco-merkle").proofs;
const word = (count: number): string => count.toString(16).padStart(8, "0").padEnd(64, "0");
const entry = "ab".repeat(32);

describe("proofs in JSON-RPC", () => {
  for (const { crypto, what, leaf, root, proof } of CASES) {
    it(`lead from leaf to root and print the same again: ${what}`, () => {
      const groups = proofFromRpc(proof);
      const { hash } = SUITES[crypto];
      const place = verifyMerkleProof(hash, fromHex(leaf), fromHex(root), groups);
      // The vector counts its groups in words of their own; a proof of one entry has none.
      const counts = proof.filter((hex) => /^0000000[12]0{56}$/.test(hex)).map((hex) => Number(hex[7]));
      expect(place?.groupSizes).toEqual(counts.length === 0 ? [1] : counts);
      expect(verifyMerkleProof(hash, fromHex(leaf), fromHex("00".repeat(32)), groups)).toBeUndefined();
      expect(proofToRpc(groups)).toEqual(proof);
      expect(proofFromRpc(proof.map((hex) => `0x${hex}`))).toEqual(groups);
    });
  }

  it("are made for every leaf of a real block", () => {
    const { rpc, crypto } = HEADER_CASES[1] as (typeof HEADER_CASES)[number];
    const hash = SUITES[crypto].hash;
    const leaves: Uint8Array[] = rpc.transactions.map(fromHex);
    const root = merkleRoot(hash, leaves);
    for (const [index, leaf] of leaves.entries()) {
      const groups = proofFromRpc(proofToRpc(merkleProof(hash, leaves, index)));
      expect(verifyMerkleProof(hash, leaf, root, groups)?.index).toBe(index);
    }
  });

  const refused: readonly (readonly [string, unknown])[] = [
    ["PROOF_EMPTY", []],
    ["PROOF_ENTRY", undefined],
    ["PROOF_ENTRY", "x"],
    ["PROOF_ENTRY", { length: 1 }],
    ["PROOF_ENTRY", [5]],
    ["PROOF_ENTRY", [entry.slice(2)]],
    ["PROOF_ENTRY", [`${entry}00`]],
    ["PROOF_ENTRY", [`${entry.slice(2)}zz`]],
    ["PROOF_TOO_LONG", new Array(PROOF_ENTRIES_MAX + 1).fill(entry)],
    ["PROOF_COUNT", [word(0), entry]],
    ["PROOF_COUNT", [word(3), entry, entry, entry]],
    ["PROOF_COUNT", [word(0x01000002), entry, entry]],
    ["PROOF_COUNT", [word(2).replace(/0$/, "1"), entry, entry]],
    ["PROOF_COUNT", [word(2), entry, entry, entry]],
    ["PROOF_COUNT", [word(1), entry]],
    ["PROOF_CUT_SHORT", [word(2), entry]],
    ["PROOF_CUT_SHORT", [word(2), entry, entry, word(1)]],
  ];
  for (const [index, [code, list]] of refused.entries()) {
    it(`are refused with ${code} (${index})`, () => expect(codeThrownBy(() => proofFromRpc(list))).toBe(code));
  }

  it("throw nothing but their own errors", () => {
    const item = fc.oneof(fc.constantFrom(word(1), word(2), entry, "", "0x"), fc.string(), fc.anything());
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), (list) => {
        expect(codeThrownBy(() => proofFromRpc(list))).toMatch(/^PROOF_|^NOTHING_THROWN$/);
      }),
      { numRuns: 2000 },
    );
  });
});
