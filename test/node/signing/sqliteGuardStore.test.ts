/** The guard's memory on a real disk: the same answers as the one without, durable, and sure of every row. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { exportHistory } from "../../../src/node/signing/history.js";
import { WINDOW_SLOTS } from "../../../src/node/signing/limits.js";
import { MemoryGuardStore } from "../../../src/node/signing/memoryGuardStore.js";
import { openSqliteGuardStore, SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";
import { loadEngine } from "../../../src/store/openStore.js";
import { codeOf, headerRequest, Token, vote } from "./guardWorld.js";

let folder: string;
let path: string;
let token: Token;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-guard-"));
  path = join(folder, SIGNING_FILE);
  token = await Token.make();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("keeps the same history as the store in memory", async () => {
  const texts: string[] = [];
  for (const store of [await openSqliteGuardStore(path), new MemoryGuardStore()]) {
    token = await Token.make();
    await token.begin(store);
    const guard = await token.guard(store);
    for (let height = 1; height <= WINDOW_SLOTS + 3; height++) await guard.sign(vote(height, "commit", height >> 9));
    await guard.sign(headerRequest(WINDOW_SLOTS + 1));
    await guard.sign({ purpose: "raftVote", term: 3, candidate: new Uint8Array(64) });
    await guard.close();
    texts.push(exportHistory(store));
    store.close();
  }
  const reopened = await openSqliteGuardStore(path);
  expect(exportHistory(reopened)).toBe(texts[0]);
  expect(texts[0]).toBe(texts[1]);
  reopened.close();
});

it("puts slots that are asked for together into one transaction", async () => {
  const store = await openSqliteGuardStore(path);
  await token.begin(store);
  const guard = await token.guard(store);
  await guard.sign(vote(1));
  let commits = 0;
  const commit = store.commit.bind(store);
  store.commit = (writes) => {
    commits += 1;
    commit(writes);
  };
  await Promise.all(Array.from({ length: 200 }, (_, i) => guard.sign(vote(2 + i))));
  expect(commits).toBe(1);
  await guard.close();
  store.close();
});

it("fills no slot twice, and signs nothing when a row was changed", async () => {
  const store = await openSqliteGuardStore(path);
  await token.begin(store);
  const guard = await token.guard(store);
  await guard.sign(vote(1));
  await guard.close();
  const filled = [...(store.load(token.id)?.slots.values() ?? [])][0]!;
  expect(() => store.commit([{ kind: "fill", id: token.id, filled }])).toThrow("SIGN_SLOT_REWRITTEN");
  store.close();
  const engine = await loadEngine();
  const database = engine.open(path);
  expect(() => database.exec("UPDATE guard_slot SET digest = zeroblob(32)")).toThrow("a slot is filled once");
  database.exec("UPDATE guard_key SET marks = replace(marks, '\"highestView\":0', '\"highestView\":1')");
  database.close();
  const changed = await openSqliteGuardStore(path);
  await expect(token.guard(changed)).rejects.toMatchObject({ problem: { reason: "CHECKSUM" } });
  expect(await codeOf(token.begin(changed))).toBe("SIGN_STORE_FAILED");
  changed.close();
});

it("counts a lost file with a log left behind as damage, not as a new one", async () => {
  const store = await openSqliteGuardStore(path);
  await token.begin(store);
  rmSync(path);
  await expect(openSqliteGuardStore(path)).rejects.toMatchObject({ problem: { reason: "STORE_LOST" } });
  store.close();
});
