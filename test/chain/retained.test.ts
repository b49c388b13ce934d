/** What a publisher sends of what it stored: stretches read back, and signatures left out where nobody needs them. */
import { describe, expect, it, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { Committees } from "../../src/chain/committee.js";
import { readCertified, reduceStretch, reduceToQuorum } from "../../src/chain/stretch.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { encodeSegment } from "../../src/codec/wire/segment.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { makeChain, wireOf } from "../support/chains.js";

const signersOf = ({ signatures }: HashedHeader) => signatures.map(({ sealerIndex }) => sealerIndex);
const committeesOf = (chain: ChainIssuer) => new Committees(chain.suite, chain.profile.faultModel);

describe("reduceToQuorum", () => {
  it.each<[bigint[], number[]]>([
    [
      [1n, 1n, 1n, 1n],
      [0, 1, 2],
    ],
    [
      [1n, 1n, 1n, 1n, 1n, 1n, 1n],
      [0, 1, 2, 3, 4],
    ],
    [
      [1n, 5n, 1n, 3n],
      [1, 3],
    ],
    [[100n, 1n, 1n, 1n], [0]],
    [
      [1n, 2n ** 62n, 1n, 2n ** 62n],
      [1, 3],
    ],
  ])("weights %s: %s are enough, heaviest first", async (weights, kept) => {
    const chain = await makeChain({ sealerCount: weights.length, weights });
    const header = chain.issue();
    const committee = committeesOf(chain).of(header.header.sealers);
    const reduced = reduceToQuorum(header, committee);
    expect(signersOf(reduced).sort()).toEqual(kept);
    const weight = kept.reduce((sum, index) => sum + weights[index]!, 0n);
    expect(weight).toBeGreaterThanOrEqual(committee.quorum);
    // None of them could be left out.
    for (const index of kept) expect(weight - weights[index]!).toBeLessThan(committee.quorum);
    expect(reduceToQuorum({ ...header, signatures: [...header.signatures].reverse() }, committee)).toEqual(reduced);
    expect(signersOf(header)).toHaveLength(weights.length);
  });
});

describe("reduceStretch", () => {
  async function changing() {
    const chain = await makeChain();
    chain.issueMany(4);
    chain.issue({ sealers: [{ kind: "add" }] });
    chain.issueMany(4);
    return { chain, committees: committeesOf(chain) };
  }

  test("keeps every signature where the sealers change, a quorum elsewhere", async () => {
    const { chain, committees } = await changing();
    const counts = (from: number, before: HashedHeader | undefined) =>
      reduceStretch(chain.headers(from, 9), before, committees).map(({ signatures }) => signatures.length);
    expect(counts(3, chain.header(2))).toEqual([3, 3, 3, 5, 4, 4, 4]);
    expect(counts(6, chain.header(5))).toEqual([5, 4, 4, 4]);
    expect(counts(7, chain.header(6))).toEqual([4, 4, 4]);
  });

  test("keeps them where it does not know what was before", async () => {
    const { chain, committees } = await changing();
    const [first, second] = reduceStretch(chain.headers(3, 4), undefined, committees);
    expect([first?.signatures.length, second?.signatures.length]).toEqual([4, 3]);
    expect(reduceStretch([], chain.header(1), committees)).toEqual([]);
  });
});

describe("readCertified", () => {
  async function stored() {
    const chain = await makeChain();
    chain.issueMany(40);
    const store = new MemoryStore();
    const put = (start: number, end: number, status: "certified" | "linked" = "certified") =>
      store.apply([
        {
          kind: "run",
          run: {
            start,
            count: end - start + 1,
            status,
            bytes: encodeSegment(chain.headers(start, end), status === "certified", wireOf(chain)),
          },
        },
      ]);
    put(1, 8);
    put(9, 9);
    put(10, 16);
    put(20, 24);
    put(25, 30, "linked");
    put(31, 33);
    const read = (from: number, to: number) =>
      readCertified(store, from, to, wireOf(chain)).map(({ header }) => header.number);
    return { chain, store, read };
  }

  test.each([
    [1, 16, 1, 16],
    [4, 12, 4, 12],
    [9, 9, 9, 9],
    [14, 30, 14, 16],
    [22, 33, 22, 24],
    [31, 99, 31, 33],
  ])("%d..%d gives %d..%d", async (from, to, first, last) => {
    const { read } = await stored();
    expect(read(from, to)).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
  });

  test.each([
    [17, 24],
    [25, 33],
    [34, 40],
    [0, 3],
    [5, 4],
  ])("%d..%d gives nothing: its first one is not there, or only linked", async (from, to) => {
    const { read } = await stored();
    expect(read(from, to)).toEqual([]);
  });

  test("headers come back with hash and signatures", async () => {
    const { chain, store } = await stored();
    const [header] = readCertified(store, 12, 12, wireOf(chain)) as [HashedHeader];
    expect(header.hash).toEqual(chain.header(12).hash);
    expect(header.signatures).toEqual(chain.header(12).signatures);
  });
});
