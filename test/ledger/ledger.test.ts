/** The chain of a participant, block by block: what its headers commit to, what it refuses, and what it forgets again. */
import { describe, expect, test } from "vitest";
import { concatBytes, equalBytes, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { Committees } from "../../src/chain/committee.js";
import { type Trusted, verifyAdjacent, verifySkipping } from "../../src/chain/verify.js";
import { verifyHeader } from "../../src/chain/verifyHeader.js";
import { contentRoot, decodeCommitment, sealerSetHash } from "../../src/codec/edgeseal/commitment.js";
import { provenValue } from "../../src/codec/edgeseal/stateAnswer.js";
import { genesisSealers } from "../../src/codec/fisco/genesis.js";
import { decodeHeader } from "../../src/codec/fisco/headerTars.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { merkleRoot } from "../../src/crypto/merkle.js";
import { mountainProof, verifyMountainProof } from "../../src/crypto/mountainRange.js";
import type { SuiteName } from "../../src/crypto/suite.js";
import type { ExecutedBlock } from "../../src/ledger/ledger.js";
import { recordKey } from "../../src/ledger/provenState.js";
import { STATE_HEIGHTS_MAX } from "../../src/ledger/state/limits.js";
import { StateTree } from "../../src/ledger/state/stateTree.js";
import { CONSENSUS_ADDRESS } from "../../src/ledger/system/addresses.js";
import { CONSENSUS_TABLE, SEALERS_KEY } from "../../src/ledger/system/nodes.js";
import { rulesOf } from "../support/chains.js";
import {
  LEDGER_INTERVAL_MS,
  LEDGER_TIME,
  NOTES_TABLE,
  type NoteOperation,
  TestLedger,
  thrownCode,
} from "../support/testLedger.js";

const SUITES: readonly SuiteName[] = ["ecdsa", "sm"];
const NOW = LEDGER_TIME + 1_000 * LEDGER_INTERVAL_MS;

/** Everything that a block may change in a ledger. */
function shape({ ledger, store, suite }: TestLedger) {
  const { height, root, leafCount, chunks } = ledger.snapshot();
  // A digest, for differences that people can read.
  const leaves = toHex(suite.hash(concatBytes([...chunks])));
  return { height, root: toHex(root), leafCount, leaves, head: toHex(ledger.head.hash), stored: store.head() };
}

/** As a light client has it that was told of nothing but block 0. */
function anchored({ ledger, genesis }: TestLedger, block0: HashedHeader = ledger.head): Trusted {
  return { number: 0, hash: block0.hash, sealers: genesisSealers(genesis), vouchedAt: LEDGER_TIME };
}

function stepTo(world: TestLedger, trusted: Trusted, untrusted: HashedHeader, how = verifyAdjacent): Trusted {
  const { suite, profile } = world;
  const rules = rulesOf({ suite, profile } as Parameters<typeof rulesOf>[0]);
  const committees = new Committees(suite, profile.faultModel);
  return how({ trusted, untrusted, now: NOW, rules, committees }).trusted;
}

for (const suite of SUITES) {
  describe(`headers with ${suite}`, () => {
    test("are what the light client's verifier takes, one by one and skipping", async () => {
      const world = await TestLedger.make({ suite, sealers: 4 });
      let trusted = anchored(world);
      const first = trusted;
      for (let i = 1; i <= 6; i++) {
        const made = world.block([world.notes(["set", `k${i}`, "v"]), world.notes(["fail", 16])]);
        const { trust, ...stored } = {
          trust: made.header.sealers,
          ...decodeHeader(world.store.header(i) as Uint8Array).signed,
        };
        verifyHeader(stored, { suite: world.suite, profile: world.profile, trust, claimedHash: made.hash });
        trusted = stepTo(world, trusted, made);
        expect(trusted).toMatchObject({ number: i, hash: made.hash });
      }
      stepTo(world, first, world.ledger.head, verifySkipping);
      const { signatures, ...head } = world.ledger.head;
      const short = { ...head, signatures: signatures.slice(0, 2) };
      expect(thrownCode(() => stepTo(world, first, short, verifySkipping))).toBe("CHAIN_QUORUM");
    });

    test("commit to content, state, sealers and all headers below", async () => {
      const world = await TestLedger.make({ suite });
      const { hash } = world.suite;
      const headers = [world.ledger.head];
      for (let i = 1; i <= 9; i++) {
        const calls = Array.from({ length: i }, (_, k) => world.notes(["set", `k${k}`, `${i}`], ["add", "sum", k]));
        const block = world.execute(calls);
        const { header } = block;
        const { transactions, receipts, ...write } = world.ledger.seal(block, world.sign(block));
        const commitment = decodeCommitment(header.extraData);
        expect(commitment).toMatchObject({ faultModel: "bft", sealerCount: 1 });
        expect(commitment.contentRoot).toEqual(contentRoot(hash, transactions, receipts));
        expect(commitment.sealersHash).toEqual(sealerSetHash(hash, genesisSealers(world.genesis)));
        expect(commitment.nextSealersHash).toEqual(commitment.sealersHash);
        expect(header.txsRoot).toEqual(merkleRoot(hash, [...write.transactionHashes]));
        expect(header.receiptsRoot).toEqual(
          merkleRoot(
            hash,
            block.calls.map(({ receiptHash }) => receiptHash),
          ),
        );
        expect(header.gasUsed).toBe(String(block.calls.length * 100));
        expect(header.parents).toEqual([{ number: i - 1, hash: headers[i - 1]?.hash }]);
        world.store.commit({ transactions, receipts, ...write });
        headers.push(world.ledger.committed(block, world.sign(block)));
        for (const [index, below] of headers.slice(0, i).entries()) {
          const proof = mountainProof((level, at) => world.store.mountainNode(level, at), i, index);
          expect(verifyMountainProof(hash, commitment.historyRoot, i, index, below.hash, proof)).toBe(true);
        }
      }
      expect(new Set(headers.map(({ header }) => toHex(header.stateRoot))).size).toBe(10);
    });

    test("prove every record at every height that is kept", async () => {
      const world = await TestLedger.make({ suite });
      const { hash } = world.suite;
      const headers: HashedHeader[] = [];
      for (let i = 1; i <= 8; i++) {
        const gone = i % 3 === 0;
        headers.push(
          world.block([world.notes(gone ? ["delete", "k"] : ["set", "k", `${i}`], ["set", `own${i}`, "x"])]),
        );
      }
      expect(world.ledger.provableHeights).toEqual({ from: 0, to: 8 });
      for (const { header } of headers) {
        const { number } = header;
        const record = { table: NOTES_TABLE, key: "k" };
        const value = provenValue(hash, header, record, world.ledger.state.prove(NOTES_TABLE, "k", number));
        expect(value).toEqual(number % 3 === 0 ? undefined : utf8Bytes(`${number}`));
        for (const key of ["own1", "own8", "never"]) {
          const answer = world.ledger.state.prove(NOTES_TABLE, key, number);
          const own = provenValue(hash, header, { table: NOTES_TABLE, key }, answer);
          expect(own !== undefined).toBe(key !== "never" && Number(key.slice(3)) <= number);
        }
      }
    });
  });
}

describe("a block", () => {
  test("that is abandoned was never there", async () => {
    const world = await TestLedger.make();
    const twin = await TestLedger.make();
    const calls = [
      [world.notes(["set", "a", "1"], ["set", "b", "1"])],
      [world.notes(["set", "a", "2"], ["delete", "b"], ["set", "c", "1"])],
      [world.notes(["delete", "a"], ["set", "c", "2"])],
    ];
    for (const [i, each] of calls.entries()) {
      const before = shape(world);
      expect(world.note("a")).toBe(i === 0 ? undefined : `${i}`);
      world.execute([world.notes(["set", "a", "lost"], ["set", "x", "lost"], ["delete", "c"])]);
      // What others ask meanwhile is answered from the head.
      expect(world.note("c")).toBe(i === 2 ? "1" : undefined);
      world.ledger.abandon();
      world.ledger.abandon();
      expect(shape(world)).toEqual(before);
      world.execute([]);
      world.ledger.abandon();
      world.block(each);
      twin.block(each);
      expect(shape(world)).toEqual(shape(twin));
    }
    expect(StateTree.restore(world.suite.hash, world.ledger.snapshot()).verify()).toBe(true);
  });

  test("sealed and not committed can be abandoned too", async () => {
    const world = await TestLedger.make();
    world.block([world.notes(["set", "a", "1"])]);
    const before = shape(world);
    world.seal([world.notes(["set", "a", "2"])]);
    world.ledger.abandon();
    expect(shape(world)).toEqual(before);
    expect(world.block([]).header.number).toBe(2);
    expect(world.note("a")).toBe("1");
  });

  test("comes only in its turn, by a sealer of its list", async () => {
    const world = await TestLedger.make();
    const proposal = { number: 1, timestamp: LEDGER_TIME, sealer: 0, calls: [] };
    for (const number of [0, 2]) {
      expect(thrownCode(() => world.ledger.execute({ ...proposal, number }))).toBe("LEDGER_PROPOSAL_ORDER");
    }
    expect(thrownCode(() => world.ledger.execute({ ...proposal, sealer: 1 }))).toBe("LEDGER_SEALER_UNKNOWN");
    const before = shape(world);
    const block = world.ledger.execute(proposal);
    expect(thrownCode(() => world.ledger.execute(proposal))).toBe("LEDGER_PROPOSAL_ORDER");
    world.ledger.abandon();
    expect(shape(world)).toEqual(before);
    for (const step of [
      () => world.ledger.seal(block, world.sign(block)),
      () => world.ledger.committed(block, world.sign(block)),
    ]) {
      expect(thrownCode(step)).toBe("LEDGER_PROPOSAL_ORDER");
      expect(shape(world)).toEqual(before);
    }
    world.block([]);
    const next = world.execute([]);
    const other: ExecutedBlock = { ...next };
    expect(thrownCode(() => world.ledger.seal(other, []))).toBe("LEDGER_PROPOSAL_ORDER");
    expect(thrownCode(() => world.ledger.committed(other, []))).toBe("LEDGER_PROPOSAL_ORDER");
    expect(world.ledger.head.header.number).toBe(1);
  });

  test("that an engine spoils is not made, and the next one is", async () => {
    const world = await TestLedger.make();
    world.block([world.notes(["set", "a", "1"])]);
    const before = shape(world);
    expect(() => world.execute([world.notes(["set", "a", "2"]), world.notes(["throw"])])).toThrow(TypeError);
    expect(shape(world)).toEqual(before);
    const spoilt = world.notes(["put", CONSENSUS_TABLE, SEALERS_KEY, "no list"]);
    expect(thrownCode(() => world.execute([world.notes(["set", "a", "2"]), spoilt]))).toBe("LEDGER_RECORD_DAMAGED");
    expect(shape(world)).toEqual(before);
    expect(world.block([]).header.number).toBe(2);
    expect(world.note("a")).toBe("1");
  });

  test("is never older than its parent, and its transactions see the time of its header", async () => {
    const world = await TestLedger.make();
    const times: number[] = [];
    for (const time of [LEDGER_TIME, LEDGER_TIME - 5_000, LEDGER_TIME + 7, 0]) {
      const below = toHex(world.ledger.head.hash);
      const { number, timestamp } = world.block([world.notes(["stamp", "s"])], time).header;
      expect(world.note("s")).toBe(`${number} ${timestamp} ${below} false`);
      times.push(timestamp);
    }
    expect(times).toEqual([LEDGER_TIME, LEDGER_TIME, LEDGER_TIME + 7, LEDGER_TIME + 7]);
  });

  test("is the same wherever it is executed, and another with another order", async () => {
    const [one, two, three] = [await TestLedger.make(), await TestLedger.make(), await TestLedger.make()];
    const calls = [one.notes(["set", "a", "1"]), one.notes(["set", "a", "2"]), one.notes(["delete", "none"])];
    expect(one.block(calls).hash).toEqual(two.block(calls).hash);
    expect(three.block([...calls].reverse()).hash).not.toEqual(one.ledger.head.hash);
  });

  test("counts its failed transactions, and keeps those of the last heights provable", async () => {
    const world = await TestLedger.make();
    for (let i = 1; i <= STATE_HEIGHTS_MAX + 5; i++) {
      world.block([world.notes(["set", "k", `${i}`]), world.notes(["fail", 16]), world.notes(["fail", 15])]);
    }
    const number = STATE_HEIGHTS_MAX + 5;
    expect(world.store.counts()).toEqual({ transactions: 3 * number, failed: 2 * number });
    const { from, to } = world.ledger.provableHeights;
    expect([from, to]).toEqual([number - STATE_HEIGHTS_MAX + 1, number]);
    expect(world.ledger.state.valueAt(NOTES_TABLE, "k", from)).toEqual(utf8Bytes(`${from}`));
    expect(thrownCode(() => world.ledger.state.prove(NOTES_TABLE, "k", from - 1))).toBe("STATE_HEIGHT_UNKNOWN");
  });
});

describe("a call on the newest state", () => {
  test("sees the head, also while a block is under way, and leaves nothing", async () => {
    const world = await TestLedger.make();
    world.block([world.notes(["set", "answer", "1"])]);
    const before = shape(world);
    const ask = (...operations: NoteOperation[]) => {
      const { data } = world.notes(...operations).transaction;
      return new TextDecoder().decode(world.ledger.call(data.to, data.input, world.admin).output);
    };
    expect(ask(["set", "answer", "lost"])).toBe("lost");
    expect(ask()).toBe("1");
    expect(ask(["stamp", "answer"])).toBe(`2 ${world.ledger.head.header.timestamp} ${before.head} true`);
    const block = world.execute([world.notes(["set", "answer", "2"])]);
    expect(ask()).toBe("1");
    const signatures = world.sign(block);
    world.store.commit(world.ledger.seal(block, signatures));
    world.ledger.committed(block, signatures);
    expect(ask()).toBe("2");
    expect(shape(world).leafCount).toBe(before.leafCount);
  });
});

describe("sealers", () => {
  for (const suite of SUITES) {
    test(`change in the block above, as the block of the change commits (${suite})`, async () => {
      const world = await TestLedger.make({ suite });
      const { hash } = world.suite;
      let trusted = anchored(world);
      const newcomer = world.knowSealer(1);
      const id = toHex(newcomer);
      const step = (...calls: Parameters<TestLedger["block"]>[0]) => {
        const made = world.block(calls);
        trusted = stepTo(world, trusted, made);
        return { made, commitment: decodeCommitment(made.header.extraData) };
      };
      const count = ({ made }: ReturnType<typeof step>) => made.header.sealers.nodeIds.length;
      expect(count(step(world.system(CONSENSUS_ADDRESS, "addObserver(string)", [id])))).toBe(1);
      const change = step(world.system(CONSENSUS_ADDRESS, "addSealer(string,uint256)", [id, 3n]));
      expect(count(change)).toBe(1);
      const after = step();
      expect(count(after)).toBe(2);
      const { sealers } = after.made.header;
      expect(sealers.weights[sealers.nodeIds.findIndex((each) => equalBytes(each, newcomer))]).toBe(3n);
      expect(change.commitment.nextSealersHash).toEqual(sealerSetHash(hash, sealers));
      expect(change.commitment.sealersHash).not.toEqual(change.commitment.nextSealersHash);
      const removal = step(world.system(CONSENSUS_ADDRESS, "remove(string)", [id]));
      expect([count(removal), count(step())]).toEqual([2, 1]);
    });
  }

  test("of a block are those of the state below, whatever the block itself changes twice", async () => {
    const world = await TestLedger.make();
    const id = toHex(world.knowSealer(1));
    world.block([world.system(CONSENSUS_ADDRESS, "addObserver(string)", [id])]);
    const made = world.block([
      world.system(CONSENSUS_ADDRESS, "addSealer(string,uint256)", [id, 1n]),
      world.system(CONSENSUS_ADDRESS, "remove(string)", [id]),
    ]);
    const { sealersHash, nextSealersHash } = decodeCommitment(made.header.extraData);
    expect(nextSealersHash).toEqual(sealersHash);
  });
});

describe("records", () => {
  test("are served as the tree knows them, or named", async () => {
    const world = await TestLedger.make();
    world.block([world.notes(["set", "k", "1"])]);
    const { hash } = world.suite;
    expect(recordKey(hash, NOTES_TABLE, "k")).toHaveLength(32);
    const store = { ...forward(world.store), record: () => utf8Bytes("other") };
    const ledger = world.open(undefined, store);
    expect(thrownCode(() => ledger.state.get(NOTES_TABLE, "k"))).toBe("LEDGER_RECORD_ALTERED");
    expect(thrownCode(() => ledger.state.get(NOTES_TABLE, "never"))).toBe("LEDGER_RECORD_ALTERED");
    const without = world.open(undefined, { ...forward(world.store), record: () => undefined });
    expect(thrownCode(() => without.state.get(NOTES_TABLE, "k"))).toBe("LEDGER_RECORD_ALTERED");
    expect(without.state.get(NOTES_TABLE, "never")).toBeUndefined();
  });

  test("of an earlier height are named where the way back to it is gone", async () => {
    const world = await TestLedger.make();
    for (let i = 1; i <= 5; i++) {
      const rare = i === 1 || i === 4 ? [world.notes(["set", "rare", `${i}`])] : [];
      world.block([world.notes(["set", "k", `${i}`]), ...rare]);
    }
    const { state } = world.ledger;
    const read = (key: string, height: number) => thrownCode(() => state.prove(NOTES_TABLE, key, height));
    const all = ["k", "rare"].flatMap((key) => [1, 2, 3, 4, 5].map((height) => read(key, height)));
    expect(new Set(all)).toEqual(new Set(["none"]));
    const kept = world.store.diffs.bind(world.store);
    Object.assign(world.store, { diffs: (number: number) => (number === 4 ? undefined : kept(number)) });
    const altered = "LEDGER_RECORD_ALTERED";
    expect([1, 2, 3, 4, 5].map((height) => read("k", height))).toEqual(["none", "none", altered, "none", "none"]);
    expect([1, 2, 3, 4, 5].map((height) => read("rare", height))).toEqual([altered, altered, altered, "none", "none"]);
  });
});

/** Methods of a class are not copied by spreading. */
function forward(store: TestLedger["store"]): TestLedger["store"] {
  return {
    place: store.place,
    head: () => store.head(),
    header: (number) => store.header(number),
    body: (number) => store.body(number),
    numberOf: (hash) => store.numberOf(hash),
    placeOf: (hash) => store.placeOf(hash),
    record: (table, key) => store.record(table, key),
    records: () => store.records(),
    diffs: (number) => store.diffs(number),
    mountainNode: (level, index) => store.mountainNode(level, index),
    counts: () => store.counts(),
    proposal: () => store.proposal(),
    keepProposal: (proposal) => store.keepProposal(proposal),
    commit: (block) => store.commit(block),
    close: () => store.close(),
  };
}
