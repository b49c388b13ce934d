/**
 * The sealer crashes between every two steps of a round, again and again, on one disk and one key; the next life wants
 * other blocks. The key's own list of what it signed is the judge.
 */
import { expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { toHex } from "../../../src/base/bytes.js";
import { codeOf } from "../../../src/base/error.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { decodeHeader } from "../../../src/codec/fisco/headerTars.js";
import type { AnchorValue, KeyAnchor, KeyBackend } from "../../../src/crypto/keyBackend.js";
import type { LedgerStore } from "../../../src/ledger/store.js";
import type { GuardStore } from "../../../src/node/signing/guardStore.js";
import { MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import { MemoryLedgerStore } from "../../../src/store/ledger/memoryLedgerStore.js";
import { findFault, SealerLife, softBackend } from "../../support/sealerLife.js";

const CRASHES = 400;
/** A life without a crash would make so many blocks. */
const BLOCKS_PER_LIFE = 4;
const STEPS_MAX = 30;

class PowerLoss extends Error {}

/** At the fatal step, and for ever after, nothing answers any more. */
class Power {
  #left: number;
  readonly steps: string[] = [];

  constructor(steps: number) {
    this.#left = steps;
  }

  get isOff(): boolean {
    return this.#left <= 0;
  }

  step(what: string): void {
    this.steps.push(what);
    if (--this.#left <= 0) throw new PowerLoss();
  }

  around<T>(what: string, work: () => T): T {
    this.step(`before ${what}`);
    const done = work();
    this.step(`after ${what}`);
    return done;
  }
}

function failingLedger(store: LedgerStore, power: Power): LedgerStore {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "commit" && name !== "keepProposal") return value.bind(target);
      return (given: unknown) => power.around(name, () => value.call(target, given));
    },
  });
}

function failingGuard(store: GuardStore, power: Power): GuardStore {
  return {
    place: store.place,
    keys: () => store.keys(),
    load: (id) => store.load(id),
    commit: (writes) => power.around("guard", () => store.commit(writes)),
    close: () => store.close(),
  };
}

/** An object on a token, which outlives every crash. */
function tokenAnchor(): KeyAnchor {
  let value: AnchorValue | undefined;
  return {
    read: async () => value,
    write: async (next) => {
      if (next.reserved < (value?.reserved ?? 0)) throw new RangeError("lower");
      value = next;
    },
  };
}

function failingKey(backend: KeyBackend, power: Power): KeyBackend {
  const { anchor } = backend;
  return {
    ...backend,
    ...(anchor === undefined ? {} : { anchor: failingAnchor(anchor, power) }),
    signDigest: async (digest, ms) => {
      power.step("before key");
      const signature = await backend.signDigest(digest, ms);
      power.step("after key");
      return signature;
    },
  };
}

function failingAnchor(anchor: KeyAnchor, power: Power): KeyAnchor {
  return {
    read: () => anchor.read(),
    write: async (value) => {
      power.step("before anchor");
      await anchor.write(value);
      power.step("after anchor");
    },
  };
}

it.each([
  ["key in software", undefined],
  ["key on a token", tokenAnchor()],
])(`signs one header for each height and goes on, over ${CRASHES} crashes between steps (%s)`, async (_, anchor) => {
  const store = new MemoryLedgerStore();
  const disk = memoryGuardDisk();
  const signed = new Set<string>();
  const soft = await softBackend((digest) => signed.add(digest));
  const key = anchor === undefined ? soft : { ...soft, anchor };
  const reserve = anchor === undefined ? "ahead" : "each";
  const random = new SeededRandom(21);
  const crashedAt = new Map<string, number>();
  const announced = new Map<number, string>();
  let crashes = 0;
  for (let life = 1; crashes < CRASHES; life++) {
    const power = new Power(1 + ((random.bytes(1)[0] ?? 0) % STEPS_MAX));
    const parts = {
      store: failingLedger(store, power),
      guardStore: failingGuard(new MemoryGuardStore(disk), power),
      backend: failingKey(key, power),
      reserve,
    } as const;
    const before = store.head() ?? 0;
    let failure: unknown;
    try {
      const sealer = await SealerLife.begin(parts, life);
      await sealer.sealTo(before + BLOCKS_PER_LIFE, ({ header, hash }) => announced.set(header.number, toHex(hash)));
      expect(findFault(sealer.world)).toBe("");
    } catch (thrown) {
      failure = thrown;
    }
    if (power.isOff) {
      crashes++;
      const at = power.steps.at(-1) as string;
      crashedAt.set(at, (crashedAt.get(at) ?? 0) + 1);
    } else expect(failure === undefined ? "none" : codeOf(failure), `life ${life}`).toBe("none");
    expect(store.head() ?? 0).toBeGreaterThanOrEqual(before);
  }
  const steps = ["keepProposal", "guard", "key", "commit", ...(anchor === undefined ? [] : ["anchor"])];
  const places = steps.flatMap((what) => [`before ${what}`, `after ${what}`]);
  for (const place of places) expect(crashedAt.get(place) ?? 0, place).toBeGreaterThan(CRASHES / 60);

  const last = await SealerLife.begin({ store, guardStore: new MemoryGuardStore(disk), backend: key, reserve }, 0);
  const top = last.height + 3;
  await last.sealTo(top);
  expect(findFault(last.world)).toBe("");
  expect(top).toBeGreaterThan(CRASHES / 4);
  const chain = Array.from({ length: top }, (_, i) => {
    const { header } = decodeHeader(store.header(i + 1) as Uint8Array).signed;
    return { header, hash: toHex(headerHash(last.world.suite.hash, header)) };
  });
  // Whatever the key signed is in the chain, so nothing was signed twice for one height.
  expect([...signed].sort()).toEqual(chain.map(({ hash }) => hash).sort());
  for (const [number, hash] of announced) expect(chain[number - 1]?.hash).toBe(hash);
});
