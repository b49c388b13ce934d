import { describe, it } from "vitest";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { STORE_CONTRACT } from "../support/storeContract.js";

describe("memory store", () => {
  for (const { name, run } of STORE_CONTRACT) it(name, () => run(new MemoryStore()));
});
