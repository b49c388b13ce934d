/**
 * The guard crashes between every two steps of its work, again and again, on one disk and one token; after every crash a
 * machine that has forgotten everything asks for other digests at the same heights. The token's ledger is the judge.
 */
import { expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { toHex } from "../../../src/base/bytes.js";
import type { KeyBackend } from "../../../src/crypto/keyBackend.js";
import type { GuardStore } from "../../../src/node/signing/guardStore.js";
import { MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import type { SignRequest } from "../../../src/node/signing/port.js";
import { encodeRequest } from "../../../src/node/signing/requests.js";
import { slotName } from "../../../src/node/signing/slots.js";
import { CHAIN, headerRequest, Token, vote } from "./guardWorld.js";

const CRASHES = 1_500;
const CRASHES_EACH = 1_200;
const REQUESTS_PER_LIFE = 8;

class PowerLoss extends Error {}

/** Counts steps; at the fatal one, and for ever after, nothing answers any more. */
class Power {
  #left: number;
  readonly #off: () => void;
  readonly off: Promise<void>;
  /** For the count of where it went off. */
  doing = "open";
  lastStep = "";

  constructor(steps: number) {
    this.#left = steps;
    let off = (): void => {};
    this.off = new Promise((resolve) => {
      off = resolve;
    });
    this.#off = off;
  }

  get isOff(): boolean {
    return this.#left <= 0;
  }

  step(what = ""): void {
    if (!this.isOff) this.lastStep = `${this.doing}: ${what}`;
    if (--this.#left > 0) return;
    this.#off();
    throw new PowerLoss();
  }

  async around<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.step(`before ${what}`);
    const done = await work();
    this.step(`after ${what}`);
    return done;
  }
}

function failing(store: GuardStore, power: Power): GuardStore {
  return {
    place: store.place,
    keys: () => store.keys(),
    load: (id) => store.load(id),
    commit(writes) {
      power.step("before commit");
      store.commit(writes);
      power.step("after commit");
    },
    close: () => store.close(),
  };
}

function failingHome(home: KeyBackend, power: Power): KeyBackend {
  const { anchor } = home;
  return {
    ...home,
    signDigest: (digest, ms) => power.around("key", () => home.signDigest(digest, ms)),
    ...(anchor === undefined
      ? {}
      : {
          anchor: {
            read: () => power.around("anchor read", () => anchor.read()),
            write: (value) => power.around("anchor write", () => anchor.write(value)),
          },
        }),
  };
}

function requestsOf(life: number, from: number): SignRequest[] {
  const what = `life ${life}`;
  return Array.from({ length: REQUESTS_PER_LIFE }, (_, i): SignRequest => {
    const height = from + (i >> 2);
    if (i % 4 === 0) return headerRequest(height, what);
    if (i % 4 === 3) return { purpose: "raftVote", term: 1 + (life >> 3), candidate: new Uint8Array(64).fill(life) };
    return vote(height, i % 4 === 1 ? "prepare" : "commit", 0, what);
  });
}

it.each([
  ["with an anchor outside the disk", true],
  ["in development, without one", false],
])("never signs twice, %s", async (_, anchored) => {
  const token = await Token.make();
  const disk = memoryGuardDisk();
  await token.begin(new MemoryGuardStore(disk));
  const random = new SeededRandom(11);
  const slots = new Map<string, string>();
  const digestOfSlot = new Map<string, Set<string>>();
  let crashes = 0;
  let released = 0;
  for (let life = 0; crashes < CRASHES; life++) {
    const power = new Power(1 + ((random.bytes(1)[0] ?? 0) % 60));
    const { anchor, ...bare } = token.backend();
    const home = anchored ? token.backend() : bare;
    const options = { backend: failingHome(home, power), development: true, random };
    const alive = token.guard(failing(new MemoryGuardStore(disk), power), options).then(async (guard) => {
      const reserved = Number.isFinite(guard.state.reserved) ? guard.state.reserved : 0;
      const low = guard.state.watermarks.height ?? 0;
      // Half of the lives ask where earlier lives signed, half go on above.
      const from = life % 2 === 0 ? Math.max(1, low - 2) : Math.max(low + 1, reserved - 1);
      await Promise.allSettled(
        requestsOf(life, from).map(async (request) => {
          const { digest, slot } = encodeRequest(request, token.suite, CHAIN, "sealer");
          if (slot !== undefined) slots.set(toHex(digest), slotName(slot));
          await guard.sign(request);
          if (!power.isOff) released += 1;
        }),
      );
      if (!power.isOff) await guard.close();
    });
    await Promise.race([alive.catch(() => undefined), power.off]);
    await alive.catch(() => undefined);
    if (power.isOff) crashes += 1;
  }
  for (const digest of token.signed) {
    const slot = slots.get(digest);
    if (slot === undefined) throw new TypeError(`the token signed ${digest}, which nobody asked for`);
    digestOfSlot.set(slot, (digestOfSlot.get(slot) ?? new Set()).add(digest));
  }
  const twice = [...digestOfSlot].filter(([, digests]) => digests.size > 1);
  expect(twice).toEqual([]);
  expect(digestOfSlot.size).toBeGreaterThan(CRASHES / 2);
  expect(released).toBeGreaterThan(CRASHES / 4);
});

it("goes on at the same height after every crash when each height is reserved, and never signs twice", async () => {
  const token = await Token.make();
  const disk = memoryGuardDisk();
  await token.begin(new MemoryGuardStore(disk));
  const random = new SeededRandom(12);
  /** As a sealer keeps its proposal: the request for the next height stays until it was answered. */
  let height = 1;
  let what = "life 0";
  const digests = new Map<number, string>();
  const crashedAt = new Map<string, number>();
  let crashes = 0;
  for (let life = 1; crashes < CRASHES_EACH; life++) {
    const power = new Power(1 + ((random.bytes(1)[0] ?? 0) % 44));
    const options = { backend: failingHome(token.backend(), power), random, reserve: "each" } as const;
    const alive = token.guard(failing(new MemoryGuardStore(disk), power), options).then(async (guard) => {
      power.doing = "sign";
      for (let blocks = 0; blocks < 4 && !power.isOff; blocks++) {
        const { digest } = await guard.sign(headerRequest(height, what));
        if (power.isOff) return;
        digests.set(height, toHex(digest));
        for (const other of [height, height - 1].filter((number) => number > 0)) {
          const code = await guard.sign(headerRequest(other, `other ${life}`)).catch((thrown) => thrown.code);
          expect(code).toBe("SIGN_CONFLICT");
        }
        height += 1;
        what = `life ${life}`;
      }
      power.doing = "close";
      if (life % 2 === 0) await guard.close();
    });
    const outcome = await alive.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (power.isOff) {
      crashes += 1;
      crashedAt.set(power.lastStep, (crashedAt.get(power.lastStep) ?? 0) + 1);
    } else expect(outcome, `life ${life}`).toBe(undefined);
  }
  const guard = await token.guard(new MemoryGuardStore(disk), { random, reserve: "each" });
  digests.set(height, toHex((await guard.sign(headerRequest(height, what))).digest));
  // One digest for each height without a gap, and the key never saw another one.
  expect(digests.size).toBe(height);
  expect([...new Set(token.signed)].sort()).toEqual([...digests.values()].sort());
  expect(height).toBeGreaterThan(CRASHES_EACH / 2);
  const steps = ["commit", "anchor read", "anchor write", "key"].flatMap((step) => [`before ${step}`, `after ${step}`]);
  for (const step of steps) expect(crashedAt.get(`sign: ${step}`) ?? 0, step).toBeGreaterThan(CRASHES_EACH / 60);
});
