/**
 * What every implementation of the gateway's store must do, as plain cases without a test runner: the same cases run under
 * vitest and inside a child process on another Node.
 */
import assert from "node:assert/strict";
import type { GatewayWrite } from "../../src/device/gateway/messages.js";
import type { GatewayStore } from "../../src/device/gateway/store.js";
import type { GatewayStoreLimits } from "../../src/store/gateway/limits.js";
import { assertRefused, bytesFor } from "./storeContract.js";

const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 10, 22, 9);

/** A clock that a case sets. */
export class CaseClock {
  at = START_MS;
  now(): number {
    return this.at;
  }
}

export interface GatewayCaseWorld {
  readonly clock: CaseClock;
  open(limits?: Partial<GatewayStoreLimits>): Promise<GatewayStore>;
  /** Closes the store and opens it anew; a store that has nothing but its memory stays as it is. */
  reopened(store: GatewayStore, limits?: Partial<GatewayStoreLimits>): Promise<GatewayStore>;
}

export interface GatewayStoreCase {
  readonly name: string;
  readonly run: (world: GatewayCaseWorld) => Promise<void>;
}

export function receiptWrite(sequence: number, inputs = bytesFor(sequence + 3, 40)): GatewayWrite {
  const [hash, bytes] = [bytesFor(sequence + 1, 32), bytesFor(sequence + 2, 300)];
  return { kind: "receipt", sequence, hash, bytes, inputs };
}

export function telemetryWrite(from: number, length = 100): GatewayWrite {
  return { kind: "telemetry", from, to: from + 60_000, readings: 7, bytes: bytesFor(from % 1_000, length) };
}

const ID = (seed: number): Uint8Array => bytesFor(seed, 16);

export const GATEWAY_STORE_CONTRACT: readonly GatewayStoreCase[] = [
  {
    name: "is empty at first",
    async run({ open }) {
      const store = await open();
      assert.deepEqual(store.load(), {
        devices: [],
        shadows: [],
        commands: [],
        counters: new Map(),
        ruleStates: [],
      });
      assert.equal(store.receipt(0), undefined);
      assert.deepEqual(store.receipts(0, 10), []);
      assert.deepEqual([...store.telemetry(0, START_MS)], []);
      assert.equal(store.outboxNext(), undefined);
      assert.deepEqual(store.check(), []);
    },
  },
  {
    name: "keeps what one transaction brings, and takes away what the next one does",
    async run({ open, reopened }) {
      const first = await open();
      first.apply([
        { kind: "device", id: "lamp-1", bytes: bytesFor(1, 200) },
        { kind: "device", id: "lock", bytes: bytesFor(2, 10) },
        { kind: "shadow", id: "lamp-1", bytes: bytesFor(3, 2_000) },
        { kind: "shadow", id: "lock", bytes: new Uint8Array(0) },
        { kind: "command", id: ID(1), bytes: bytesFor(5, 80) },
        { kind: "command", id: ID(2), bytes: bytesFor(6, 80) },
        { kind: "counter", name: "gateway", value: 1_000 },
        { kind: "counter", name: "person:ä\0b", value: Number.MAX_SAFE_INTEGER },
        { kind: "ruleState", rule: "smoke", bytes: bytesFor(7, 30) },
      ]);
      first.apply([
        { kind: "shadow", id: "lamp-1", bytes: bytesFor(4, 50) },
        { kind: "counter", name: "gateway", value: 2_000 },
        { kind: "commandGone", id: ID(1) },
        { kind: "commandGone", id: ID(9) },
        { kind: "deviceGone", id: "lock" },
      ]);
      for (const life of [async () => first, () => reopened(first)]) {
        const content = (await life()).load();
        assert.deepEqual(content, {
          devices: [["lamp-1", bytesFor(1, 200)]],
          shadows: [["lamp-1", bytesFor(4, 50)]],
          commands: [[ID(2), bytesFor(6, 80)]],
          counters: new Map([
            ["gateway", 2_000],
            ["person:ä\0b", Number.MAX_SAFE_INTEGER],
          ]),
          ruleStates: [["smoke", bytesFor(7, 30)]],
        });
        assert.equal(Object.getPrototypeOf(content.shadows[0]?.[1]), Uint8Array.prototype);
      }
    },
  },
  {
    name: "keeps its own copy of what it is given",
    async run({ open }) {
      const store = await open();
      const bytes = bytesFor(1, 10);
      store.apply([{ kind: "device", id: "a", bytes }]);
      bytes.fill(0);
      assert.deepEqual(store.load().devices, [["a", bytesFor(1, 10)]]);
    },
  },
  {
    name: "has receipts in order and knows the last one after a restart",
    async run({ open, reopened }) {
      let store = await open();
      store.apply([receiptWrite(1), receiptWrite(2)]);
      store.apply([receiptWrite(3)]);
      store = await reopened(store);
      assert.deepEqual(store.load().lastReceipt, { sequence: 3, hash: bytesFor(4, 32) });
      assert.deepEqual(store.receipt(2), {
        sequence: 2,
        hash: bytesFor(3, 32),
        bytes: bytesFor(4, 300),
        inputs: bytesFor(5, 40),
      });
      assert.equal(store.receipt(4), undefined);
      assert.deepEqual(
        store.receipts(2, 10).map(({ sequence }) => sequence),
        [2, 3],
      );
      assert.deepEqual(
        store.receipts(0, 1).map(({ sequence }) => sequence),
        [1],
      );
      store.apply([receiptWrite(4)]);
      assert.equal(store.load().lastReceipt?.sequence, 4);
    },
  },
  {
    name: "refuses a receipt that leaves a gap or comes twice, and everything that came with it",
    async run({ open }) {
      const store = await open();
      store.apply([receiptWrite(7)]);
      const beside: GatewayWrite = { kind: "device", id: "a", bytes: bytesFor(1, 5) };
      for (const wrong of [[receiptWrite(9)], [receiptWrite(7)], [receiptWrite(8), receiptWrite(10)]]) {
        const error = assertRefused(() => store.apply([beside, ...wrong]), "STORE_WRITE_INVALID");
        assert.equal(error.family, "bug");
      }
      assert.deepEqual(store.load().devices, []);
      assert.equal(store.load().lastReceipt?.sequence, 7);
      store.apply([receiptWrite(8)]);
      assert.equal(store.receipts(0, 10).length, 2);
    },
  },
  {
    name: "refuses what is no write at all and changes nothing",
    async run({ open }) {
      const store = await open();
      const good: GatewayWrite = { kind: "device", id: "a", bytes: bytesFor(1, 5) };
      const wrong: GatewayWrite[] = [
        { kind: "device", id: "", bytes: bytesFor(1, 5) },
        { kind: "device", id: "x".repeat(600), bytes: bytesFor(1, 5) },
        { kind: "shadow", id: "a", bytes: new Uint8Array(1_048_577) },
        { kind: "counter", name: "a", value: -1 },
        { kind: "counter", name: "a", value: 0.5 },
        { kind: "telemetry", from: 5, to: 4, readings: 1, bytes: bytesFor(1, 5) },
        { kind: "receipt", sequence: 1, hash: bytesFor(1, 31), bytes: bytesFor(1, 5), inputs: bytesFor(1, 5) },
      ];
      for (const write of wrong) assertRefused(() => store.apply([good, write]), "STORE_WRITE_INVALID");
      assert.deepEqual(store.load().devices, []);
      assert.equal(store.usage.commits, 0);
    },
  },
  {
    name: "forgets inputs after the time for disputes, never their receipts",
    async run({ open, reopened, clock }) {
      let store = await open();
      store.apply([receiptWrite(1)]);
      clock.at += 29 * DAY_MS;
      store.apply([receiptWrite(2)]);
      assert.ok(store.receipt(1)?.inputs !== undefined);
      clock.at += 2 * DAY_MS;
      store.apply([receiptWrite(3)]);
      store = await reopened(store);
      assert.equal(store.receipt(1)?.inputs, undefined);
      assert.deepEqual(store.receipt(1)?.bytes, bytesFor(3, 300));
      assert.ok(store.receipt(2)?.inputs !== undefined);
      assert.equal(store.usage.inputBytes, 80);
    },
  },
  {
    name: "does not take a clock that was not set for an old one",
    async run({ open, clock }) {
      const store = await open();
      clock.at = 5_000;
      store.apply([receiptWrite(1)]);
      clock.at = START_MS;
      store.apply([receiptWrite(2)]);
      clock.at += DAY_MS;
      store.apply([receiptWrite(3)]);
      assert.ok(store.receipt(1)?.inputs !== undefined);
      clock.at += 31 * DAY_MS;
      store.apply([receiptWrite(4)]);
      assert.equal(store.receipt(1)?.inputs, undefined);
      assert.equal(store.receipt(3)?.inputs, undefined);
      assert.ok(store.receipt(4)?.inputs !== undefined);
    },
  },
  {
    name: "keeps inputs and receipts within their bytes, the newest ones",
    async run({ open, reopened }) {
      const limits = { disputeInputBytes: 600, receiptBytes: 6_000 };
      let store = await open(limits);
      for (let sequence = 1; sequence <= 60; sequence++) store.apply([receiptWrite(sequence)]);
      store = await reopened(store, limits);
      const { inputBytes, receiptBytes } = store.usage;
      assert.ok(inputBytes <= 600 && inputBytes > 500, `${inputBytes}`);
      assert.ok(receiptBytes <= 6_000 && receiptBytes > 5_000, `${receiptBytes}`);
      const kept = store.receipts(0, 100);
      assert.equal(kept.length, receiptBytes / 300);
      assert.equal(kept.at(-1)?.sequence, 60);
      assert.equal(kept.at(0)?.sequence, 61 - kept.length);
      assert.equal(kept.filter(({ inputs }) => inputs !== undefined).length, inputBytes / 40);
      assert.ok(kept.at(-1)?.inputs !== undefined);
      store.apply([receiptWrite(61)]);
      assert.equal(store.receipt(61)?.sequence, 61);
    },
  },
  {
    name: "has telemetry of a time, in the order it was written",
    async run({ open, reopened }) {
      let store = await open();
      for (let i = 0; i < 5; i++) store.apply([telemetryWrite(START_MS + i * 60_000)]);
      store = await reopened(store);
      const times = (from: number, to: number) =>
        [...store.telemetry(START_MS + from, START_MS + to)].map((block) => (block.from - START_MS) / 60_000);
      assert.deepEqual(times(0, 300_000), [0, 1, 2, 3, 4]);
      assert.deepEqual(times(130_000, 180_000), [2, 3]);
      assert.deepEqual(times(120_000, 120_000), [1, 2]);
      assert.deepEqual(times(400_000, 500_000), []);
      assert.deepEqual([...store.telemetry(START_MS, START_MS)][0], {
        ...{ from: START_MS, to: START_MS + 60_000, readings: 7 },
        bytes: bytesFor(START_MS % 1_000, 100),
      });
    },
  },
  {
    name: "gives telemetry back as it was, however well it packs",
    async run({ open, reopened }) {
      let store = await open();
      const pieces = [new Uint8Array(0), new Uint8Array(100_000).fill(7), bytesFor(3, 100_000)];
      for (const [i, bytes] of pieces.entries())
        store.apply([{ kind: "telemetry", from: START_MS + i, to: START_MS + i, readings: i, bytes }]);
      store = await reopened(store);
      assert.deepEqual(
        [...store.telemetry(0, Number.MAX_SAFE_INTEGER)].map(({ bytes }) => bytes),
        pieces,
      );
    },
  },
  {
    name: "keeps telemetry within its bytes and days, the newest of it",
    async run({ open, reopened, clock }) {
      const limits = { telemetryBytes: 2_000, telemetryDays: 3 };
      let store = await open(limits);
      for (let i = 0; i < 50; i++) store.apply([telemetryWrite(clock.at + i, 90)]);
      assert.ok(store.usage.telemetryBytes <= 2_000 && store.usage.telemetryBytes > 1_800);
      assert.equal([...store.telemetry(0, Number.MAX_SAFE_INTEGER)].at(-1)?.from, START_MS + 49);
      store = await reopened(store, limits);
      clock.at += 4 * DAY_MS;
      store.apply([telemetryWrite(clock.at, 90)]);
      assert.deepEqual(
        [...store.telemetry(0, Number.MAX_SAFE_INTEGER)].map(({ from }) => from),
        [clock.at],
      );
      // Packed where the store packs; bytes without any order only grow by that.
      assert.ok(store.usage.telemetryBytes >= 90 && store.usage.telemetryBytes <= 100);
    },
  },
  {
    name: "sends the newest of a name only, and ordered entries each",
    async run({ open, reopened }) {
      let store = await open();
      store.outboxPut("summary", bytesFor(1, 10));
      store.outboxAdd("head", bytesFor(2, 10), "refuse");
      store.outboxAdd("head", bytesFor(3, 10), "refuse");
      const replaced = store.outboxNext();
      store.outboxPut("summary", bytesFor(4, 10));
      store = await reopened(store);
      store.outboxDone(replaced?.sequence ?? 0);
      const sent: Uint8Array[] = [];
      for (let entry = store.outboxNext(); entry !== undefined; entry = store.outboxNext()) {
        sent.push(entry.bytes);
        assert.deepEqual(store.outboxNext(), entry);
        store.outboxDone(entry.sequence);
      }
      assert.deepEqual(sent, [bytesFor(2, 10), bytesFor(3, 10), bytesFor(4, 10)]);
      assert.equal((await reopened(store)).outboxNext(), undefined);
    },
  },
  {
    name: "hands out what comes after an entry that is still under way",
    async run({ open }) {
      const store = await open();
      for (let i = 0; i < 3; i++) store.outboxAdd(`head/${i}`, bytesFor(i, 10), "refuse");
      const names: string[] = [];
      for (let entry = store.outboxNext(); entry !== undefined; entry = store.outboxNext(entry.sequence)) {
        names.push(entry.name);
      }
      assert.deepEqual(names, ["head/0", "head/1", "head/2"]);
    },
  },
  {
    name: "never uses a sequence of the outbox twice in one life",
    async run({ open }) {
      const store = await open();
      store.outboxPut("a", bytesFor(1, 10));
      const first = store.outboxNext()?.sequence ?? 0;
      store.outboxDone(first);
      store.outboxPut("a", bytesFor(2, 10));
      store.outboxDone(first);
      assert.deepEqual(store.outboxNext()?.bytes, bytesFor(2, 10));
    },
  },
  {
    name: "drops from a full outbox what may be dropped and counts it, and refuses the rest",
    async run({ open, reopened }) {
      const limits = { outboxEntries: 3, outboxBytes: 1_000 };
      let store = await open(limits);
      for (let i = 0; i < 3; i++) assert.equal(store.outboxAdd("head", bytesFor(i, 10), "refuse"), true);
      assert.equal(store.outboxAdd("head", bytesFor(9, 10), "refuse"), false);
      assert.equal(store.usage.outboxDropped, 0);
      assert.equal(store.outboxAdd("head", bytesFor(4, 10), "drop-oldest"), true);
      assert.equal(store.outboxAdd("head", bytesFor(5, 990), "drop-oldest"), true);
      for (let i = 0; i < 4; i++) store.outboxPut(`name/${i}`, bytesFor(20 + i, 10));
      store = await reopened(store, limits);
      assert.equal(store.usage.outboxDropped, 4);
      const names: [string, number][] = [];
      for (let entry = store.outboxNext(); entry !== undefined; entry = store.outboxNext(entry.sequence)) {
        names.push([entry.name, entry.bytes.length]);
      }
      const named: [string, number][] = ["name/1", "name/2", "name/3"].map((name) => [name, 10]);
      assert.deepEqual(names, [["head", 10], ["head", 990], ...named]);
    },
  },
  {
    name: "counts what it writes by the day and over restarts",
    async run({ open, reopened, clock }) {
      let store = await open();
      store.apply([{ kind: "device", id: "a", bytes: bytesFor(1, 2_000) }]);
      clock.at += DAY_MS;
      store.apply([{ kind: "device", id: "b", bytes: bytesFor(1, 4_000) }]);
      store = await reopened(store);
      const { days } = store.usage;
      assert.deepEqual(
        days.map(({ day }) => day),
        ["2026-11-22", "2026-11-23"],
      );
      assert.ok((days[0]?.bytes ?? 0) >= 2_000, JSON.stringify(days));
      assert.ok((days[1]?.bytes ?? 0) >= 4_000, JSON.stringify(days));
      store.apply([{ kind: "device", id: "b", bytes: bytesFor(1, 1_000) }]);
      assert.ok((store.usage.days[1]?.bytes ?? 0) >= (days[1]?.bytes ?? 0) + 1_000);
    },
  },
  {
    name: "refuses everything once closed, and closing twice is nothing",
    async run({ open }) {
      const store = await open();
      store.close();
      store.close();
      const uses = [
        () => store.load(),
        () => store.apply([receiptWrite(1)]),
        () => store.receipt(1),
        () => store.receipts(0, 1),
        () => [...store.telemetry(0, 1)],
        () => store.outboxPut("a", bytesFor(1, 1)),
        () => store.outboxAdd("a", bytesFor(1, 1), "refuse"),
        () => store.outboxNext(),
        () => store.outboxDone(1),
        () => store.check(),
      ];
      for (const use of uses) assert.equal(assertRefused(use, "STORE_CLOSED").family, "bug");
    },
  },
];
