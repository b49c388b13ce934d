/** Expectations from bcos-executor/src/precompiled/BFSPrecompiled.cpp, and checkPathValid in common/Utilities.cpp. */
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import type { AbiValue } from "../../../src/codec/abi/types.js";
import { STATUS } from "../../../src/ledger/engine.js";
import {
  BFS_ADDRESS,
  CONSENSUS_ADDRESS,
  POINTS_ADDRESS,
  TABLE_MANAGER_ADDRESS,
} from "../../../src/ledger/system/addresses.js";
import { BFS_TABLE, LINK_ABI_BYTES_MAX } from "../../../src/ledger/system/bfsTree.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { registerContract } from "../../../src/ledger/system/contractRecords.js";
import { normalPath, PATH_BYTES_MAX } from "../../../src/ledger/system/paths.js";
import { account, World } from "./world.js";

const LIST = "(int256,(string,string,string[])[])";
const FIELDS = ["0", "0", "", "", ""];
const ZERO = "00".repeat(20);

const mkdir = (world: World, path: string) => world.code(BFS_ADDRESS, "mkdir(string)", [path]);
const touch = (world: World, path: string, type: string) =>
  world.code(BFS_ADDRESS, "touch(string,string)", [path, type]);
const link = (world: World, path: string, address: string, abi = "") =>
  world.code(BFS_ADDRESS, "link(string,string,string)", [path, address, abi]);
const linkVersion = (world: World, name: string, version: string, address: string, abi = "") =>
  world.code(BFS_ADDRESS, "link(string,string,string,string)", [name, version, address, abi]);
const readlink = (world: World, path: string) =>
  toHex(world.ask(BFS_ADDRESS, "readlink(string)", [path], "(address)")[0] as Uint8Array);
const list = (world: World, path: string) => world.ask(BFS_ADDRESS, "list(string)", [path], LIST, { readOnly: true });
const page = (world: World, path: string, offset: bigint, count: bigint) =>
  world.ask(BFS_ADDRESS, "list(string,uint256,uint256)", [path, offset, count], LIST, { readOnly: true });
const names = (files: AbiValue | undefined) => (files as AbiValue[][]).map(([name]) => name);

describe("BFS", () => {
  it("begins with FISCO's roots and the system contracts as links", () => {
    const world = new World();
    const directory = (name: string) => [name, "directory", FIELDS];
    expect(list(world, "/")).toEqual([0n, ["apps", "sys", "tables", "usr"].map(directory)]);
    expect(list(world, "/apps")).toEqual([0n, []]);
    expect(names(list(world, "/sys")[1])).toEqual([
      ...["account_manager", "auth", "bfs", "cns", "consensus", "crypto_tools", "kv_storage", "points", "status"],
      "table_manager",
    ]);
    expect(list(world, "/sys/consensus")).toEqual([0n, [["consensus", "link", [CONSENSUS_ADDRESS, ""]]]]);
    expect(readlink(world, "/sys/points")).toBe(POINTS_ADDRESS);
  });

  it("makes directories with all above them", () => {
    const world = new World();
    expect(mkdir(world, "/apps/a/b/c")).toBe(CODE.success);
    expect(list(world, "/apps/a")).toEqual([0n, [["b", "directory", FIELDS]]]);
    expect(mkdir(world, "/apps/a/d")).toBe(CODE.success);
    expect(names(list(world, "/apps/a")[1])).toEqual(["b", "d"]);
    for (const path of ["/apps/a", "/apps/a/", "/apps//a", "/apps", "/", "/sys/consensus"]) {
      expect(mkdir(world, path)).toBe(CODE.fileAlreadyExist);
    }
    expect(mkdir(world, "/usr/x")).toBe(CODE.success);
    expect(mkdir(world, "/tables/x")).toBe(CODE.success);
  });

  it("refuses directories where none may be", () => {
    const world = new World();
    expect(link(world, "/apps/file", toHex(account(5)))).toBe(CODE.success);
    world.next();
    const cases: readonly (readonly [string, number])[] = [
      ["", CODE.fileInvalidPath],
      ["/sys/x", CODE.fileInvalidPath],
      ["/x", CODE.fileInvalidPath],
      ["apps/x", CODE.fileInvalidPath],
      ["/apps/../sys", CODE.fileInvalidPath],
      ["/apps/a b", CODE.fileInvalidPath],
      ["/apps/-a", CODE.fileInvalidPath],
      ["//apps/x", CODE.fileInvalidPath],
      ["/apps/1/2/3/4/5/6", CODE.fileInvalidPath],
      [`/apps/${"x".repeat(PATH_BYTES_MAX)}`, CODE.fileInvalidPath],
      ["/shards/x", CODE.fileBuildDirFailed],
      ["/apps/file/x", CODE.fileBuildDirFailed],
    ];
    for (const [path, code] of cases) expect([path, mkdir(world, path)]).toEqual([path, code]);
    expect(world.next()).toEqual([]);
    expect(mkdir(world, "/apps/2/3/4/5/6")).toBe(CODE.success);
  });

  it("points links, and points them elsewhere", () => {
    const world = new World();
    const [five, six] = [toHex(account(5)), toHex(account(6))];
    expect(link(world, "/apps/Meter/1.0", `0x${five.toUpperCase()}`, "[1]")).toBe(CODE.success);
    expect(readlink(world, "/apps/Meter/1.0")).toBe(five);
    expect(list(world, "/apps/Meter/1.0")).toEqual([0n, [["1.0", "link", [five, "[1]"]]]]);
    expect(list(world, "/apps/Meter")).toEqual([0n, [["1.0", "link", FIELDS]]]);
    expect(link(world, "Meter/1.0", six)).toBe(CODE.success);
    expect(readlink(world, "/apps/Meter/1.0/")).toBe(six);
    expect(names(list(world, "/apps/Meter")[1])).toEqual(["1.0"]);
    world.next();
    expect(toHex(world.get(BFS_TABLE, "/apps/Meter/1.0")!)).toBe(`01${six}`);
    const cases: readonly (readonly [string, string, number])[] = [
      ["/shards/x", five, CODE.fileInvalidPath],
      ["/apps/", five, CODE.fileInvalidPath],
      ["/apps/a b", five, CODE.fileInvalidPath],
      ["/apps/1/2/3/4/5/6", five, CODE.fileInvalidPath],
      ["/apps/Meter", five, CODE.fileAlreadyExist],
      ["/apps/Meter/1.0/x", five, CODE.fileBuildDirFailed],
      ["/apps/x", "0x12", CODE.addressOrVersionError],
      ["/apps/x", `${five}00`, CODE.addressOrVersionError],
    ];
    for (const [path, address, code] of cases) expect([path, link(world, path, address)]).toEqual([path, code]);
    const abi = "a".repeat(LINK_ABI_BYTES_MAX + 1);
    const long = world.call(BFS_ADDRESS, "link(string,string,string)", ["/apps/x", five, abi]);
    expect(long.status).toBe(STATUS.precompiledError);
    expect(world.next()).toEqual([]);
    expect(link(world, "/apps/x", five, abi.slice(1))).toBe(CODE.success);
  });

  // checkLinkParam: the contract must be there; getLinkRootDir is /apps/.
  it("links versions of contracts that are there", () => {
    const world = new World();
    const address = toHex(account(5));
    expect(linkVersion(world, "Meter", "1.0", address)).toBe(CODE.addressOrVersionError);
    registerContract(world.overlay, account(5), account(8));
    expect(linkVersion(world, " Meter ", " 1.0", `0x${address}`, "[1]")).toBe(CODE.success);
    expect(list(world, "/apps/Meter/1.0")).toEqual([0n, [["1.0", "link", [address, "[1]"]]]]);
    expect(linkVersion(world, "Me/ter", "1.0", address)).toBe(CODE.addressOrVersionError);
    expect(linkVersion(world, "Meter", "1/0", address)).toBe(CODE.addressOrVersionError);
    expect(linkVersion(world, "Meter", "1.0", "nothing")).toBe(CODE.addressOrVersionError);
    expect(linkVersion(world, "Me ter", "1.0", address)).toBe(CODE.fileInvalidPath);
    mkdir(world, "/apps/Meter/2.0");
    expect(linkVersion(world, "Meter", "2.0", address)).toBe(CODE.fileAlreadyExist);
    expect(linkVersion(world, "Meter/1.0", "x", address)).toBe(CODE.addressOrVersionError);
    // System contracts lie below /sys in FISCO, so under /apps there is none.
    expect(linkVersion(world, "Consensus", "1", CONSENSUS_ADDRESS)).toBe(CODE.addressOrVersionError);
  });

  it("reads links only", () => {
    const world = new World();
    for (const path of ["/apps", "/apps/none", "", "apps", "/a b"]) expect(readlink(world, path)).toBe(ZERO);
  });

  it("touches files where nothing is", () => {
    const world = new World();
    expect(touch(world, "/apps/a/b", "directory")).toBe(CODE.success);
    expect(touch(world, "/apps/a/b", "directory")).toBe(CODE.success);
    expect(touch(world, "/apps/a/c", "contract")).toBe(CODE.success);
    expect(touch(world, "/apps/a/l", "link")).toBe(CODE.success);
    expect(list(world, "/apps/a/c")).toEqual([0n, [["c", "contract", FIELDS]]]);
    expect(readlink(world, "/apps/a/l")).toBe(ZERO);
    expect(link(world, "/apps/a/l", toHex(account(5)))).toBe(CODE.success);
    world.next();
    expect(touch(world, "/apps/a/l", "link")).toBe(CODE.fileAlreadyExist);
    expect(touch(world, "/apps/a", "link")).toBe(CODE.fileAlreadyExist);
    expect(touch(world, "/apps/x", "file")).toBe(CODE.fileInvalidType);
    expect(touch(world, "/apps/a b", "link")).toBe(CODE.fileInvalidPath);
    expect(touch(world, "/sys/x", "link")).toBe(CODE.fileInvalidPath);
    for (const type of ["directory", "link"]) {
      const below = world.call(BFS_ADDRESS, "touch(string,string)", ["/apps/a/l/x/y", type]);
      expect(below.status).toBe(STATUS.precompiledError);
    }
    expect(world.next()).toEqual([]);
  });

  it("lists in pages, and says how many are left", () => {
    const world = new World();
    for (let i = 0; i < 7; i++) mkdir(world, `/apps/d/${i}`);
    expect(names(page(world, "/apps/d", 0n, 3n)[1])).toEqual(["0", "1", "2"]);
    expect(page(world, "/apps/d", 0n, 3n)[0]).toBe(4n);
    expect(names(page(world, "/apps/d", 5n, 3n)[1])).toEqual(["5", "6"]);
    expect(page(world, "/apps/d", 5n, 3n)[0]).toBe(0n);
    expect(page(world, "/apps/d", 4n, 3n)[0]).toBe(0n);
    expect(page(world, "/apps/d", 7n, 3n)).toEqual([0n, []]);
    expect(page(world, "/apps/d", 2n ** 255n, 2n ** 255n)).toEqual([0n, []]);
    expect(page(world, "/apps/d", 0n, 0n)).toEqual([7n, []]);
    for (let i = 7; i < 505; i++) mkdir(world, `/apps/d/${i}`);
    expect((list(world, "/apps/d")[1] as AbiValue[]).length).toBe(500);
    expect(list(world, "/apps/d")[0]).toBe(0n);
    const [left, files] = page(world, "/apps/d", 0n, 2n ** 256n - 1n);
    expect([left, (files as AbiValue[]).length]).toEqual([5n, 500]);
    expect(names(page(world, "/apps/d", 500n, 500n)[1])).toEqual(["500", "501", "502", "503", "504"]);
  });

  it("answers a listing of nothing with a code", () => {
    const world = new World();
    expect(list(world, "/apps/none")).toEqual([BigInt(CODE.fileNotExist), []]);
    expect(list(world, "apps")).toEqual([BigInt(CODE.fileNotExist), []]);
    expect(list(world, "/a b")).toEqual([BigInt(CODE.fileInvalidPath), []]);
    expect(page(world, "/apps/none", 0n, 1n)).toEqual([BigInt(CODE.fileNotExist), []]);
    expect(page(world, "", 0n, 1n)).toEqual([BigInt(CODE.fileInvalidPath), []]);
    const short = world.call(BFS_ADDRESS, "list(string)", ["/sys"], { gas: 2_000 });
    expect(short.status).toBe(STATUS.outOfGas);
  });

  it("shows KV tables as links", () => {
    const world = new World();
    world.call(TABLE_MANAGER_ADDRESS, "createKVTable(string,string,string)", ["t_test", "k", "v"]);
    expect(readlink(world, "/tables/t_test")).not.toBe(ZERO);
    expect(list(world, "/tables")).toEqual([0n, [["t_test", "link", FIELDS]]]);
  });
});

describe("paths", () => {
  it("have one form", () => {
    for (const path of ["/a/b", "/a/b/", "/a//b", "/a///b/"]) expect(normalPath(path)).toBe("/a/b");
    expect(normalPath("/")).toBe("/");
    expect(normalPath("a/b")).toBe("a/b");
    expect(normalPath("/_a-#@.1")).toBe("/_a-#@.1");
    for (const path of ["", "//", "/.", "/a/..", "/a\n", "/\u00e9", "//a", "/a$", "a//"]) {
      expect([path, normalPath(path)]).toEqual([path, undefined]);
    }
  });
});
