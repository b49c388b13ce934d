/** Headers of any age under a certified one, by the history that it commits to. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import {
  type AncestorAnswer,
  decodeAncestor,
  encodeAncestor,
  isAncestor,
} from "../../../src/codec/wire/ancestorMessage.js";
import { MountainRange, mountainProof } from "../../../src/crypto/mountainRange.js";
import { FISCO, makeChain, wireOf } from "../../support/chains.js";

const HEAD = 70;
let chain: ChainIssuer;
const nodes = new Map<string, Uint8Array>();

beforeAll(async () => {
  chain = await makeChain({ profile: { ...FISCO, layout: "edgeseal" } });
  chain.issueMany(HEAD);
  const range = MountainRange.empty(chain.suite.hash);
  for (const { hash } of chain.headers(0, HEAD)) {
    range.append(hash, (level, index, node) => nodes.set(`${level}/${index}`, node));
  }
});

const answerFor = (number: number, below: number): AncestorAnswer => ({
  header: chain.header(number),
  proof: mountainProof((level, index) => nodes.get(`${level}/${index}`), below, number),
});
const holds = (answer: AncestorAnswer, below: number): boolean =>
  isAncestor(answer, chain.header(below), wireOf(chain));

describe("an ancestor", () => {
  it("is proven at every distance, also after its way over the wire", () => {
    for (const below of [1, 2, 3, 33, 64, 70]) {
      for (let number = 0; number < below; number += 7) {
        const answer = decodeAncestor(encodeAncestor(answerFor(number, below), wireOf(chain)), wireOf(chain));
        expect(answer.header.hash).toEqual(chain.header(number).hash);
        expect(holds(answer, below)).toBe(true);
      }
    }
  });

  it("is nobody else's, and not the header itself or one above", () => {
    const answer = answerFor(20, 70);
    expect(holds(answer, 69)).toBe(false);
    expect(holds({ ...answer, header: chain.header(21) }, 70)).toBe(false);
    expect(holds({ ...answer, header: chain.header(70) }, 70)).toBe(false);
    expect(holds({ ...answer, header: { ...answer.header, hash: chain.header(21).hash } }, 70)).toBe(false);
    const [first, ...rest] = answer.proof.siblings;
    expect(holds({ ...answer, proof: { ...answer.proof, siblings: rest } }, 70)).toBe(false);
    const flipped = (first ?? new Uint8Array(32)).slice();
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    expect(holds({ ...answer, proof: { ...answer.proof, siblings: [flipped, ...rest] } }, 70)).toBe(false);
  });

  it("needs headers that commit to those below them", async () => {
    const plain = await makeChain({});
    plain.issueMany(3);
    const answer = { header: plain.header(1), proof: { siblings: [], peaks: [] } };
    expect(isAncestor(answer, plain.header(3), wireOf(plain))).toBe(false);
  });
});
