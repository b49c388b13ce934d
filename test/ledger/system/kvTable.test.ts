/**
 * Expectations from bcos-executor/src/precompiled/TableManagerPrecompiled.cpp, KVTablePrecompiled.cpp, and
 * checkCreateTableParam and checkNameValidate in common/Utilities.cpp.
 */
import { describe, expect, it } from "vitest";
import { toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { STATUS } from "../../../src/ledger/engine.js";
import { VALUE_BYTES_MAX } from "../../../src/ledger/records.js";
import { KV_TABLE_ADDRESS, TABLE_MANAGER_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { contractRecord } from "../../../src/ledger/system/contractRecords.js";
import { kvRowTable, kvTableAddress } from "../../../src/ledger/system/kvTables.js";
import { account, genesis, World } from "./world.js";

const CREATE = "createKVTable(string,string,string)";

function create(world: World, name: string, key = "id", value = "value") {
  return world.call(TABLE_MANAGER_ADDRESS, CREATE, [name, key, value]);
}

function open(world: World, name: string): string {
  return toHex(world.ask(TABLE_MANAGER_ADDRESS, "openTable(string)", [name], "(address)")[0] as Uint8Array);
}

function set(world: World, table: string, key: string, value: string) {
  return world.call(table, "set(string,string)", [key, value]);
}

function get(world: World, table: string, key: string) {
  return world.ask(table, "get(string)", [key], "(bool,string)");
}

describe.each(["ecdsa", "sm"] as const)("KV tables on a chain of suite %s", (suite) => {
  it("are created, found, written and read", () => {
    const world = new World(genesis(), suite);
    const user = account(7);
    expect(world.code(TABLE_MANAGER_ADDRESS, CREATE, ["t_test", "id", "value"], { from: user })).toBe(CODE.success);
    const table = open(world, "t_test");
    // A device can find the address and the row without asking anybody.
    expect(table).toBe(toHex(kvTableAddress(world.suite.hash, "/tables/t_test")));
    expect(get(world, table, "a")).toEqual([false, ""]);
    // set returns the number of rows it wrote.
    expect(world.code(table, "set(string,string)", ["a", "eins"])).toBe(1);
    expect(get(world, table, "a")).toEqual([true, "eins"]);
    world.next();
    expect(world.get(kvRowTable("/tables/t_test"), "a")).toEqual(utf8Bytes("eins"));
    expect(world.code(table, "set(string,string)", ["a", "zwei \u{1F600}"])).toBe(1);
    expect(get(world, table, "a")).toEqual([true, "zwei \u{1F600}"]);
    expect(contractRecord(world, table)).toEqual({ status: 0, admin: user });
    expect(world.ask(TABLE_MANAGER_ADDRESS, "desc(string)", ["t_test"], "((string,string[]))")).toEqual([
      ["id", ["value"]],
    ]);
  });
});

describe("table manager", () => {
  it("takes a name with and without its directory", () => {
    const world = new World();
    expect(create(world, "/t1", " id ", "a, b").status).toBe(0);
    expect(create(world, "/tables/t2").status).toBe(0);
    expect(create(world, "a/b/c").status).toBe(0);
    for (const name of ["t1", "/t1", "/tables/t1", "t1/"]) expect(open(world, name)).toBe(open(world, "t1"));
    expect(open(world, "t1")).not.toBe(open(world, "t2"));
    expect(world.ask(TABLE_MANAGER_ADDRESS, "desc(string)", ["t1"], "((string,string[]))")).toEqual([
      ["id", ["a", "b"]],
    ]);
    for (const name of ["t1", "/tables/t2", "a/b/c", "a//b/c"]) {
      expect(world.code(TABLE_MANAGER_ADDRESS, CREATE, [name, "id", "value"])).toBe(CODE.tableNameAlreadyExist);
    }
    // A directory stands where the table would.
    expect(world.code(TABLE_MANAGER_ADDRESS, CREATE, ["a/b", "id", "value"])).toBe(CODE.tableNameAlreadyExist);
  });

  it("answers for tables that are not there", () => {
    const world = new World();
    expect(open(world, "t_none")).toBe("00".repeat(20));
    expect(open(world, "")).toBe("00".repeat(20));
    expect(world.ask(TABLE_MANAGER_ADDRESS, "desc(string)", ["t_none"], "((string,string[]))")).toEqual([["", []]]);
    const ghost = world.call(`${"00".repeat(18)}beef`, "get(string)", ["a"]);
    expect(ghost.status).toBe(STATUS.callAddressError);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ["", "id", "value"],
    ["t-1", "id", "value"],
    ["t 1", "id", "value"],
    ["t\u00e9", "id", "value"],
    ["/", "id", "value"],
    ["../t", "id", "value"],
    ["t".repeat(43), "id", "value"],
    ["a/b/c/d/e/f", "id", "value"],
    ["t1", "", "value"],
    ["t1", "_id", "value"],
    ["t1", "i-d", "value"],
    ["t1", "k".repeat(65), "value"],
    ["t1", "id", ""],
    ["t1", "id", "a,,b"],
    ["t1", "id", "a,a"],
    ["t1", "id", "v".repeat(65)],
    ["t1", "id", Array.from({ length: 40 }, (_, i) => `field_with_a_long_name_${i}`).join(",")],
  ];
  it.each(refused)("refuses %j (%j, %j) with a precompiled error", (name, key, value) => {
    const world = new World();
    expect(create(world, name, key, value).status).toBe(STATUS.precompiledError);
    expect(world.next()).toEqual([]);
  });

  it("takes the longest name and fields", () => {
    const world = new World();
    expect(create(world, "t".repeat(42), "k".repeat(64), "v".repeat(64)).status).toBe(0);
    const table = open(world, "t".repeat(42));
    expect(world.code(table, "set(string,string)", ["a", "b"])).toBe(1);
    expect(create(world, `${"t".repeat(42)}/below`).status).toBe(STATUS.precompiledError);
  });
});

describe("a KV table", () => {
  function world(): { world: World; table: string } {
    const made = new World();
    create(made, "t_test");
    return { world: made, table: open(made, "t_test") };
  }

  it("keeps to its limits", () => {
    const { world: chain, table } = world();
    chain.next();
    // checkLengthValidate throws; the length counts bytes.
    expect(set(chain, table, "k".repeat(256), "v").status).toBe(STATUS.precompiledError);
    expect(set(chain, table, "\u00e9".repeat(128), "v").status).toBe(STATUS.precompiledError);
    expect(set(chain, table, "k", "v".repeat(VALUE_BYTES_MAX + 1)).status).toBe(STATUS.precompiledError);
    expect(get(chain, table, "k".repeat(256))).toEqual([false, ""]);
    expect(chain.next()).toEqual([]);
    expect(set(chain, table, "k".repeat(255), "v").status).toBe(0);
    expect(set(chain, table, "", "empty key").status).toBe(0);
    expect(set(chain, table, "k", "").status).toBe(0);
    expect(set(chain, table, "large", "v".repeat(VALUE_BYTES_MAX)).status).toBe(0);
    expect(get(chain, table, "k")).toEqual([true, ""]);
    expect(get(chain, table, "")).toEqual([true, "empty key"]);
  });

  it("is one of its own kind: tables do not share rows, and contracts may call them", () => {
    const { world: chain, table } = world();
    create(chain, "t_other");
    const other = open(chain, "t_other");
    set(chain, table, "a", "1");
    expect(get(chain, other, "a")).toEqual([false, ""]);
    expect(chain.code(table, "set(string,string)", ["a", "2"], { depth: 3, origin: account(3) })).toBe(1);
  });

  it("has no other methods, and none at FISCO's common address", () => {
    const { world: chain, table } = world();
    expect(chain.call(table, "desc()", []).status).toBe(STATUS.precompiledError);
    expect(chain.call(KV_TABLE_ADDRESS, "get(string)", ["a"]).status).toBe(STATUS.precompiledError);
  });
});
