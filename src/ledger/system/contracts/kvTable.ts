/**
 * The contract behind every KV table, at the table's own address. Source:
 * bcos-executor/src/precompiled/KVTablePrecompiled.cpp. FISCO's 0x1009 is where its code lives and takes no calls of
 * users; ours there takes none either.
 */
import { utf8Bytes } from "../../../base/bytes.js";
import { VALUE_BYTES_MAX } from "../../records.js";
import { KV_TABLE_ADDRESS } from "../addresses.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import { KV_KEY_BYTES_MAX, KV_TABLE_TABLE, kvRowTable, kvTableAt } from "../kvTables.js";
import { LayoutReader } from "../layout.js";
import { type MethodCall, method, precompiledError, returned, returnedCode, type SystemContract } from "../method.js";
import type { ContractFamily } from "../systemEngine.js";

const METHODS = [
  method({
    signature: "get(string)",
    returns: "(bool,string)",
    mutability: "view",
    gas: GAS_READ,
    run: (call, key) => {
      const table = rowsOf(call);
      if (table === undefined) return precompiledError("there is no such table");
      // A longer key cannot have been written.
      if (utf8Bytes(key).length > KV_KEY_BYTES_MAX) return returned([false, ""]);
      const value = call.state.get(table, key);
      return returned(value === undefined ? [false, ""] : [true, new LayoutReader(value, table, key).rest()]);
    },
  }),
  method({
    signature: "set(string,string)",
    // The number of rows written, not 0 for success.
    returns: "(int32)",
    mutability: "write",
    gas: GAS_WRITE,
    run: (call, key, value) => {
      const table = rowsOf(call);
      if (table === undefined) return precompiledError("there is no such table");
      if (utf8Bytes(key).length > KV_KEY_BYTES_MAX) return precompiledError("the key is too long");
      const bytes = utf8Bytes(value);
      if (bytes.length > VALUE_BYTES_MAX) return precompiledError("the value is too long");
      call.state.set(table, key, bytes);
      return returnedCode(1);
    },
  }),
];

function rowsOf({ state, address }: MethodCall): string | undefined {
  const path = kvTableAt(state, address);
  return path === undefined ? undefined : kvRowTable(path);
}

const NAME = "KV table";

export const kvTables: ContractFamily = {
  contract: { name: NAME, address: "", governance: false, methods: METHODS },
  has: (address, state) => state.get(KV_TABLE_TABLE, address) !== undefined,
};

export const kvTable: SystemContract = { name: NAME, address: KV_TABLE_ADDRESS, governance: false, methods: [] };
