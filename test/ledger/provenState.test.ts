/** What of a participant's records is remembered, so that it need not be read and compared again. */
import { describe, expect, it } from "vitest";
import { equalBytes, utf8Bytes } from "../../src/base/bytes.js";
import { codeOf } from "../../src/base/error.js";
import { loadSuite } from "../../src/crypto/backend/select.js";
import { ProvenState, RECORDS_REMEMBERED_MAX, REMEMBERED_VALUE_BYTES_MAX } from "../../src/ledger/provenState.js";
import { StateTree } from "../../src/ledger/state/stateTree.js";
import { MemoryLedgerStore } from "../../src/store/ledger/memoryLedgerStore.js";

const TABLE = "t";
const HALF = RECORDS_REMEMBERED_MAX / 2;

/** Counts how often each record is read from the store. */
class CountingStore extends MemoryLedgerStore {
  readonly reads = new Map<string, number>();

  override head(): number {
    return 0;
  }

  override record(table: string, key: string): Uint8Array | undefined {
    this.reads.set(key, (this.reads.get(key) ?? 0) + 1);
    return super.record(table, key);
  }
}

async function emptyState() {
  const { hash } = await loadSuite("ecdsa");
  const tree = StateTree.empty(hash);
  tree.apply(0, []);
  const store = new CountingStore();
  const state = new ProvenState(store, tree, hash);
  let others = 0;
  const readOthers = (count: number): void => {
    for (let i = 0; i < count; i++) state.get(TABLE, `other ${others++}`);
  };
  return { state, store, readOthers };
}

describe("a participant's records", () => {
  it("are read from the store once while they are asked for, however many others there are", async () => {
    const { state, store, readOthers } = await emptyState();
    for (let i = 0; i < 5; i++) {
      expect(state.get(TABLE, "busy")).toBeUndefined();
      readOthers(HALF - 1);
    }
    expect(store.reads.get("busy")).toBe(1);
    expect(store.reads.get("other 0")).toBe(1);
  });

  it("are read again when as many others as are remembered came in between", async () => {
    const { state, store, readOthers } = await emptyState();
    state.get(TABLE, "quiet");
    readOthers(RECORDS_REMEMBERED_MAX);
    state.get(TABLE, "quiet");
    expect(store.reads.get("quiet")).toBe(2);
  });

  it("change with a block wherever they are remembered", async () => {
    const { state, store, readOthers } = await emptyState();
    state.get(TABLE, "changed");
    readOthers(HALF);
    const after = utf8Bytes("value");
    state.committed([{ table: TABLE, key: "changed", before: undefined, after }]);
    expect(state.get(TABLE, "changed")).toEqual(after);
    readOthers(HALF);
    expect(equalBytes(state.get(TABLE, "changed") as Uint8Array, after)).toBe(true);
    expect(store.reads.get("changed")).toBe(1);
  });

  it("are compared anew when a block made them too large to be remembered", async () => {
    const { state, readOthers } = await emptyState();
    state.get(TABLE, "large");
    readOthers(HALF);
    const after = new Uint8Array(REMEMBERED_VALUE_BYTES_MAX + 1);
    state.committed([{ table: TABLE, key: "large", before: undefined, after }]);
    // Neither this store nor this tree was told of the block, so they agree that there is nothing.
    expect(state.get(TABLE, "large")).toBeUndefined();
  });

  it("are refused where the store has what the tree has not", async () => {
    const { state, store } = await emptyState();
    store.record = () => utf8Bytes("forged");
    try {
      state.get(TABLE, "k");
      expect.unreachable();
    } catch (thrown) {
      expect(codeOf(thrown)).toBe("LEDGER_RECORD_ALTERED");
    }
  });
});
