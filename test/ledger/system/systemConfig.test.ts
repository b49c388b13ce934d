/** Expectations from bcos-executor/src/precompiled/SystemConfigPrecompiled.cpp and its test ConfigPrecompiledTest.cpp. */
import { describe, expect, it } from "vitest";
import { STATUS } from "../../../src/ledger/engine.js";
import { SYSTEM_CONFIG_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { authCheckAt, settingAt, txCountLimitAt, txGasLimitAt } from "../../../src/ledger/system/settings.js";
import { account, genesis, World } from "./world.js";

const SET = "setValueByKey(string,string)";
const GET = "getValueByKey(string)";

function set(world: World, key: string, value: string, from?: Uint8Array) {
  return world.call(SYSTEM_CONFIG_ADDRESS, SET, [key, value], from === undefined ? {} : { from });
}

function get(world: World, key: string) {
  return world.ask(SYSTEM_CONFIG_ADDRESS, GET, [key], "(string,int256)");
}

describe("system config", () => {
  it("begins with what block 0 says", () => {
    const world = new World(genesis({ features: [{ flag: "bugfix_revert", value: 1n }] }));
    expect(get(world, "tx_count_limit")).toEqual(["1000", 0n]);
    expect(get(world, "consensus_leader_period")).toEqual(["1", 0n]);
    expect(get(world, "tx_gas_limit")).toEqual(["3000000000", 0n]);
    expect(get(world, "compatibility_version")).toEqual(["3.6.0", 0n]);
    expect(get(world, "auth_check_status")).toEqual(["1", 0n]);
    expect(get(world, "tx_gas_price")).toEqual(["0x0", 0n]);
    expect(get(world, "feature_rpbft_epoch_sealer_num")).toEqual(["4", 0n]);
    expect(get(world, "bugfix_revert")).toEqual(["1", 0n]);
    expect(get(new World(genesis({ compatibilityVersion: "3.5.0" })), "tx_gas_price")).toEqual(["", -1n]);
  });

  // getSysConfigByKey: ("", -1) for a key that is not there; to_lower on both ways.
  it("answers for unknown keys and any case", () => {
    const world = new World();
    expect(get(world, "error")).toEqual(["", -1n]);
    expect(get(world, "no\u212Aey")).toEqual(["", -1n]);
    expect(get(world, "TX_Count_Limit")).toEqual(["1000", 0n]);
    expect(set(world, "TX_COUNT_LIMIT", "7").status).toBe(0);
    expect(get(world, "tx_count_limit")).toEqual(["7", 2n]);
  });

  it("lets a change of block N hold from N+1 on", () => {
    const world = new World();
    world.number = 5;
    expect(world.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_count_limit", "20"])).toBe(CODE.success);
    expect(world.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_gas_limit", "100000"])).toBe(CODE.success);
    expect(txCountLimitAt(world.overlay, 5)).toBe(1000);
    expect(txCountLimitAt(world.overlay, 6)).toBe(20);
    // A second change in the same block: the block itself still has the old value.
    expect(set(world, "tx_count_limit", "30").status).toBe(0);
    expect(settingAt(world.overlay, "tx_count_limit", 5)).toEqual({ value: "1000", from: 0 });
    expect(settingAt(world.overlay, "tx_count_limit", 6)).toEqual({ value: "30", from: 6 });
    world.next();
    expect(settingAt(world, "tx_count_limit", 5)).toEqual({ value: "1000", from: 0 });
    expect(set(world, "tx_count_limit", "40").status).toBe(0);
    expect(settingAt(world.overlay, "tx_count_limit", 6)).toEqual({ value: "30", from: 6 });
    expect(settingAt(world.overlay, "tx_count_limit", 7)).toEqual({ value: "40", from: 7 });
    expect(txGasLimitAt(world.overlay, 7)).toBe(100_000);
    expect(settingAt(world.overlay, "web3_chain_id", 7)).toBeUndefined();
  });

  const refused: readonly (readonly [string, string])[] = [
    ["errorKey", "1000"],
    ["tx_count_limit", ""],
    ["tx_count_limit", "error"],
    ["tx_count_limit", "0"],
    ["tx_count_limit", "-1"],
    ["tx_count_limit", " 5"],
    ["tx_count_limit", "9223372036854775808"],
    ["tx_gas_limit", "99999"],
    ["consensus_leader_period", "0"],
    ["auth_check_status", "-1"],
    ["auth_check_status", "256"],
    ["tx_gas_price", "error"],
    ["tx_gas_price", "10"],
    ["compatibility_version", "3.5.0"],
    ["compatibility_version", "4.0.0"],
    ["compatibility_version", "3.6.0.1"],
    ["compatibility_version", "3.256.0"],
    ["web3_chain_id", "1"],
    ["feature_rpbft", "1"],
    ["constructor", "1"],
    ["__proto__", "1"],
    ["tx_count_limit\u0000", "1"],
  ];
  it.each(refused)("refuses %s = %j with a precompiled error", (key, value) => {
    const world = new World();
    const outcome = set(world, key, value);
    expect(outcome.status).toBe(STATUS.precompiledError);
    expect(outcome.output.length).toBe(0);
    expect(world.next()).toEqual([]);
  });

  const taken: readonly (readonly [string, string])[] = [
    ["tx_count_limit", "1"],
    ["tx_count_limit", "+0012"],
    ["tx_count_limit", "9223372036854775807"],
    ["tx_gas_limit", "100000"],
    ["consensus_leader_period", "1"],
    ["auth_check_status", "0"],
    ["auth_check_status", "255"],
    ["tx_gas_price", "0xa"],
    ["compatibility_version", "3.6"],
    ["compatibility_version", "3.9.1"],
  ];
  it.each(taken)("takes %s = %j", (key, value) => {
    const world = new World();
    expect(set(world, key, value).status).toBe(0);
    expect(get(world, key)).toEqual([value, 2n]);
  });

  it("reads numbers as FISCO does", () => {
    const world = new World();
    set(world, "tx_count_limit", "+0012");
    set(world, "tx_gas_limit", "9223372036854775807");
    expect(txCountLimitAt(world.overlay, 2)).toBe(12);
    expect(txGasLimitAt(world.overlay, 2)).toBe(Number.MAX_SAFE_INTEGER);
  });

  // defaultCmp's minVersion: 3.3 for auth_check_status, 3.6 for tx_gas_price, 3.9 for web3_chain_id.
  it("knows keys from their version on, counted by the version that holds in the block", () => {
    const old = new World(genesis({ compatibilityVersion: "3.2.0" }));
    expect(set(old, "auth_check_status", "1").status).toBe(STATUS.precompiledError);
    expect(set(old, "compatibility_version", "3.9.0").status).toBe(0);
    expect(set(old, "web3_chain_id", "20200").status).toBe(STATUS.precompiledError);
    old.next();
    for (const [key, value] of [
      ["auth_check_status", "1"],
      ["tx_gas_price", "0x1"],
      ["web3_chain_id", "4294967295"],
    ]) {
      expect(set(old, key!, value!).status).toBe(0);
    }
    expect(set(old, "web3_chain_id", "4294967296").status).toBe(STATUS.precompiledError);
  });

  it("is for governors where authority is checked, for everybody where not", () => {
    const world = new World();
    const stranger = account(9);
    expect(world.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_count_limit", "5"], { from: stranger })).toBe(CODE.noAuthorized);
    expect(world.next()).toEqual([]);
    expect(set(world, "auth_check_status", "0").status).toBe(0);
    expect(world.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_count_limit", "5"], { from: stranger })).toBe(CODE.noAuthorized);
    world.next();
    expect(authCheckAt(world, world.number)).toBe(false);
    expect(world.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_count_limit", "5"], { from: stranger })).toBe(CODE.success);
    const open = new World(genesis({ isAuthCheck: false, authAdminAccount: "" }));
    expect(open.code(SYSTEM_CONFIG_ADDRESS, SET, ["tx_count_limit", "5"], { from: stranger })).toBe(CODE.success);
  });
});
