/**
 * Expectations from bcos-executor/src/precompiled/extension/: AccountManagerPrecompiled.cpp, AccountPrecompiled.cpp,
 * AuthManagerPrecompiled.cpp, ContractAuthMgrPrecompiled.cpp; and checkAuth in executive/TransactionExecutive.cpp.
 */
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { selectorOf } from "../../../src/codec/abi/call.js";
import type { AbiValue } from "../../../src/codec/abi/types.js";
import { GenesisError } from "../../../src/codec/problems.js";
import { STATUS } from "../../../src/ledger/engine.js";
import { METHOD_LIST_MAX } from "../../../src/ledger/system/accessLists.js";
import {
  ACCOUNT_MANAGER_ADDRESS,
  CONSENSUS_ADDRESS,
  CONTRACT_AUTH_ADDRESS,
  SYSTEM_CONFIG_ADDRESS,
  TABLE_MANAGER_ADDRESS,
} from "../../../src/ledger/system/addresses.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { registerContract } from "../../../src/ledger/system/contractRecords.js";
import { genesisRecords } from "../../../src/ledger/system/genesisRecords.js";
import { kvTableAddress } from "../../../src/ledger/system/kvTables.js";
import { ADMIN, account, type CallOptions, genesis, World } from "./world.js";

const USER = account(7);
const OTHER = account(8);
const OPEN = genesis({ isAuthCheck: false, authAdminAccount: "" });

const setAccount = (world: World, who: Uint8Array, status: bigint, options: CallOptions = {}) =>
  world.call(ACCOUNT_MANAGER_ADDRESS, "setAccountStatus(address,uint8)", [who, status], options);
const accountStatus = (world: World, who: Uint8Array) =>
  world.ask(ACCOUNT_MANAGER_ADDRESS, "getAccountStatus(address)", [who], "(uint8)")[0];
const auth = (world: World, signature: string, args: AbiValue[], from = USER) =>
  world.code(CONTRACT_AUTH_ADDRESS, signature, args, { from });
const authStatus = (world: World, signature: string, args: AbiValue[], from = USER) =>
  world.call(CONTRACT_AUTH_ADDRESS, signature, args, { from }).status;

/** A KV table of USER's: the smallest contract with an admin. */
function withTable(config = genesis()): { world: World; table: Uint8Array; to: string; set: Uint8Array } {
  const world = new World(config);
  world.call(TABLE_MANAGER_ADDRESS, "createKVTable(string,string,string)", ["t", "k", "v"], { from: USER });
  const table = kvTableAddress(world.suite.hash, "/tables/t");
  return { world, table, to: toHex(table), set: selectorOf(world.suite.hash, "set(string,string)") };
}

const write = (world: World, to: string, options: CallOptions = {}) =>
  world.call(to, "set(string,string)", ["a", "b"], options).status;

describe("accounts", () => {
  it("are frozen and freed by a governor, from the next block on", () => {
    const { world, to } = withTable();
    world.next();
    expect(accountStatus(world, USER)).toBe(0n);
    expect(setAccount(world, USER, 1n).status).toBe(0);
    expect(accountStatus(world, USER)).toBe(0n);
    expect(write(world, to, { from: USER })).toBe(0);
    world.next();
    expect(accountStatus(world, USER)).toBe(1n);
    expect(write(world, to, { from: USER })).toBe(STATUS.accountFrozen);
    expect(write(world, to, { from: OTHER })).toBe(0);
    expect(setAccount(world, USER, 0n).status).toBe(0);
    expect(write(world, to, { from: USER })).toBe(STATUS.accountFrozen);
    world.next();
    expect(write(world, to, { from: USER })).toBe(0);
  });

  it("do not change twice in one block", () => {
    const world = new World();
    setAccount(world, USER, 1n);
    setAccount(world, USER, 0n);
    expect(accountStatus(world, USER)).toBe(0n);
    setAccount(world, USER, 1n);
    expect(accountStatus(world, USER)).toBe(0n);
    world.next();
    expect(accountStatus(world, USER)).toBe(1n);
  });

  // checkAccountAvailable: static calls pass, and what a contract calls does.
  it("that are frozen may ask, and contracts go on", () => {
    const { world, to } = withTable();
    setAccount(world, USER, 1n);
    world.next();
    expect(write(world, to, { from: USER, readOnly: true })).toBe(0);
    expect(write(world, to, { from: account(9), origin: USER, depth: 1 })).toBe(0);
    expect(world.call("", "deploy()", [], { from: USER }).status).toBe(STATUS.accountFrozen);
  });

  it("stay abolished", () => {
    const { world, to } = withTable();
    expect(setAccount(world, USER, 2n).status).toBe(0);
    expect(setAccount(world, USER, 0n).status).toBe(STATUS.precompiledError);
    expect(setAccount(world, USER, 2n).status).toBe(0);
    world.next();
    expect(accountStatus(world, USER)).toBe(2n);
    expect(write(world, to, { from: USER })).toBe(STATUS.accountAbolished);
    expect(setAccount(world, USER, 1n).status).toBe(STATUS.precompiledError);
  });

  it("refuses what FISCO refuses", () => {
    const { world, table } = withTable();
    world.next();
    const codeOf = (who: Uint8Array, from: Uint8Array) =>
      world.code(ACCOUNT_MANAGER_ADDRESS, "setAccountStatus(address,uint8)", [who, 1n], { from });
    expect(codeOf(OTHER, USER)).toBe(CODE.noAuthorized);
    expect(setAccount(world, ADMIN, 1n).status).toBe(STATUS.precompiledError);
    expect(codeOf(table, ADMIN)).toBe(CODE.accountAlreadyExist);
    expect(setAccount(world, OTHER, 3n).status).toBe(STATUS.precompiledError);
    expect(world.next()).toEqual([]);
    // getGovernorList fails where there is no committee, whether authority is checked or not.
    expect(setAccount(new World(OPEN), USER, 1n).status).toBe(STATUS.precompiledError);
  });
});

describe("governors", () => {
  it("come from block 0, or once by initAuth", () => {
    const world = new World(OPEN);
    const init = (text: string) => world.call(CONTRACT_AUTH_ADDRESS, "initAuth(string)", [text], { from: OTHER });
    for (const text of ["", "0x12", `0x${"00".repeat(20)}`, "admin"]) {
      expect(init(text).status).toBe(STATUS.precompiledError);
    }
    expect(init(`0x${toHex(USER)}`).status).toBe(0);
    expect(init(toHex(OTHER)).status).toBe(STATUS.precompiledError);
    expect(setAccount(world, OTHER, 1n, { from: USER }).status).toBe(0);
    const config = world.call(SYSTEM_CONFIG_ADDRESS, "setValueByKey(string,string)", ["auth_check_status", "1"], {
      from: OTHER,
    });
    expect(config.status).toBe(0);
    world.next();
    const remove = (from: Uint8Array) => world.code(CONSENSUS_ADDRESS, "remove(string)", ["11".repeat(64)], { from });
    expect(remove(account(9))).toBe(CODE.noAuthorized);
    expect(remove(USER)).toBe(CODE.success);
    expect(new World().call(CONTRACT_AUTH_ADDRESS, "initAuth(string)", [toHex(USER)]).status).toBe(
      STATUS.precompiledError,
    );
  });

  it("must be an account where authority is checked", () => {
    expect(() => genesisRecords(genesis({ authAdminAccount: "" }))).toThrow(GenesisError);
    expect(() => genesisRecords(genesis({ authAdminAccount: "0x12" }))).toThrow(GenesisError);
  });
});

describe("contracts", () => {
  it("have their creator as admin, until a governor changes that", () => {
    const { world, table } = withTable();
    const admin = (of: Uint8Array) => world.ask(CONTRACT_AUTH_ADDRESS, "getAdmin(address)", [of], "(address)")[0];
    expect(admin(table)).toEqual(USER);
    expect(admin(account(9))).toEqual(new Uint8Array(20));
    expect(auth(world, "resetAdmin(address,address)", [table, OTHER], USER)).toBe(CODE.noAuthorized);
    expect(auth(world, "resetAdmin(address,address)", [table, OTHER], ADMIN)).toBe(CODE.success);
    expect(admin(table)).toEqual(OTHER);
    expect(authStatus(world, "resetAdmin(address,address)", [account(9), OTHER], ADMIN)).toBe(STATUS.precompiledError);
    registerContract(world.overlay, account(9), USER);
    expect(admin(account(9))).toEqual(USER);
  });

  it.each([
    ["setContractStatus(address,bool)", true, false],
    ["setContractStatus(address,uint8)", 1n, 0n],
  ] as const)("are frozen and freed by their admin at once: %s", (signature, on, off) => {
    const { world, table, to } = withTable();
    const available = () => world.ask(CONTRACT_AUTH_ADDRESS, "contractAvailable(address)", [table], "(bool)")[0];
    expect(auth(world, signature, [table, on], OTHER)).toBe(CODE.noAuthorized);
    expect(auth(world, signature, [account(9), on], USER)).toBe(CODE.noAuthorized);
    expect(available()).toBe(true);
    expect(auth(world, signature, [table, on])).toBe(CODE.success);
    expect(available()).toBe(false);
    expect(write(world, to)).toBe(STATUS.contractFrozen);
    expect(write(world, to, { readOnly: true })).toBe(STATUS.contractFrozen);
    expect(write(world, to, { depth: 1 })).toBe(STATUS.contractFrozen);
    expect(auth(world, signature, [table, off])).toBe(CODE.success);
    expect(write(world, to)).toBe(0);
  });

  it("stay abolished", () => {
    const { world, table, to } = withTable();
    expect(auth(world, "setContractStatus(address,uint8)", [table, 2n])).toBe(CODE.success);
    expect(write(world, to)).toBe(STATUS.contractAbolished);
    expect(auth(world, "setContractStatus(address,uint8)", [table, 2n])).toBe(CODE.success);
    for (const status of [0n, 1n, 3n]) {
      expect(authStatus(world, "setContractStatus(address,uint8)", [table, status])).toBe(STATUS.precompiledError);
    }
    expect(authStatus(world, "setContractStatus(address,bool)", [table, true])).toBe(STATUS.precompiledError);
  });

  it("that nobody created have no status", () => {
    const world = new World();
    expect(authStatus(world, "contractAvailable(address)", [account(9)])).toBe(STATUS.precompiledError);
  });
});

describe("access lists of methods", () => {
  const check = (world: World, table: Uint8Array, selector: Uint8Array, who: Uint8Array) =>
    world.ask(CONTRACT_AUTH_ADDRESS, "checkMethodAuth(address,bytes4,address)", [table, selector, who], "(bool)")[0];
  const show = (world: World, table: Uint8Array, selector: Uint8Array) =>
    world.ask(CONTRACT_AUTH_ADDRESS, "getMethodAuth(address,bytes4)", [table, selector], "(uint8,string[],string[])");

  it("let in whom an allow list names", () => {
    const { world, table, to, set } = withTable();
    expect(show(world, table, set)).toEqual([0n, [], []]);
    expect(auth(world, "openMethodAuth(address,bytes4,address)", [table, set, OTHER])).toBe(CODE.tableErrorAuthType);
    expect(auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, 1n])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(STATUS.permissionDenied);
    expect(auth(world, "openMethodAuth(address,bytes4,address)", [table, set, OTHER])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(0);
    expect(write(world, to, { from: ADMIN })).toBe(STATUS.permissionDenied);
    expect(check(world, table, set, OTHER)).toBe(true);
    expect(check(world, table, set, ADMIN)).toBe(false);
    expect(auth(world, "closeMethodAuth(address,bytes4,address)", [table, set, OTHER])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(STATUS.permissionDenied);
    expect(auth(world, "openMethodAuth(address,bytes4,address)", [table, set, ADMIN])).toBe(CODE.success);
    expect(show(world, table, set)).toEqual([1n, [toHex(ADMIN)], [toHex(OTHER)]]);
    // Other methods are not touched, and neither are calls that change nothing.
    expect(world.call(to, "get(string)", ["a"], { from: OTHER }).status).toBe(0);
    expect(write(world, to, { from: OTHER, readOnly: true })).toBe(0);
    expect(check(world, table, selectorOf(world.suite.hash, "get(string)"), OTHER)).toBe(true);
  });

  it("keep out whom a deny list names", () => {
    const { world, table, to, set } = withTable();
    expect(auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, 2n])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(0);
    expect(auth(world, "closeMethodAuth(address,bytes4,address)", [table, set, OTHER])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(STATUS.permissionDenied);
    expect(write(world, to, { from: ADMIN })).toBe(0);
    expect(show(world, table, set)).toEqual([2n, [], [toHex(OTHER)]]);
    expect(auth(world, "openMethodAuth(address,bytes4,address)", [table, set, OTHER])).toBe(CODE.success);
    expect(write(world, to, { from: OTHER })).toBe(0);
    expect(show(world, table, set)).toEqual([2n, [toHex(OTHER)], []]);
    // Each type has its own list.
    expect(auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, 1n])).toBe(CODE.success);
    expect(show(world, table, set)).toEqual([1n, [], []]);
  });

  // checkExecAuth: both the signer and the contract that calls, from 3.2 on.
  it("ask for the signer and for the contract in between", () => {
    const { world, table, to, set } = withTable();
    auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, 1n]);
    auth(world, "openMethodAuth(address,bytes4,address)", [table, set, OTHER]);
    const through = { from: account(9), origin: OTHER, depth: 1 };
    expect(write(world, to, through)).toBe(STATUS.permissionDenied);
    auth(world, "openMethodAuth(address,bytes4,address)", [table, set, account(9)]);
    expect(write(world, to, through)).toBe(0);
    expect(write(world, to, { ...through, origin: ADMIN })).toBe(STATUS.permissionDenied);
  });

  it("belong to the admin, are of two types, and end somewhere", () => {
    const { world, table, set } = withTable();
    world.next();
    const calls: [string, AbiValue[]][] = [
      ["setMethodAuthType(address,bytes4,uint8)", [table, set, 1n]],
      ["openMethodAuth(address,bytes4,address)", [table, set, OTHER]],
      ["closeMethodAuth(address,bytes4,address)", [table, set, OTHER]],
    ];
    for (const [signature, args] of calls) expect(auth(world, signature, args, ADMIN)).toBe(CODE.noAuthorized);
    for (const type of [0n, 3n, 255n]) {
      expect(auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, type])).toBe(CODE.tableErrorAuthType);
    }
    expect(world.next()).toEqual([]);
    auth(world, "setMethodAuthType(address,bytes4,uint8)", [table, set, 2n]);
    const close = "closeMethodAuth(address,bytes4,address)";
    for (let i = 0; i < METHOD_LIST_MAX; i++) expect(auth(world, close, [table, set, account(i)])).toBe(0);
    expect(authStatus(world, close, [table, set, account(METHOD_LIST_MAX)])).toBe(STATUS.precompiledError);
    expect(auth(world, close, [table, set, account(3)])).toBe(0);
  });
});

describe("deploying", () => {
  const type = (world: World, value: bigint, from = ADMIN) => auth(world, "setDeployAuthType(uint8)", [value], from);
  const may = (world: World, who: Uint8Array) =>
    world.ask(CONTRACT_AUTH_ADDRESS, "hasDeployAuth(address)", [who], "(bool)")[0];
  const deploy = (world: World, from: Uint8Array, readOnly = false) =>
    world.call("", "x()", [], { from, readOnly }).status;

  it("is open, by allow list, or by deny list", () => {
    const world = new World();
    const deployType = () => world.ask(CONTRACT_AUTH_ADDRESS, "deployType()", [], "(uint256)")[0];
    expect([deployType(), may(world, USER)]).toEqual([0n, true]);
    // Nobody deploys here: the system engine takes no deployments.
    expect(deploy(world, USER)).toBe(STATUS.callAddressError);
    expect(auth(world, "openDeployAuth(address)", [USER], ADMIN)).toBe(CODE.tableAuthTypeNotExist);
    expect(type(world, 1n)).toBe(CODE.success);
    expect([deployType(), may(world, USER)]).toEqual([1n, false]);
    expect(deploy(world, USER)).toBe(STATUS.permissionDenied);
    expect(deploy(world, USER, true)).toBe(STATUS.callAddressError);
    expect(auth(world, "openDeployAuth(address)", [USER], ADMIN)).toBe(CODE.success);
    expect([may(world, USER), may(world, OTHER)]).toEqual([true, false]);
    expect(auth(world, "closeDeployAuth(address)", [USER], ADMIN)).toBe(CODE.success);
    expect(may(world, USER)).toBe(false);
    expect(type(world, 2n)).toBe(CODE.success);
    expect(may(world, USER)).toBe(true);
    expect(auth(world, "closeDeployAuth(address)", [USER], ADMIN)).toBe(CODE.success);
    expect([may(world, USER), may(world, OTHER)]).toEqual([false, true]);
    expect(auth(world, "openDeployAuth(address)", [USER], ADMIN)).toBe(CODE.success);
    expect(may(world, USER)).toBe(true);
  });

  it("is the governors' business", () => {
    for (const world of [new World(), new World(OPEN)]) {
      expect(type(world, 1n, USER)).toBe(CODE.noAuthorized);
      expect(auth(world, "openDeployAuth(address)", [USER])).toBe(CODE.noAuthorized);
      expect(auth(world, "closeDeployAuth(address)", [USER])).toBe(CODE.noAuthorized);
      expect(world.next()).toEqual([]);
    }
    expect(type(new World(), 3n)).toBe(CODE.tableErrorAuthType);
  });
});
