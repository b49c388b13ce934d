/** Carrying what a key has signed from one store to another. */
import { beforeEach, expect, it } from "vitest";
import { parseJson } from "../../../src/codec/json.js";
import type { GuardStore } from "../../../src/node/signing/guardStore.js";
import { advanceHistory, exportHistory, importHistory } from "../../../src/node/signing/history.js";
import { RESERVE_HEIGHTS } from "../../../src/node/signing/limits.js";
import { MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import { codeOf, headerRequest, Token, vote } from "./guardWorld.js";

let token: Token;
let store: GuardStore;
const anchorOf = () => token.anchor;

beforeEach(async () => {
  token = await Token.make();
  store = new MemoryGuardStore();
  await token.begin(store);
  const guard = await token.guard(store);
  for (const request of [vote(1), vote(2, "prepare", 3), headerRequest(2)]) await guard.sign(request);
  await guard.close();
});

it("is the same text when it comes back, however often", async () => {
  const text = exportHistory(store);
  expect(() => parseJson(text)).not.toThrow();
  await importHistory(store, text, anchorOf);
  expect(exportHistory(store)).toBe(text);
  const other = new MemoryGuardStore();
  await importHistory(other, text, anchorOf);
  const once = exportHistory(other);
  await importHistory(other, text, anchorOf);
  expect(exportHistory(other)).toBe(once);
  expect(other.load(token.id)?.slots).toEqual(store.load(token.id)?.slots);
});

it("makes a lost key sign again, above everything that was reserved", async () => {
  const text = exportHistory(store);
  const other = new MemoryGuardStore();
  await importHistory(other, text, anchorOf);
  const guard = await token.guard(other);
  expect(await codeOf(guard.sign(vote(2, "prepare", 3, "b")))).toBe("SIGN_BELOW_WATERMARK");
  expect(await codeOf(guard.sign(vote(2_000, "prepare", 2)))).toBe("SIGN_VIEW_LOWER");
  expect(await codeOf(guard.sign(vote(2_000, "prepare", 3)))).toBe("no error");
  expect(guard.state.watermarks).toEqual({ height: 1 + RESERVE_HEIGHTS, term: 0 });
});

it("lowers nothing", async () => {
  const early = exportHistory(store);
  const guard = await token.guard(store);
  for (const request of [vote(9, "prepare", 5)]) await guard.sign(request);
  await guard.close();
  await advanceHistory(store, token.id, { suite: "ecdsa", family: "sealer", to: { height: 7 }, anchor: token.anchor });
  const before = exportHistory(store);
  await importHistory(store, early, anchorOf);
  expect(exportHistory(store)).toBe(before);
  const lower = { suite: "ecdsa", family: "sealer", to: { height: 6 }, anchor: token.anchor } as const;
  expect(await codeOf(advanceHistory(store, token.id, lower))).toBe("SIGN_ADVANCE_LOWER");
  expect(await codeOf(advanceHistory(store, token.id, { ...lower, to: {}, view: 4 }))).toBe("SIGN_ADVANCE_LOWER");
  expect(await codeOf(advanceHistory(store, token.id, { ...lower, to: {}, view: 0 }))).toBe("SIGN_ADVANCE_LOWER");
  expect(await codeOf(advanceHistory(store, token.id, { ...lower, to: { receipt: 1 } }))).toBe("SIGN_FIELD_INVALID");
});

it("keeps a key to its family on every chain", async () => {
  const elsewhere = { ...token.id, chain: new Uint8Array(32).fill(0xc2) };
  const device = { suite: "ecdsa", family: "device", to: { receipt: 0 }, anchor: undefined } as const;
  expect(await codeOf(advanceHistory(store, elsewhere, device))).toBe("SIGN_FAMILY_OTHER");
  const other = new MemoryGuardStore();
  await advanceHistory(other, elsewhere, device);
  expect(await codeOf(importHistory(store, exportHistory(other), anchorOf))).toBe("SIGN_FAMILY_OTHER");
  expect(store.keys()).toHaveLength(1);
});

it("finds changed files and histories that disagree, and takes nothing over from them", async () => {
  const text = exportHistory(store);
  expect(await codeOf(importHistory(store, text.replace("header/2", "header/3"), anchorOf))).toBe(
    "SIGN_HISTORY_CHECKSUM",
  );
  expect(await codeOf(importHistory(store, text.slice(1), anchorOf))).toBe("SIGN_HISTORY_FILE");
  expect(await codeOf(importHistory(store, text.replace('"sealer"', '"account"'), anchorOf))).toBe("SIGN_HISTORY_FILE");
  const disk = memoryGuardDisk();
  const rogueToken = await Token.make();
  await rogueToken.begin(new MemoryGuardStore(disk));
  const rogue = await rogueToken.guard(new MemoryGuardStore(disk));
  await rogue.sign(headerRequest(2, "other"));
  await rogue.close();
  const before = exportHistory(store);
  await expect(importHistory(store, exportHistory(new MemoryGuardStore(disk)), anchorOf)).rejects.toMatchObject({
    problem: { code: "SIGN_HISTORY_CONFLICT", slot: "header/2" },
  });
  expect(exportHistory(store)).toBe(before);
});

it("does not believe the terms of a history of another session", async () => {
  const text = exportHistory(store);
  const guard = await token.guard(store);
  await guard.sign({ purpose: "raftVote", term: 1, candidate: new Uint8Array(64) });
  await guard.close();
  const other = new MemoryGuardStore();
  await importHistory(other, text, anchorOf);
  const restored = await token.guard(other);
  const vote1 = { purpose: "raftVote", term: 1, candidate: new Uint8Array(64).fill(1) } as const;
  expect(await codeOf(restored.sign(vote1))).toBe("SIGN_HISTORY_UNKNOWN");
});
