import { expect, test, vi } from "vitest";
import { loadSuite } from "../../src/crypto/backend/select.js";

/** Modules of the pure library that were loaded. */
const loaded = vi.hoisted(() => new Set<string>());

vi.mock("@noble/curves/secp256k1.js", (original) => {
  loaded.add("secp256k1");
  return original();
});
vi.mock("@noble/curves/abstract/weierstrass.js", (original) => {
  loaded.add("weierstrass");
  return original();
});
vi.mock("@noble/hashes/sha3.js", (original) => {
  loaded.add("sha3");
  return original();
});

test("the pure library stays unloaded while faster back ends serve, and comes when it is wanted", async () => {
  expect((await loadSuite("ecdsa")).backend.signature).toBe("secp256k1");
  expect((await loadSuite("sm")).backend.signature).toBe("node");
  expect([...loaded]).toEqual([]);
  expect((await loadSuite("ecdsa", { only: ["noble"] })).backend).toEqual({ hash: "noble", signature: "noble" });
  expect([...loaded].sort()).toEqual(["secp256k1", "sha3", "weierstrass"]);
});
