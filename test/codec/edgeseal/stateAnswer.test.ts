/** A record with its proof: true answers pass, and no altered one shows anything else. */
import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../../src/base/bytes.js";
import { codeOf } from "../../../src/base/error.js";
import { provenValue, type StateProofAnswer } from "../../../src/codec/edgeseal/stateAnswer.js";
import { stateKey, stateValueHash } from "../../../src/codec/edgeseal/stateHash.js";
import { encodeStateProof } from "../../../src/codec/edgeseal/stateProof.js";
import { decodeStateAnswer, encodeStateAnswer } from "../../../src/codec/wire/stateMessage.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import { StateTree } from "../../../src/ledger/state/stateTree.js";
import { header } from "../../node/signing/guardWorld.js";

const { hash } = await loadSuite("ecdsa");
const TABLE = "s_cns";
const records = new Map(Array.from({ length: 40 }, (_, i) => [`name${i},1.0`, utf8Bytes(`value ${i}`)]));
const tree = StateTree.rebuild(
  hash,
  7,
  [...records].map(([key, value]) => ({
    key: stateKey(hash, TABLE, utf8Bytes(key)),
    valueHash: stateValueHash(hash, value),
  })),
);
const certified = header(7, "a", { stateRoot: tree.root() });
const answerFor = (key: string): StateProofAnswer => ({
  number: 7,
  value: records.get(key),
  proof: encodeStateProof(tree.prove(stateKey(hash, TABLE, utf8Bytes(key)))),
});
const outcome = (key: string, answer: StateProofAnswer, under = certified): unknown => {
  try {
    return provenValue(hash, under, { table: TABLE, key }, answer);
  } catch (thrown) {
    return codeOf(thrown);
  }
};

describe("a record with its proof", () => {
  it("shows every value, and that there is none, also after its way over the wire", () => {
    for (const key of [...records.keys(), "nobody,1.0"]) {
      const answer = decodeStateAnswer(encodeStateAnswer(answerFor(key)));
      expect(outcome(key, answer)).toEqual(records.get(key));
    }
  });

  it("shows nothing about another record, height, header or value", () => {
    const answer = answerFor("name3,1.0");
    expect(outcome("name4,1.0", answer)).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("name3,1.0", { ...answer, number: 8 })).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("name3,1.0", answer, header(8, "a", { stateRoot: tree.root() }))).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("name3,1.0", answer, header(7))).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("name3,1.0", { ...answer, value: utf8Bytes("value 4") })).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("name3,1.0", { ...answer, value: undefined })).toBe("STATE_ANSWER_UNPROVEN");
    expect(outcome("nobody,1.0", { ...answerFor("nobody,1.0"), value: utf8Bytes("x") })).toBe("STATE_ANSWER_UNPROVEN");
    const genesis = header(0, "a", { stateRoot: tree.root() });
    expect(outcome("name3,1.0", { ...answer, number: 0 }, genesis)).toBe("STATE_ANSWER_UNPROVEN");
  });

  it("shows nothing with any bit of the proof flipped, or a byte more or less", () => {
    for (const key of ["name3,1.0", "nobody,1.0"]) {
      const answer = answerFor(key);
      const { proof } = answer;
      for (let at = 0; at < proof.length; at++) {
        const flipped = proof.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        expect(outcome(key, { ...answer, proof: flipped })).toMatch(/^STATE_/);
      }
      expect(outcome(key, { ...answer, proof: proof.slice(0, -1) })).toMatch(/^STATE_PROOF_/);
      expect(outcome(key, { ...answer, proof: new Uint8Array([...proof, 0]) })).toMatch(/^STATE_PROOF_/);
    }
  });
});
