/** A medium that forgets or changes what the ledger has written: found, named, and nothing of it served. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { equalBytes, to0x, toHex } from "../../../src/base/bytes.js";
import { DomainError } from "../../../src/base/error.js";
import { type Logger, SILENT_LOGGER } from "../../../src/base/logger.js";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { StateTree } from "../../../src/ledger/state/stateTree.js";
import type { LedgerStore } from "../../../src/ledger/store.js";
import { LedgerView } from "../../../src/node/participant/ledgerView.js";
import { SnapshotKeeper } from "../../../src/node/participant/snapshotKeeper.js";
import { jsonRpc } from "../../../src/node/rpc/jsonRpc.js";
import type { SqlEngine, SqlValue } from "../../../src/store/driver.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { saveStateSnapshot } from "../../../src/store/stateSnapshotWriter.js";
import { seededRandom } from "../../support/powerLossDisk.js";
import { AMOUNTS_TABLE, NOTES_TABLE, TestLedger, thrownCode } from "../../support/testLedger.js";

const BLOCKS = 20;
const SNAPSHOT_AT = 15;
const SNAPSHOTS = "snapshots";
const KEYS = ["a", "b", "c", "gone", "never"];
/** What damage may be called. */
const NAMES = new Set([
  ...["LEDGER_RECORD_ALTERED", "LEDGER_STATE_DAMAGED", "LEDGER_BLOCK_DAMAGED", "LEDGER_OTHER_CHAIN"],
  ...["STORE_CORRUPT", "STORE_FOREIGN_FILE", "STORE_SCHEMA_NEWER", "STORE_LOST", "STORE_IO"],
]);

let engine: SqlEngine;
let base: string;
let sound: string;
let folder: string;
let path: string;
let world: TestLedger;
/** What is served where nothing is damaged. */
let expected: ReadonlyMap<string, string>;
let hashes: { readonly blocks: Uint8Array[]; readonly transactions: Uint8Array[] };

beforeAll(async () => {
  engine = await loadEngine();
  base = mkdtempSync(join(tmpdir(), "edgeseal-ledger-damage-"));
  sound = join(base, "sound");
  mkdirSync(join(sound, SNAPSHOTS), { recursive: true });
  const store = await openSqliteLedgerStore(join(sound, LEDGER_FILE), engine);
  world = await TestLedger.make({ store });
  const found = { blocks: [world.ledger.head.hash], transactions: [] as Uint8Array[] };
  for (let i = 1; i <= BLOCKS; i++) {
    const calls = [
      world.notes(["set", "a", `a${i}`], ["add", "sum", i]),
      world.notes(["set", i % 2 === 0 ? "b" : "c", `${"long".repeat(40)}${i}`], ["log", `${i}`]),
      world.notes(
        i % 3 === 0 ? ["delete", "gone"] : ["set", "gone", `${i}`],
        ...(i % 5 === 0 ? [["fail", 16] as const] : []),
      ),
    ];
    found.blocks.push(world.block(calls).hash);
    found.transactions.push(...calls.map(({ hash }) => hash));
    if (i === SNAPSHOT_AT) saveStateSnapshot(join(sound, SNAPSHOTS), world.ledger.snapshot(), "ecdsa");
  }
  store.keepProposal({ number: BLOCKS + 1, timestamp: 7, sealer: 0, transactions: [], senders: [] });
  hashes = found;
  expected = served(store, world.ledger);
  store.close();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(base, "case-"));
  path = join(folder, LEDGER_FILE);
  copyFileSync(join(sound, LEDGER_FILE), path);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ABSENT = "absent";

function viewOf(store: LedgerStore, ledger: Ledger): LedgerView {
  const { suite, profile, genesis } = world;
  const identity = { chainId: "chain0", groupId: "group0", profile, suite, genesis, nodeId: new Uint8Array(64) };
  return new LedgerView({
    ...{ identity, ledger, store, pending: () => 0 },
    submit: () => Promise.reject(new TypeError("nobody submits here")),
  });
}

/** Everything a participant can be asked for, by question: the answer, or the code of its refusal. */
function served(store: LedgerStore, ledger: Ledger): Map<string, string> {
  const view = viewOf(store, ledger);
  const answers = new Map<string, string>();
  const ask = (question: string, answer: () => unknown): void => {
    try {
      answers.set(question, shown(answer()));
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      answers.set(question, thrown.code);
    }
  };
  for (let number = 0; number <= BLOCKS; number++) {
    ask(`header ${number}`, () => view.header(number));
    ask(`transactions ${number}`, () => view.transactions(number));
    for (const below of [number + 1, BLOCKS])
      ask(`ancestor ${number} ${below}`, () => view.ancestorProof(number, below));
  }
  for (const [i, hash] of hashes.blocks.entries()) ask(`number of ${i}`, () => view.numberOf(hash));
  for (const [i, hash] of hashes.transactions.entries()) {
    ask(`place ${i}`, () => view.place(hash));
    ask(`proofs ${i}`, () => {
      const place = view.place(hash);
      return place === undefined ? undefined : view.proofs(place);
    });
  }
  for (const key of KEYS) {
    ask(`record ${key}`, () => ledger.state.get(NOTES_TABLE, key));
    for (let height = BLOCKS - 5; height <= BLOCKS; height++) {
      ask(`state proof ${key} ${height}`, () => view.stateProof(NOTES_TABLE, key, height));
    }
  }
  ask("amount", () => ledger.state.get(AMOUNTS_TABLE, "sum"));
  ask("sealers", () => view.sealers());
  ask("counts", () => view.counts());
  ask("proposal", () => store.proposal());
  return answers;
}

function shown(value: unknown): string {
  if (value === undefined) return ABSENT;
  return JSON.stringify(value, (_key, each) => {
    if (each instanceof Uint8Array) return toHex(each);
    return typeof each === "bigint" ? String(each) : each;
  });
}

/** Through a connection of its own, as nobody but a test does. */
function alter(sql: string, ...values: SqlValue[]): void {
  const database = engine.open(path);
  database.prepare(sql).run(...values);
  database.close();
}

function rowsOf(sql: string) {
  const database = engine.open(path);
  const rows = database.prepare(sql).all();
  database.close();
  return rows;
}

/**
 * Opens and asks for everything.
 * @returns codes that came up, none where the damage did not matter. What an index no longer finds is `ABSENT`.
 */
async function judge(): Promise<Set<string>> {
  const codes = new Set<string>();
  let store: LedgerStore | undefined;
  try {
    store = await openSqliteLedgerStore(path, engine);
    // As a restart does: block 0 where there is none.
    const tree = world.open(undefined, store);
    for (const [question, answer] of served(store, tree)) {
      const right = expected.get(question);
      // After a restart fewer heights can be proven.
      if (answer === right || (answer === ABSENT && /^(number|place|proofs|state proof)/.test(question))) continue;
      if (!NAMES.has(answer)) throw new TypeError(`${question}: served ${answer} in place of ${right}`);
      codes.add(answer);
    }
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    expect(NAMES).toContain(thrown.code);
    codes.add(thrown.code);
  } finally {
    store?.close();
  }
  return codes;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] as number) ^ 0x10;
  return changed;
}

it("a sound ledger serves after a restart what it served before", async () => {
  expect(await judge()).toEqual(new Set());
  expect([...expected.values()].filter((answer) => NAMES.has(answer))).toEqual([]);
});

describe("a changed row", () => {
  /** Any one of these at any place. */
  const COLUMNS: readonly (readonly [table: string, column: string, key: string, codes: readonly string[]])[] = [
    ["block", "header", "number", ["STORE_CORRUPT"]],
    ["block", "body", "number", ["STORE_CORRUPT"]],
    ["block", "hash", "number", ["STORE_CORRUPT"]],
    ["record", "value", "tab || key", ["LEDGER_STATE_DAMAGED"]],
    ["diff", "bytes", "number", ["STORE_CORRUPT"]],
    ["mountain", "node", "level * 100 + place", ["LEDGER_BLOCK_DAMAGED"]],
    ["proposal", "bytes", "id", ["STORE_CORRUPT"]],
  ];

  for (const [table, column, key, codes] of COLUMNS) {
    it(`is named wherever ${table}.${column} differs`, async () => {
      const rows = rowsOf(`SELECT ${key} AS name, ${column} AS bytes FROM ${table} ORDER BY 1`);
      expect(rows.length).toBeGreaterThan(0);
      // The first, the last and a few between; in each the first byte, the last, and one in the middle.
      for (const row of rows.filter((_, i) => i % 7 === 0 || i === rows.length - 1)) {
        const bytes = row.bytes as Uint8Array;
        for (const at of new Set([0, bytes.length >> 1, bytes.length - 1])) {
          if (bytes.length === 0) continue;
          copyFileSync(join(sound, LEDGER_FILE), path);
          alter(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`, flipped(bytes, at), row.name as string);
          const found = await judge();
          // Diffs of heights that are not asked for are not read.
          if (table === "diff") expect([...found].filter((code) => !codes.includes(code))).toEqual([]);
          else expect([...found], `${table} ${row.name} byte ${at}`).toEqual(codes);
        }
      }
    });
  }

  const BY_HAND: readonly (readonly [what: string, sql: string, codes: readonly string[]])[] = [
    [
      "a body with another's checksum",
      "UPDATE block SET body = (SELECT body FROM block WHERE number = 3) WHERE number = 4",
      ["STORE_CORRUPT"],
    ],
    [
      "the body and checksum of another block",
      "UPDATE block SET (body, body_sum) = (SELECT body, body_sum FROM block WHERE number = 3) WHERE number = 4",
      ["STORE_CORRUPT"],
    ],
    [
      "a whole block in another's place",
      "UPDATE block SET (header, body, transactions, failed, sum, body_sum) = (SELECT header, body, transactions, failed, sum, body_sum FROM block WHERE number = 3) WHERE number = 4",
      ["STORE_CORRUPT"],
    ],
    [
      "fewer transactions than there were",
      "UPDATE block SET transactions = transactions - 1 WHERE number = 20",
      ["STORE_CORRUPT"],
    ],
    ["fewer failures than there were", "UPDATE block SET failed = failed + 1 WHERE number = 20", ["STORE_CORRUPT"]],
    ["no newest block", "DELETE FROM block WHERE number = 20", ["LEDGER_STATE_DAMAGED"]],
    ["no block in the middle", "DELETE FROM block WHERE number = 9", ["LEDGER_BLOCK_DAMAGED"]],
    ["no block 0", "DELETE FROM block WHERE number = 0", ["LEDGER_BLOCK_DAMAGED"]],
    ["another number on the newest block", "UPDATE block SET number = 21 WHERE number = 20", ["STORE_CORRUPT"]],
    ["a number beyond all", "UPDATE block SET number = 9223372036854775807 WHERE number = 20", ["STORE_CORRUPT"]],
    ["a record too few", "DELETE FROM record WHERE tab = 't_notes' AND key = 'a'", ["LEDGER_STATE_DAMAGED"]],
    ["a record too many", "INSERT INTO record VALUES ('t_notes', 'never', x'00')", ["LEDGER_STATE_DAMAGED"]],
    ["a record under another key", "UPDATE record SET key = 'aa' WHERE key = 'a'", ["LEDGER_STATE_DAMAGED"]],
    ["a record in another table", "UPDATE record SET tab = 't_other' WHERE key = 'a'", ["LEDGER_STATE_DAMAGED"]],
    [
      "two records exchanged",
      "UPDATE record SET value = (SELECT value FROM record WHERE key = 'b') WHERE key = 'c'",
      ["LEDGER_STATE_DAMAGED"],
    ],
    ["places beyond all", "UPDATE place SET place = 9223372036854775807", ["STORE_CORRUPT"]],
    ["places exchanged", "UPDATE place SET place = place + 1", ["LEDGER_BLOCK_DAMAGED"]],
    ["places in other blocks", "UPDATE place SET place = place - 1048576", ["LEDGER_BLOCK_DAMAGED"]],
    [
      "a peak of the history changed",
      "UPDATE mountain SET node = zeroblob(32) WHERE level = 4 AND place = 0",
      ["LEDGER_BLOCK_DAMAGED"],
    ],
    ["a peak of the history gone", "DELETE FROM mountain WHERE level = 2 AND place = 4", ["LEDGER_BLOCK_DAMAGED"]],
    [
      "a peak of another length",
      "UPDATE mountain SET node = x'00' WHERE level = 2 AND place = 4",
      ["LEDGER_BLOCK_DAMAGED"],
    ],
    [
      "a node of the history gone, which is no peak",
      "DELETE FROM mountain WHERE level = 0 AND place = 6",
      ["LEDGER_BLOCK_DAMAGED"],
    ],
    ["a table gone", "DROP TABLE mountain", ["STORE_IO"]],
    ["another program's mark", "PRAGMA application_id = 1", ["STORE_FOREIGN_FILE"]],
    ["a later version", "PRAGMA user_version = 99", ["STORE_SCHEMA_NEWER"]],
  ];
  for (const [what, sql, codes] of BY_HAND) {
    it(`is named: ${what}`, async () => {
      const database = engine.open(path);
      database.exec(sql);
      database.close();
      expect([...(await judge())]).toEqual(codes);
    });
  }

  it("of a header is named when the header is read, of a body when the body is read", async () => {
    alter("UPDATE block SET body = zeroblob(50) WHERE number = 4");
    alter("UPDATE block SET header = zeroblob(50) WHERE number = 5");
    const store = await openSqliteLedgerStore(path, engine);
    const codes = [3, 4, 5].map((number) => [
      thrownCode(() => store.header(number)),
      thrownCode(() => store.body(number)),
    ]);
    expect(codes).toEqual([
      ["none", "none"],
      ["none", "STORE_CORRUPT"],
      ["STORE_CORRUPT", "none"],
    ]);
    store.close();
  });

  it("is named when its record is read, where the tree came from a snapshot", async () => {
    const keeper = new SnapshotKeeper(join(sound, SNAPSHOTS), "ecdsa", SILENT_LOGGER);
    alter("UPDATE record SET value = x'00' WHERE key = 'a'");
    alter("DELETE FROM record WHERE key = 'b'");
    const store = await openSqliteLedgerStore(path, engine);
    const ledger = world.open((restore) => keeper.load(restore), store);
    const read = (key: string) => thrownCode(() => ledger.state.get(NOTES_TABLE, key));
    expect(KEYS.map(read)).toEqual(["LEDGER_RECORD_ALTERED", "LEDGER_RECORD_ALTERED", "none", "none", "none"]);
    const refused = () =>
      ledger.execute({ number: BLOCKS + 1, timestamp: 0, sealer: 0, calls: [world.notes(["set", "a", "x"])] });
    expect(thrownCode(refused)).toBe("LEDGER_RECORD_ALTERED");
    store.close();
  });

  it("is named in the diffs that follow a snapshot, which then does not serve", async () => {
    cpSync(join(sound, SNAPSHOTS), join(folder, SNAPSHOTS), { recursive: true });
    const warned: unknown[] = [];
    const logger: Logger = { ...SILENT_LOGGER, warn: (fields) => void warned.push(fields.code) };
    const keeper = new SnapshotKeeper(join(folder, SNAPSHOTS), "ecdsa", logger);
    for (const [number, codes] of [
      [SNAPSHOT_AT, []],
      [SNAPSHOT_AT + 2, ["STORE_CORRUPT"]],
      [BLOCKS, ["STORE_CORRUPT"]],
    ] as const) {
      copyFileSync(join(sound, LEDGER_FILE), path);
      alter("UPDATE diff SET bytes = zeroblob(50) WHERE number = ?", number);
      const store = await openSqliteLedgerStore(path, engine);
      const ledger = world.open((restore) => keeper.load(restore), store);
      expect(equalBytes(ledger.snapshot().root, world.ledger.head.header.stateRoot)).toBe(true);
      expect(warned.splice(0)).toEqual(codes);
      expect(thrownCode(() => store.diffs(number))).toBe("STORE_CORRUPT");
      store.close();
    }
  });
});

describe("what an index leads to", () => {
  const GROUP = "group0";

  it("is never shown by JSON-RPC in place of what was asked for", async () => {
    alter("UPDATE place SET place = place + 1 WHERE place % 3 = 0");
    const store = await openSqliteLedgerStore(path, engine);
    const ledger = world.open(undefined, store);
    const rpc = jsonRpc({ view: viewOf(store, ledger), clock: { now: () => 0 }, random: new SeededRandom(1) });
    const codes = new Set<string>();
    for (const hash of hashes.transactions) {
      const asked = to0x(hash);
      for (const [method, field] of [
        ["getTransaction", "hash"],
        ["getTransactionReceipt", "transactionHash"],
      ] as const) {
        for (const withProof of [false, true]) {
          codes.add(
            thrownCode(() => {
              const shown = rpc(method, [GROUP, "", asked, withProof]) as Record<string, unknown>;
              expect(shown[field]).toBe(asked);
            }),
          );
        }
      }
    }
    expect(codes).toEqual(new Set(["none", "LEDGER_BLOCK_DAMAGED"]));
    store.close();
  });

  it("is compared with the block's hash, and proofs have to have a place", async () => {
    const store = await openSqliteLedgerStore(path, engine);
    const view = viewOf(store, world.open(undefined, store));
    const { numberOf } = store;
    const [asked] = hashes.blocks.slice(4) as [Uint8Array];
    store.numberOf = (hash) => (equalBytes(hash, asked) ? 5 : numberOf.call(store, hash));
    expect(thrownCode(() => view.numberOf(asked))).toBe("LEDGER_BLOCK_DAMAGED");
    expect(view.numberOf(hashes.blocks[6] as Uint8Array)).toBe(6);
    for (const place of [
      { number: BLOCKS + 1, index: 0 },
      { number: 1, index: 3 },
    ]) {
      expect(thrownCode(() => view.proofs(place))).toBe("LEDGER_BLOCK_DAMAGED");
    }
    store.close();
  });
});

describe("a changed file", () => {
  const FLIPS = 250;

  it(`never serves another value, over ${FLIPS} flipped bits`, async () => {
    const bytes = readFileSync(join(sound, LEDGER_FILE));
    const random = seededRandom(5);
    let named = 0;
    for (let flip = 0; flip < FLIPS; flip++) {
      const place = Math.floor(random() * bytes.length);
      const damaged = Uint8Array.from(bytes);
      damaged[place] = (damaged[place] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(path, damaged);
      rmSync(`${path}-wal`, { force: true });
      if ((await judge()).size > 0) named++;
    }
    expect(named).toBeGreaterThan(FLIPS / 3);
  });

  it("is named when it was cut short", async () => {
    const bytes = readFileSync(join(sound, LEDGER_FILE));
    for (const length of [1, 100, 4096, 3 * 4096, bytes.length >> 1, bytes.length - 4096]) {
      writeFileSync(path, bytes.subarray(0, length));
      rmSync(`${path}-wal`, { force: true });
      expect((await judge()).size, `${length} bytes`).toBeGreaterThan(0);
    }
  });

  it("of another chain is refused by name", async () => {
    const store = await openSqliteLedgerStore(path, engine);
    const other = await TestLedger.make({ genesis: { chainId: "chain1" } });
    expect(thrownCode(() => other.open(undefined, store))).toBe("LEDGER_OTHER_CHAIN");
    const sm = await TestLedger.make({ suite: "sm" });
    expect(thrownCode(() => sm.open(undefined, store))).toBe("LEDGER_OTHER_CHAIN");
    store.close();
  });
});

describe("snapshots", () => {
  const warned: unknown[] = [];
  const logger: Logger = { ...SILENT_LOGGER, warn: (fields) => void warned.push(fields.code) };
  const EVERY = 100;
  let lasting: TestLedger;
  let keeper: SnapshotKeeper;

  const turns = () => new Promise((resolve) => setTimeout(resolve, 5));
  const filesOf = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".snapshot"))
      .sort();

  /** A chain over several snapshots, longer than heights are kept. */
  beforeEach(async () => {
    warned.splice(0);
    rmSync(path);
    lasting = await TestLedger.make();
    keeper = new SnapshotKeeper(folder, "ecdsa", logger, EVERY);
    await blocks(3 * EVERY + 10);
    expect(filesOf()).toHaveLength(2);
  });

  async function blocks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { number } = lasting.block([
        lasting.notes(["set", `k${i % 40}`, `${i}`], ["delete", `k${(i * 7) % 40}`]),
      ]).header;
      keeper.onBlock(lasting.ledger);
      if (number % EVERY === 0) await turns();
    }
  }

  /** What a start makes of folder and store: the same root in any case. */
  function start(): readonly unknown[] {
    let rebuilt = true;
    lasting.reopen((restore) => {
      const tree = keeper.load(restore);
      rebuilt = tree === undefined;
      return tree;
    });
    const { root, height } = lasting.ledger.snapshot();
    expect(height).toBe(lasting.ledger.head.header.number);
    expect(equalBytes(root, lasting.ledger.head.header.stateRoot)).toBe(true);
    expect(StateTree.restore(lasting.suite.hash, lasting.ledger.snapshot()).verify()).toBe(true);
    lasting.block([]);
    return [rebuilt ? "rebuilt" : "restored", ...warned];
  }

  function damage(name: string, at = 500): void {
    const file = join(folder, name);
    writeFileSync(file, flipped(readFileSync(file), at));
  }

  it("begin the tree, and what came after them follows", () => {
    expect(start()).toEqual(["restored"]);
  });

  it("that are damaged are passed over: the older one serves, then the records", () => {
    const [older, newer] = filesOf() as [string, string];
    damage(newer);
    expect(start()).toEqual(["restored", "STORE_SNAPSHOT_DAMAGED"]);
    damage(older);
    warned.splice(0);
    expect(start()).toEqual(["rebuilt", "STORE_SNAPSHOT_DAMAGED", "STORE_SNAPSHOT_DAMAGED"]);
  });

  it("that are too old for the diffs are passed over", async () => {
    const [older] = filesOf() as [string, string];
    const kept = readFileSync(join(folder, older));
    await blocks(2 * EVERY);
    for (const name of filesOf()) rmSync(join(folder, name));
    writeFileSync(join(folder, older), kept);
    expect(start()).toEqual(["rebuilt", "LEDGER_STATE_DAMAGED"]);
  });

  it("of another chain, or of a block that was never committed, are passed over", async () => {
    for (const name of filesOf()) rmSync(join(folder, name));
    const other = await TestLedger.make({ genesis: { chainId: "chain1" } });
    for (let i = 0; i < 5; i++) other.block([other.notes(["set", "x", `${i}`])]);
    saveStateSnapshot(folder, other.ledger.snapshot(), "ecdsa");
    expect(start()).toEqual(["rebuilt", "LEDGER_STATE_DAMAGED"]);
    warned.splice(0);
    for (const name of filesOf()) rmSync(join(folder, name));
    lasting.execute([lasting.notes(["set", "k1", "never committed"])]);
    saveStateSnapshot(folder, lasting.ledger.snapshot(), "ecdsa");
    lasting.ledger.abandon();
    expect(start()).toEqual(["rebuilt", "LEDGER_STATE_DAMAGED"]);
    // Now there is a block of that height, another one.
    warned.splice(0);
    expect(start()).toEqual(["rebuilt", "LEDGER_STATE_DAMAGED"]);
  });

  it("go on from diffs that are whole, else from the records", () => {
    const { number } = lasting.ledger.head.header;
    const kept = lasting.store.diffs.bind(lasting.store);
    Object.assign(lasting.store, { diffs: (height: number) => (height === number - 3 ? [] : kept(height)) });
    expect(start()[0]).toBe("rebuilt");
    expect(new Set(warned)).toEqual(new Set(["LEDGER_STATE_DAMAGED"]));
  });

  it("are written at the end, once for a height, and an unfinished one is nothing", async () => {
    writeFileSync(join(folder, "state.unfinished"), "half");
    expect(start()).toEqual(["restored"]);
    keeper.stop(lasting.ledger);
    expect(filesOf().at(-1)).toContain(String(lasting.ledger.head.header.number));
    expect(readdirSync(folder)).not.toContain("state.unfinished");
  });
});
