/**
 * What every implementation of the store port must do, as plain cases without a test runner: the same cases run under vitest
 * and inside a child process on another Node.
 */
import assert from "node:assert/strict";
import type { ChainStore, ChainWrite, HeaderStatus } from "../../src/chain/store.js";
import { APPLY_BYTES_MAX, RECORD_BYTES_MAX, RUN_BYTES_MAX, RUN_HEADERS_MAX } from "../../src/store/limits.js";
import { StoreError } from "../../src/store/problems.js";

export interface StoreContractCase {
  readonly name: string;
  readonly run: (store: ChainStore) => void;
}

export function bytesFor(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + (i >> 8)) & 0xff);
}

export function runWrite(start: number, count: number, status: HeaderStatus = "certified", length = 100): ChainWrite {
  return { kind: "run", run: { start, count, status, bytes: bytesFor(start + count, length) } };
}

export function recordWrite(name: string, bytes: Uint8Array): ChainWrite {
  return { kind: "record", name, bytes };
}

/** Asserts that `action` throws a StoreError with this code. */
export function assertRefused(action: () => unknown, code: string): StoreError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof StoreError, `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code);
    return error;
  }
  assert.fail(`expected ${code}, got no error`);
}

function spansOf(store: ChainStore): string {
  return store
    .spans()
    .map(({ start, count, status }) => `${start}+${count}${status === "linked" ? "l" : ""}`)
    .join(" ");
}

const recordCases: readonly StoreContractCase[] = [
  {
    name: "keeps a record and gives the same bytes back as a plain Uint8Array",
    run(store) {
      store.apply([recordWrite("head", bytesFor(1, 300))]);
      const bytes = store.record("head");
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
      assert.deepEqual(bytes, bytesFor(1, 300));
    },
  },
  {
    name: "keeps an empty record apart from none",
    run(store) {
      store.apply([recordWrite("empty", new Uint8Array(0))]);
      assert.deepEqual(store.record("empty"), new Uint8Array(0));
      assert.equal(store.record("none"), undefined);
    },
  },
  {
    name: "overwrites and forgets records",
    run(store) {
      store.apply([recordWrite("a", bytesFor(1, 10)), recordWrite("a", bytesFor(2, 20))]);
      assert.deepEqual(store.record("a"), bytesFor(2, 20));
      store.apply([
        { kind: "forget", name: "a" },
        { kind: "forget", name: "never-there" },
      ]);
      assert.equal(store.record("a"), undefined);
    },
  },
  {
    name: "lists names by prefix, ascending, taking no character of the prefix for a pattern",
    run(store) {
      const names = ["set/2", "set/10", "set", "sez", "s%t", "s_t/1", "Set/1", "set~", "head"];
      store.apply(names.map((name) => recordWrite(name, bytesFor(1, 1))));
      assert.deepEqual(store.recordNames("set"), ["set", "set/10", "set/2", "set~"]);
      assert.deepEqual(store.recordNames("set/"), ["set/10", "set/2"]);
      assert.deepEqual(store.recordNames("s_t"), ["s_t/1"]);
      assert.deepEqual(store.recordNames("s%"), ["s%t"]);
      assert.deepEqual(store.recordNames(""), [...names].sort());
      assert.deepEqual(store.recordNames("x"), []);
    },
  },
  {
    name: "keeps its own copy of what it was given and of what it hands out",
    run(store) {
      const given = bytesFor(1, 50);
      const view = new Uint8Array(bytesFor(9, 70).buffer, 10, 30);
      store.apply([
        recordWrite("copy", given),
        recordWrite("view", view),
        { kind: "run", run: { start: 0, count: 1, status: "certified", bytes: given } },
      ]);
      given.fill(0);
      store.record("copy")?.fill(0);
      store.run(0)?.bytes.fill(0);
      assert.deepEqual(store.record("copy"), bytesFor(1, 50));
      assert.deepEqual(store.run(0)?.bytes, bytesFor(1, 50));
      assert.deepEqual(store.record("view"), bytesFor(9, 70).slice(10, 40));
    },
  },
];

const runCases: readonly StoreContractCase[] = [
  {
    name: "finds the run that contains a height, and none in gaps",
    run(store) {
      store.apply([runWrite(128, 128, "linked", 48 * 1024), runWrite(0, 1), runWrite(300, 2)]);
      assert.deepEqual(store.run(0), { start: 0, count: 1, status: "certified", bytes: bytesFor(1, 100) });
      const segment = store.run(200);
      assert.deepEqual([segment?.start, segment?.count, segment?.status], [128, 128, "linked"]);
      assert.deepEqual(segment?.bytes, bytesFor(256, 48 * 1024));
      for (const inside of [128, 255]) assert.equal(store.run(inside)?.start, 128);
      for (const gap of [1, 127, 256, 299, 302, Number.MAX_SAFE_INTEGER]) assert.equal(store.run(gap), undefined);
      assert.equal(spansOf(store), "0+1 128+128l 300+2");
    },
  },
  {
    name: "keeps heights up to the largest safe integer",
    run(store) {
      const top = Number.MAX_SAFE_INTEGER - 1;
      store.apply([runWrite(top, 1), runWrite(2 ** 32, 3)]);
      assert.equal(store.run(top)?.start, top);
      assert.equal(store.run(2 ** 32 + 2)?.count, 3);
      assert.equal(spansOf(store), `${2 ** 32}+3 ${top}+1`);
    },
  },
  {
    name: "replaces runs that lie wholly inside, and nothing beside",
    run(store) {
      store.apply([runWrite(7, 1), runWrite(16, 1)]);
      for (let height = 8; height < 16; height++) store.apply([runWrite(height, 1)]);
      store.apply([runWrite(8, 8, "certified", 800)]);
      assert.equal(spansOf(store), "7+1 8+8 16+1");
      assert.deepEqual(store.run(15)?.bytes, bytesFor(16, 800));
      store.apply([runWrite(8, 8, "linked", 700)]);
      assert.equal(store.run(8)?.status, "linked");
      assert.equal(store.run(8)?.bytes.length, 700);
    },
  },
  {
    name: "refuses every partial overlap as a bug and takes the whole batch back",
    run(store) {
      store.apply([runWrite(100, 10), recordWrite("kept", bytesFor(5, 5))]);
      const bad: readonly (readonly [start: number, count: number])[] = [
        [95, 6],
        [95, 14],
        [109, 2],
        [100, 5],
        [105, 5],
        [103, 2],
        [109, 1],
        [100, 1],
      ];
      for (const [start, count] of bad) {
        const refused = assertRefused(
          () =>
            store.apply([
              recordWrite("kept", bytesFor(6, 6)),
              recordWrite("kept", bytesFor(7, 7)),
              { kind: "prune", below: 1000 },
              runWrite(100, 10),
              recordWrite("new", bytesFor(1, 1)),
              runWrite(start, count),
            ]),
          "STORE_RUN_OVERLAP",
        );
        assert.equal(refused.family, "bug");
        assert.equal(spansOf(store), "100+10");
        assert.deepEqual(store.record("kept"), bytesFor(5, 5));
        assert.equal(store.record("new"), undefined);
      }
      assert.equal(store.usage.commits, 1);
      store.apply([runWrite(90, 30)]);
      assert.equal(spansOf(store), "90+30");
    },
  },
  {
    name: "sees a run that reaches in from below, beside others that lie inside",
    run(store) {
      store.apply([runWrite(100, 10), runWrite(110, 1), runWrite(112, 1)]);
      assertRefused(() => store.apply([runWrite(105, 10)]), "STORE_RUN_OVERLAP");
      assert.equal(spansOf(store), "100+10 110+1 112+1");
    },
  },
  {
    name: "sees an overlap with a run of the same batch",
    run(store) {
      assertRefused(() => store.apply([runWrite(0, 4), runWrite(2, 4)]), "STORE_RUN_OVERLAP");
      assert.equal(spansOf(store), "");
    },
  },
  {
    name: "prunes exactly the runs that end below a height",
    run(store) {
      store.apply([runWrite(0, 8), runWrite(8, 8), runWrite(20, 1), runWrite(24, 8)]);
      store.apply([{ kind: "prune", below: 15 }]);
      assert.equal(spansOf(store), "8+8 20+1 24+8");
      store.apply([{ kind: "prune", below: 16 }]);
      assert.equal(spansOf(store), "20+1 24+8");
      store.apply([{ kind: "prune", below: 0 }]);
      store.apply([{ kind: "prune", below: 31 }]);
      assert.equal(spansOf(store), "24+8");
      store.apply([{ kind: "prune", below: 32 }]);
      assert.equal(spansOf(store), "");
    },
  },
  {
    name: "applies writes in their order",
    run(store) {
      store.apply([
        runWrite(0, 1),
        { kind: "prune", below: 10 },
        runWrite(1, 1),
        recordWrite("a", bytesFor(1, 1)),
        { kind: "forget", name: "a" },
        recordWrite("b", bytesFor(1, 1)),
      ]);
      assert.equal(spansOf(store), "1+1");
      assert.deepEqual(store.recordNames(""), ["b"]);
    },
  },
];

function invalidWrites(): (readonly [what: string, writes: ChainWrite[]])[] {
  const long = new Uint8Array(RUN_BYTES_MAX + 1);
  const big = new Uint8Array(RECORD_BYTES_MAX);
  const many = Math.floor(APPLY_BYTES_MAX / RECORD_BYTES_MAX) + 1;
  return [
    ["empty name", [recordWrite("", big)]],
    ["name with a space", [recordWrite("a b", new Uint8Array(1))]],
    ["name with NUL", [recordWrite("a\0b", new Uint8Array(1))]],
    ["name outside ASCII", [{ kind: "forget", name: "é" }]],
    ["long name", [recordWrite("n".repeat(201), new Uint8Array(1))]],
    ["large record", [recordWrite("a", new Uint8Array(RECORD_BYTES_MAX + 1))]],
    ["large run", [{ kind: "run", run: { start: 0, count: 1, status: "certified", bytes: long } }]],
    ["empty run", [runWrite(0, 0)]],
    ["run of part of a header", [runWrite(0, 1.5)]],
    ["run of too many headers", [runWrite(0, RUN_HEADERS_MAX + 1)]],
    ["negative start", [runWrite(-1, 1)]],
    ["start that is no number", [runWrite(Number.NaN, 1)]],
    ["start beyond safe integers", [runWrite(2 ** 53, 1)]],
    ["end beyond safe integers", [runWrite(Number.MAX_SAFE_INTEGER, 1)]],
    ["negative prune height", [{ kind: "prune", below: -1 }]],
    ["batch too large", Array.from({ length: many }, (_, i) => recordWrite(`big${i}`, big))],
  ];
}

const lifeCases: readonly StoreContractCase[] = [
  {
    name: "refuses writes beyond every limit before it changes anything",
    run(store) {
      for (const [what, writes] of invalidWrites()) {
        const refused = assertRefused(
          () => store.apply([recordWrite("first", bytesFor(1, 1)), ...writes]),
          "STORE_WRITE_INVALID",
        );
        assert.equal(refused.family, "bug", what);
        assert.deepEqual(store.recordNames(""), [], what);
      }
      store.apply([recordWrite("still-works", bytesFor(1, 1))]);
    },
  },
  {
    name: "takes the largest record and run there may be",
    run(store) {
      store.apply([recordWrite("big", bytesFor(3, RECORD_BYTES_MAX)), runWrite(0, 1, "certified", RUN_BYTES_MAX)]);
      assert.deepEqual(store.record("big"), bytesFor(3, RECORD_BYTES_MAX));
      assert.deepEqual(store.run(0)?.bytes, bytesFor(1, RUN_BYTES_MAX));
    },
  },
  {
    name: "counts commits and bytes, and an empty batch as nothing",
    run(store) {
      const before = store.usage;
      store.apply([]);
      assert.deepEqual(store.usage, before);
      store.apply([recordWrite("a", bytesFor(1, 5000)), runWrite(0, 1, "certified", 5000)]);
      assert.equal(store.usage.commits, before.commits + 1);
      assert.ok(store.usage.bytesWritten >= before.bytesWritten + 10_000);
    },
  },
  {
    name: "reports nothing wrong in a sound store",
    run(store) {
      assert.deepEqual(store.check(), []);
      store.apply([recordWrite("a", bytesFor(1, 5000)), runWrite(0, 4), runWrite(4, 4)]);
      assert.deepEqual(store.check(), []);
    },
  },
  {
    name: "refuses everything once closed, and closing twice is nothing",
    run(store) {
      store.apply([recordWrite("a", bytesFor(1, 1))]);
      store.close();
      store.close();
      for (const use of [
        () => store.apply([]),
        () => store.record("a"),
        () => store.recordNames(""),
        () => store.run(0),
        () => store.spans(),
        () => store.check(),
      ]) {
        assert.equal(assertRefused(use, "STORE_CLOSED").family, "bug");
      }
      assert.equal(store.usage.commits, 1);
    },
  },
];

export const STORE_CONTRACT: readonly StoreContractCase[] = [...recordCases, ...runCases, ...lifeCases];
