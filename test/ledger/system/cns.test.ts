/** Expectations from bcos-executor/src/precompiled/CNSPrecompiled.cpp of 3.0.0-rc: checkCNSParam, insert, select*. */
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { STATUS } from "../../../src/ledger/engine.js";
import { CNS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { CNS_ABI_BYTES_MAX, CNS_TABLE, cnsKey, readCnsEntry } from "../../../src/ledger/system/cnsNames.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { account, World } from "./world.js";

const INSERT = "insert(string,string,address,string)";
const ZERO = new Uint8Array(20);

function insert(world: World, name: string, version: string, address = account(5), abi = "[]"): number {
  return world.code(CNS_ADDRESS, INSERT, [name, version, address, abi], { from: account(8) });
}

const byVersion = (world: World, name: string, version: string) =>
  world.ask(CNS_ADDRESS, "selectByNameAndVersion(string,string)", [name, version], "(address,string)");
const addressOf = (world: World, name: string, version: string) =>
  world.ask(CNS_ADDRESS, "getContractAddress(string,string)", [name, version], "(address)")[0];
const byName = (world: World, name: string) =>
  world.ask(CNS_ADDRESS, "selectByName(string)", [name], "(string)")[0] as string;

describe("CNS", () => {
  it("keeps one record per name and version, which a device can read", () => {
    const world = new World();
    expect(insert(world, "Meter", "1.0", account(5), '[{"a":1}]')).toBe(CODE.success);
    expect(byVersion(world, "Meter", "1.0")).toEqual([account(5), '[{"a":1}]']);
    expect(addressOf(world, "Meter", "1.0")).toEqual(account(5));
    world.next();
    const key = cnsKey("Meter", "1.0");
    expect(readCnsEntry(world.get(CNS_TABLE, key)!, key)).toEqual({ address: account(5), abi: '[{"a":1}]' });
    expect(world.get(CNS_TABLE, key)!.subarray(0, 20)).toEqual(account(5));
  });

  it("lists the versions of a name as FISCO's JSON", () => {
    const world = new World();
    expect(byName(world, "Meter")).toBe("[]\n");
    insert(world, "Meter", "1.0", account(5), '"');
    insert(world, "Meter", "2.0", account(6), "");
    insert(world, "Meter 2", "9", account(7));
    const [five, six] = [toHex(account(5)), toHex(account(6))];
    expect(byName(world, "Meter")).toBe(
      `[{"abi":"\\"","address":"${five}","name":"Meter","version":"1.0"},{"abi":"","address":"${six}","name":"Meter","version":"2.0"}]\n`,
    );
  });

  it("trims names and versions where FISCO does", () => {
    const world = new World();
    expect(insert(world, " Meter\n", "\t1.0 ")).toBe(CODE.success);
    expect(insert(world, "Meter", "1.0")).toBe(CODE.addressAndVersionExist);
    expect(addressOf(world, "  Meter", "1.0\r")).toEqual(account(5));
    // boost::trim knows ASCII blanks only.
    expect(addressOf(world, "Meter\u00a0", "1.0")).toEqual(ZERO);
    expect(byName(world, " Meter")).toBe("[]\n");
  });

  it("answers zero for what is not there", () => {
    const world = new World();
    insert(world, "Meter", "1.0");
    for (const [name, version] of [
      ["Meter", "2.0"],
      ["Other", "1.0"],
      ["Meter,1", "0"],
      ["Meter", "1.0,"],
      ["x".repeat(2000), "1.0"],
      ["Meter", "x".repeat(2000)],
    ]) {
      expect(byVersion(world, name!, version!)).toEqual([ZERO, ""]);
      expect(addressOf(world, name!, version!)).toEqual(ZERO);
    }
    expect(byName(world, "Meter,0")).toBe("[]\n");
    expect(byName(world, "x".repeat(2000))).toBe("[]\n");
  });

  it("refuses what FISCO refuses, and keeps what it has", () => {
    const world = new World();
    expect(insert(world, "Meter", "1.0")).toBe(CODE.success);
    world.next();
    expect(insert(world, "Meter", "1.0", account(6))).toBe(CODE.addressAndVersionExist);
    expect(insert(world, "Meter", "v".repeat(129))).toBe(CODE.versionLengthOverflow);
    expect(insert(world, "Meter", "1,0")).toBe(CODE.addressOrVersionError);
    expect(insert(world, "Me,ter", "1.0")).toBe(CODE.addressOrVersionError);
    const longName = world.call(CNS_ADDRESS, INSERT, ["n".repeat(129), "1", account(5), ""]);
    expect(longName.status).toBe(STATUS.precompiledError);
    const longAbi = world.call(CNS_ADDRESS, INSERT, ["n", "1", account(5), "a".repeat(CNS_ABI_BYTES_MAX + 1)]);
    expect(longAbi.status).toBe(STATUS.precompiledError);
    expect(world.next()).toEqual([]);
    expect(insert(world, "n".repeat(128), "v".repeat(128))).toBe(CODE.success);
    expect(insert(world, "long abi", "1", account(5), "a".repeat(CNS_ABI_BYTES_MAX))).toBe(CODE.success);
  });

  it("stops a listing that grows beyond its limit, or beyond the gas", () => {
    const world = new World();
    for (let i = 0; i < 5; i++) insert(world, "Big", `${i}`, account(5), "a".repeat(CNS_ABI_BYTES_MAX));
    const list = (gas?: number) => world.call(CNS_ADDRESS, "selectByName(string)", ["Big"], gas ? { gas } : {});
    expect(list().status).toBe(STATUS.precompiledError);
    expect(list(100_000).status).toBe(STATUS.outOfGas);
    expect(list(100_000).gasUsed).toBe(100_000);
  });
});
