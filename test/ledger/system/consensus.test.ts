/** Expectations from bcos-executor/src/precompiled/ConsensusPrecompiled.cpp; the story is consensus_test of its tests. */
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { decodeConsensusCall, encodeConsensusCall } from "../../../src/codec/fisco/consensusCall.js";
import { checkSealerSet, SEALERS_MAX } from "../../../src/codec/fisco/headerRules.js";
import { STATUS } from "../../../src/ledger/engine.js";
import { CONSENSUS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { CODE } from "../../../src/ledger/system/codes.js";
import { OBSERVERS_MAX, observersAt, sealersAt } from "../../../src/ledger/system/nodes.js";
import { account, genesis, node, World } from "./world.js";

const ONE = node(0x11);
const TWO = node(0x22);
const THREE = node(0x33);

function code(world: World, signature: string, ...args: (string | bigint)[]): number {
  return world.code(CONSENSUS_ADDRESS, signature, args);
}

const addSealer = (world: World, id: string, weight: bigint) => code(world, "addSealer(string,uint256)", id, weight);
const addObserver = (world: World, id: string) => code(world, "addObserver(string)", id);
const remove = (world: World, id: string) => code(world, "remove(string)", id);
const setWeight = (world: World, id: string, weight: bigint) => code(world, "setWeight(string,uint256)", id, weight);

function sealers(world: World, number: number): [string, bigint, bigint][] {
  const { nodeIds, weights, termWeights } = sealersAt(world.overlay, number);
  return nodeIds.map((id, i) => [toHex(id), weights[i]!, termWeights[i]!]);
}

const observers = (world: World, number: number) => observersAt(world.overlay, number).map(toHex);

describe("consensus", () => {
  it("begins with block 0's nodes in the order of headers", () => {
    const world = new World();
    expect(sealers(world, 1)).toEqual([
      [ONE, 2n, 0n],
      [TWO, 1n, 0n],
    ]);
    expect(observers(world, 1)).toEqual([]);
  });

  it("lets a change of block N stand in header N+1", () => {
    const world = new World();
    world.number = 7;
    expect(addObserver(world, THREE)).toBe(0);
    expect(observers(world, 7)).toEqual([]);
    expect(observers(world, 8)).toEqual([THREE]);
    world.next();
    expect(addSealer(world, THREE, 5n)).toBe(0);
    expect(setWeight(world, ONE, 9n)).toBe(0);
    expect(sealers(world, 8)).toEqual([
      [ONE, 2n, 0n],
      [TWO, 1n, 0n],
    ]);
    const after = [
      [ONE, 9n, 0n],
      [TWO, 1n, 0n],
      [THREE, 5n, 0n],
    ];
    expect(sealers(world, 9)).toEqual(after);
    expect(observers(world, 8)).toEqual([THREE]);
    expect(observers(world, 9)).toEqual([]);
    world.next();
    // A later change leaves the list of the block it is made in.
    expect(remove(world, TWO)).toBe(0);
    expect(sealers(world, 9)).toEqual(after);
    expect(sealers(world, 10).map(([id]) => id)).toEqual([ONE, THREE]);
    checkSealerSet(sealersAt(world.overlay, 10), 10);
  });

  it("takes node ids in upper case, once", () => {
    const world = new World();
    const mixed = node(0xab);
    expect(addObserver(world, mixed.toUpperCase())).toBe(0);
    expect(addObserver(world, mixed)).toBe(0);
    expect(observers(world, 2)).toEqual([mixed]);
    expect(addSealer(world, mixed.toUpperCase(), 1n)).toBe(0);
    expect(remove(world, mixed.toUpperCase())).toBe(0);
  });

  it("refuses what is no node id", () => {
    const world = new World();
    const bad = `${ONE.slice(0, 127)}s`;
    for (const id of ["111111", `${ONE}1`, ""]) {
      expect(addSealer(world, id, 1n)).toBe(CODE.invalidNodeId);
      expect(addObserver(world, id)).toBe(CODE.invalidNodeId);
      expect(remove(world, id)).toBe(CODE.invalidNodeId);
      expect(setWeight(world, id, 11n)).toBe(CODE.invalidNodeId);
      expect(code(world, "setTermWeight(string,uint256)", id, 11n)).toBe(CODE.invalidNodeId);
    }
    expect(addSealer(world, bad, 1n)).toBe(CODE.invalidNodeId);
    expect(addObserver(world, bad)).toBe(CODE.invalidNodeId);
    // removeNode and setWeight count characters only, so it is a node that is not there.
    expect(remove(world, bad)).toBe(CODE.nodeNotExist);
    expect(setWeight(world, bad, 1n)).toBe(CODE.nodeNotExist);
    expect(world.next()).toEqual([]);
  });

  it("tells the story of FISCO's consensus_test", () => {
    const world = new World(genesis({ nodes: [{ nodeId: fromHex(ONE), weight: 1n }] }));
    expect(addObserver(world, TWO)).toBe(0);
    const outcome = world.call(CONSENSUS_ADDRESS, "setWeight(string,uint256)", [TWO, 123n]);
    expect(outcome.status).toBe(STATUS.precompiledError);
    expect(addObserver(world, ONE)).toBe(CODE.lastSealer);
    // sealerCount == 1 is asked before the node's own type.
    expect(addObserver(world, TWO)).toBe(CODE.lastSealer);
    expect(addSealer(world, TWO, 1n)).toBe(0);
    expect(remove(world, TWO)).toBe(0);
    expect(remove(world, TWO)).toBe(CODE.nodeNotExist);
    expect(addObserver(world, TWO)).toBe(0);
    expect(addSealer(world, TWO, 1n)).toBe(0);
    expect(addObserver(world, TWO)).toBe(0);
    expect(remove(world, ONE)).toBe(CODE.lastSealer);
    expect(setWeight(world, ONE, 0n)).toBe(CODE.invalidWeight);
    expect(setWeight(world, ONE, 2n)).toBe(0);
    expect(remove(world, TWO)).toBe(0);
    expect(remove(world, TWO)).toBe(CODE.nodeNotExist);
    expect(setWeight(world, TWO, 123n)).toBe(CODE.nodeNotExist);
    expect(addSealer(world, THREE, 1n)).toBe(CODE.addSealerShouldInObserver);
    expect(addObserver(world, THREE)).toBe(0);
    expect(addSealer(world, THREE, 1n)).toBe(0);
    expect(sealers(world, 2)).toEqual([
      [ONE, 2n, 0n],
      [THREE, 1n, 0n],
    ]);
  });

  it("keeps weights within what a header can carry", () => {
    const world = new World();
    const most = 2n ** 63n - 1n;
    expect(addSealer(world, ONE, 0n)).toBe(CODE.invalidWeight);
    expect(addSealer(world, ONE, most + 1n)).toBe(CODE.invalidWeight);
    expect(setWeight(world, ONE, most + 1n)).toBe(CODE.invalidWeight);
    expect(code(world, "addSealer(string,uint256,uint256)", ONE, 1n, most + 1n)).toBe(CODE.invalidWeight);
    expect(code(world, "setTermWeight(string,uint256)", ONE, most + 1n)).toBe(CODE.invalidWeight);
    expect(setWeight(world, ONE, most)).toBe(0);
    expect(code(world, "setTermWeight(string,uint256)", TWO, 0n)).toBe(0);
    expect(code(world, "setTermWeight(string,uint256)", TWO, most)).toBe(0);
    expect(sealers(world, 2)).toEqual([
      [ONE, most, 0n],
      [TWO, 1n, most],
    ]);
    // addSealerImpl sets both weights of a node that is there; the short form sets the second to 0.
    expect(code(world, "addSealer(string,uint256,uint256)", ONE, 3n, 4n)).toBe(0);
    expect(addSealer(world, TWO, 6n)).toBe(0);
    expect(sealers(world, 2)).toEqual([
      [ONE, 3n, 4n],
      [TWO, 6n, 0n],
    ]);
  });

  it("never lists more nodes than a header can carry", () => {
    const id = (index: number) => index.toString(16).padStart(128, "0");
    const nodes = Array.from({ length: SEALERS_MAX }, (_, i) => ({ nodeId: fromHex(id(i)), weight: 1n }));
    const world = new World(genesis({ nodes }));
    expect(addObserver(world, id(SEALERS_MAX))).toBe(0);
    const full = world.call(CONSENSUS_ADDRESS, "addSealer(string,uint256)", [id(SEALERS_MAX), 1n]);
    expect(full.status).toBe(STATUS.precompiledError);
    for (let i = 1; i < OBSERVERS_MAX; i++) expect(addObserver(world, id(SEALERS_MAX + i))).toBe(0);
    const last = world.call(CONSENSUS_ADDRESS, "addObserver(string)", [id(0)]);
    expect(last.status).toBe(STATUS.precompiledError);
    expect(sealers(world, 2).length).toBe(SEALERS_MAX);
    world.next();
    expect(addSealer(world, id(0), 2n)).toBe(0);
    checkSealerSet(sealersAt(world.overlay, 3), 3);
  });

  it("is for governors where authority is checked", () => {
    const from = account(9);
    const world = new World();
    const calls: [string, (string | bigint)[]][] = [
      ["addSealer(string,uint256)", [ONE, 5n]],
      ["addSealer(string,uint256,uint256)", [ONE, 5n, 5n]],
      ["addObserver(string)", [THREE]],
      ["remove(string)", [ONE]],
      ["setWeight(string,uint256)", [ONE, 5n]],
      ["setTermWeight(string,uint256)", [ONE, 5n]],
    ];
    for (const [signature, args] of calls) {
      expect(world.code(CONSENSUS_ADDRESS, signature, args, { from })).toBe(CODE.noAuthorized);
    }
    expect(world.next()).toEqual([]);
    const open = new World(genesis({ isAuthCheck: false, authAdminAccount: "" }));
    for (const [signature, args] of calls.filter(([name]) => !name.startsWith("remove"))) {
      expect(open.code(CONSENSUS_ADDRESS, signature, args, { from })).toBe(CODE.success);
    }
    expect(open.code(CONSENSUS_ADDRESS, "remove(string)", [TWO], { from })).toBe(CODE.success);
  });

  it.each(["ecdsa", "sm"] as const)("takes the calls that sealer changes are replayed from (%s)", (suite) => {
    const world = new World(genesis(), suite);
    const call = { method: "addSealer", nodeId: fromHex(ONE), weight: 6n, termWeight: 2n } as const;
    const input = encodeConsensusCall(world.suite.hash, call);
    expect(decodeConsensusCall(world.suite.hash, input)).toEqual(call);
    expect(world.raw(CONSENSUS_ADDRESS, input).status).toBe(0);
    expect(sealers(world, 2)[0]).toEqual([ONE, 6n, 2n]);
  });
});
