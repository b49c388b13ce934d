/** One sealer alone: when it makes blocks, in which order it does things, and how it stops. */
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { codeOf } from "../../../src/base/error.js";
import type { HeaderSignature } from "../../../src/codec/fisco/header.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import type { BlockWrite } from "../../../src/ledger/store.js";
import { CONSENSUS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { SoloSealer, type SoloSealerOptions } from "../../../src/node/participant/soloSealer.js";
import type { GuardedSigner } from "../../../src/node/signing/port.js";
import { SigningError } from "../../../src/node/signing/problems.js";
import { StoreError } from "../../../src/store/problems.js";
import { until } from "../../support/linkContract.js";
import { LEDGER_TIME, sealerSecret, TestLedger } from "../../support/testLedger.js";

const NEVER_MS = 0;

class Bench {
  readonly world: TestLedger;
  readonly sealer: SoloSealer;
  /** Steps in their order. */
  readonly steps: string[] = [];
  readonly blocks: { readonly number: number; readonly calls: number; readonly timestamp: number }[] = [];
  readonly failures: string[] = [];
  waiting: SignedCall[] = [];
  /** Held until it is called. */
  release: (() => void) | undefined;
  holds = false;
  refuse: Error | undefined;
  time = LEDGER_TIME;
  /** How long writing a block holds the thread. */
  commitMs = 0;

  constructor(world: TestLedger, options: Partial<SoloSealerOptions> = {}, secret = sealerSecret(0)) {
    this.world = world;
    const { ledger, store, suite, signer } = world;
    const { commit, keepProposal } = store;
    Object.assign(store, {
      commit: (block: BlockWrite) => {
        this.steps.push(`commit ${block.number}`);
        commit.call(store, block);
        const heldUntil = performance.now() + this.commitMs;
        while (performance.now() < heldUntil);
      },
      keepProposal: (proposal: Parameters<typeof keepProposal>[0]) => {
        this.steps.push(`keep ${proposal.number}`);
        keepProposal.call(store, proposal);
      },
    });
    const guarded: GuardedSigner = {
      ...{ suite: "ecdsa", family: "sealer", publicKey: signer.publicKey(secret) },
      sign: async (request) => {
        if (request.purpose !== "header") throw new TypeError("a sealer signs headers");
        this.steps.push(`sign ${request.header.number}`);
        if (this.holds) {
          await new Promise<void>((resolve) => {
            this.release = resolve;
          });
        }
        if (this.refuse !== undefined) throw this.refuse;
        const digest = headerHash(suite.hash, request.header);
        return { signature: signer.signHeader(secret, digest), digest, repeated: false };
      },
      close: async () => {},
    };
    this.sealer = new SoloSealer({
      ...{ hash: suite.hash, ledger, store, signer: guarded, intervalMs: 0, idleMs: NEVER_MS },
      clock: { now: () => ++this.time },
      select: () => this.waiting,
      onBlock: ({ header, hash, signatures }, { calls }) => {
        this.steps.push(`tell ${header.number}`);
        expect(store.head()).toBe(header.number);
        expect(hash).toEqual(ledger.head.hash);
        this.#expectSigned(hash, signatures);
        this.waiting = this.waiting.filter((call) => !calls.some((each) => each.hash === call.hash));
        this.blocks.push({ number: header.number, calls: calls.length, timestamp: header.timestamp });
      },
      onFailure: (thrown) => this.failures.push(codeOf(thrown)),
      ...options,
    });
  }

  static async make(options: Partial<SoloSealerOptions> = {}): Promise<Bench> {
    return new Bench(await TestLedger.make(), options);
  }

  #expectSigned(hash: Uint8Array, signatures: readonly HeaderSignature[]): void {
    const [first, ...rest] = signatures;
    expect([first?.sealerIndex, rest]).toEqual([0, []]);
    const { suite, ledger } = this.world;
    const key = suite.prepare(ledger.head.header.sealers.nodeIds[0] as Uint8Array);
    expect(key?.verify(hash, first?.signature as Uint8Array)).toBe(true);
  }

  arrive(count: number): void {
    for (let i = 0; i < count; i++) this.waiting.push(this.world.notes(["set", `k${i}`, "v"]));
    this.sealer.wake();
  }

  async made(blocks: number): Promise<void> {
    await until(() => this.blocks.length >= blocks || this.failures.length > 0, `${blocks} blocks`);
    expect(this.failures).toEqual([]);
  }

  async failed(): Promise<string[]> {
    await until(() => this.failures.length > 0, "the failure");
    return this.failures;
  }

  get shape() {
    const { height, root } = this.world.ledger.snapshot();
    return { height, root: toHex(root), head: this.world.ledger.head.header.number };
  }
}

/** Long enough for a sealer that would do something to do it. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 20));

/** After a block that took 200 ms. */
async function sealsBeforeRestWouldEnd(bench: Bench): Promise<void> {
  bench.commitMs = 0;
  const rested = new Promise((resolve) => setTimeout(resolve, 150, "rested"));
  bench.arrive(1);
  expect(await Promise.race([bench.made(2).then(() => "sealed"), rested])).toBe("sealed");
  await bench.sealer.stop();
}

describe("a sealer", () => {
  it("makes the first block at once and empty, and no other while nothing comes", async () => {
    const bench = await Bench.make();
    bench.sealer.start();
    await bench.made(1);
    await quiet();
    expect(bench.blocks).toMatchObject([{ number: 1, calls: 0 }]);
    bench.sealer.wake();
    await quiet();
    expect(bench.blocks).toHaveLength(1);
    await bench.sealer.stop();
  });

  it("makes no empty block at the start of a chain that has one", async () => {
    const world = await TestLedger.make();
    world.block([]);
    const bench = new Bench(world);
    bench.sealer.start();
    await quiet();
    expect(bench.blocks).toEqual([]);
    bench.arrive(1);
    await bench.made(1);
    await bench.sealer.stop();
  });

  it("keeps, signs, writes, and only then tells", async () => {
    const bench = await Bench.make();
    bench.sealer.start();
    await bench.made(1);
    bench.arrive(3);
    await bench.made(2);
    expect(bench.blocks[1]).toMatchObject({ number: 2, calls: 3 });
    expect(bench.steps).toEqual([1, 2].flatMap((n) => [`keep ${n}`, `sign ${n}`, `commit ${n}`, `tell ${n}`]));
    expect(bench.world.store.proposal()).toMatchObject({ number: 2, timestamp: bench.blocks[1]?.timestamp, sealer: 0 });
    await bench.sealer.stop();
  });

  it("puts what comes during a block into the next one", async () => {
    const bench = await Bench.make();
    bench.holds = true;
    bench.sealer.start();
    await until(() => bench.release !== undefined, "the signature asked for");
    bench.arrive(2);
    bench.arrive(1);
    await quiet();
    expect(bench.blocks).toEqual([]);
    bench.holds = false;
    bench.release?.();
    await bench.made(2);
    expect(bench.blocks).toMatchObject([
      { number: 1, calls: 0 },
      { number: 2, calls: 3 },
    ]);
    await bench.sealer.stop();
  });

  it("leaves arrivals the time that a block took from them, so that they travel together", async () => {
    const bench = await Bench.make();
    bench.commitMs = 150;
    bench.sealer.start();
    await bench.made(1);
    bench.commitMs = 0;
    bench.arrive(1);
    // More turns of the event loop than a sealer without rest would need.
    await quiet();
    expect(bench.blocks).toHaveLength(1);
    bench.arrive(2);
    await bench.made(2);
    expect(bench.blocks[1]).toMatchObject({ number: 2, calls: 3 });
    await bench.sealer.stop();
  });

  it("does not rest where a block has nothing more to wait for", async () => {
    const bench = await Bench.make({ hasEnough: () => true });
    bench.commitMs = 200;
    bench.sealer.start();
    await bench.made(1);
    await sealsBeforeRestWouldEnd(bench);
  });

  it("ends its rest where a block has nothing more to wait for any longer", async () => {
    let enough = false;
    const bench = await Bench.make({ hasEnough: () => enough });
    bench.commitMs = 200;
    bench.sealer.start();
    await bench.made(1);
    bench.arrive(1);
    enough = true;
    await sealsBeforeRestWouldEnd(bench);
    expect(bench.blocks[1]).toMatchObject({ number: 2, calls: 2 });
  });

  it("does not rest for the time a signature took", async () => {
    const bench = await Bench.make();
    bench.holds = true;
    bench.sealer.start();
    await until(() => bench.release !== undefined, "the signature asked for");
    await new Promise((resolve) => setTimeout(resolve, 200));
    bench.holds = false;
    bench.release?.();
    await bench.made(1);
    await sealsBeforeRestWouldEnd(bench);
  });

  it("makes empty blocks where nothing comes for long", async () => {
    const bench = await Bench.make({ idleMs: 2 });
    bench.sealer.start();
    await bench.made(4);
    expect(bench.blocks.map(({ calls }) => calls)).toEqual(bench.blocks.map(() => 0));
    await bench.sealer.stop();
    const made = bench.blocks.length;
    await quiet();
    expect(bench.blocks).toHaveLength(made);
  });

  it("finishes the block under way when it stops, and makes no other", async () => {
    const bench = await Bench.make({ idleMs: 1 });
    bench.holds = true;
    bench.sealer.start();
    await until(() => bench.release !== undefined, "the signature asked for");
    let stopped = false;
    const stopping = bench.sealer.stop().then(() => {
      stopped = true;
    });
    bench.arrive(1);
    await quiet();
    expect(stopped).toBe(false);
    bench.release?.();
    await stopping;
    expect(bench.blocks).toMatchObject([{ number: 1 }]);
    bench.arrive(1);
    await quiet();
    expect(bench.blocks).toHaveLength(1);
    expect(bench.failures).toEqual([]);
    await bench.sealer.stop();
  });
});

describe("a failure", () => {
  const cases: readonly (readonly [what: string, break_: (bench: Bench) => void, code: string])[] = [
    [
      "of the key",
      (bench) => {
        bench.refuse = new SigningError({ code: "SIGN_STOPPED", cause: "SIGN_STORE_FAILED" });
      },
      "SIGN_STOPPED",
    ],
    [
      "of the disk under the block",
      ({ world: { store } }) => {
        Object.assign(store, { commit: () => refuseWrite("STORE_FULL") });
      },
      "STORE_FULL",
    ],
    [
      "of the disk under the proposal",
      ({ world: { store } }) => {
        Object.assign(store, { keepProposal: () => refuseWrite("STORE_IO") });
      },
      "STORE_IO",
    ],
  ];
  it.each(cases)("%s ends all sealing, at the head as it was", async (_, breakIt, code) => {
    const bench = await Bench.make();
    bench.sealer.start();
    await bench.made(1);
    const before = bench.shape;
    breakIt(bench);
    bench.arrive(2);
    expect(await bench.failed()).toEqual([code]);
    expect(bench.shape).toEqual(before);
    expect(before.height).toBe(before.head);
    bench.refuse = undefined;
    bench.arrive(1);
    await quiet();
    expect(bench.blocks).toHaveLength(1);
    await bench.sealer.stop();
  });

  it("is a key that is not in the list, or a list of more than one", async () => {
    const stranger = new Bench(await TestLedger.make(), {}, sealerSecret(5));
    stranger.sealer.start();
    expect(await stranger.failed()).toEqual(["PARTICIPANT_NOT_SEALER"]);
    const crowd = new Bench(await TestLedger.make({ sealers: 2 }));
    crowd.sealer.start();
    expect(await crowd.failed()).toEqual(["PARTICIPANT_NOT_ALONE"]);

    const grown = await Bench.make();
    grown.sealer.start();
    await grown.made(1);
    const id = toHex(grown.world.knowSealer(1));
    grown.waiting.push(grown.world.system(CONSENSUS_ADDRESS, "addObserver(string)", [id]));
    grown.waiting.push(grown.world.system(CONSENSUS_ADDRESS, "addSealer(string,uint256)", [id, 1n]));
    grown.sealer.wake();
    await grown.made(2);
    grown.arrive(1);
    expect(await grown.failed()).toEqual(["PARTICIPANT_NOT_ALONE"]);
  });
});

describe("what was about to be signed when a process ended", () => {
  it("comes first, as it was", async () => {
    const bench = await Bench.make();
    const call = bench.world.notes(["set", "k", "kept"]);
    const proposal = { number: 1, timestamp: LEDGER_TIME - 7, sealer: 0 };
    bench.world.store.keepProposal({ ...proposal, transactions: [call.bytes], senders: [call.sender] });
    bench.steps.splice(0);
    bench.waiting.push(bench.world.notes(["set", "k", "new"]));
    bench.sealer.start();
    await bench.made(2);
    expect(bench.blocks).toMatchObject([
      { number: 1, calls: 1, timestamp: LEDGER_TIME - 7 },
      { number: 2, calls: 1 },
    ]);
    // It need not be kept again.
    expect(bench.steps.slice(0, 3)).toEqual(["sign 1", "commit 1", "tell 1"]);
    expect(bench.world.note("k")).toBe("new");
    expect(bench.world.store.placeOf(call.hash)).toEqual({ number: 1, index: 0 });
    await bench.sealer.stop();
  });

  it("is nothing where its block is on the disk", async () => {
    const world = await TestLedger.make();
    world.block([]);
    world.store.keepProposal({ number: 1, timestamp: 1, sealer: 0, transactions: [], senders: [] });
    const bench = new Bench(world);
    bench.sealer.start();
    await quiet();
    expect(bench.blocks).toEqual([]);
    bench.arrive(2);
    await bench.made(1);
    expect(bench.blocks).toMatchObject([{ number: 2, calls: 2 }]);
    await bench.sealer.stop();
  });
});

function refuseWrite(code: "STORE_FULL" | "STORE_IO"): never {
  throw new StoreError({ code, path: "ledger.db", engineCode: "X" });
}
