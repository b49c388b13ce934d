/** What holds for every contract, whatever it does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { encodeAbiCall, selectorOf } from "../../../src/codec/abi/call.js";
import { encodeAbi } from "../../../src/codec/abi/encode.js";
import { type AbiType, type AbiValue, parseAbiSignature, parseAbiTypes } from "../../../src/codec/abi/types.js";
import { genesisSealers, readGenesis, writeGenesis } from "../../../src/codec/fisco/genesis.js";
import { STATUS } from "../../../src/ledger/engine.js";
import { POINTS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { GAS_PER_INPUT_BYTE, GAS_PER_OUTPUT_BYTE } from "../../../src/ledger/system/gas.js";
import { genesisRecords } from "../../../src/ledger/system/genesisRecords.js";
import { SYSTEM_CONTRACTS } from "../../../src/ledger/system/index.js";
import { kvTableAddress } from "../../../src/ledger/system/kvTables.js";
import {
  declined,
  type Method,
  type MethodResult,
  precompiledError,
  returnedCode,
  type SystemContract,
} from "../../../src/ledger/system/method.js";
import { sealersAt } from "../../../src/ledger/system/nodes.js";
import { SystemEngine } from "../../../src/ledger/system/systemEngine.js";
import { ADMIN, account, genesis, node, World } from "./world.js";

const METHODS: readonly { readonly contract: SystemContract; readonly method: Method }[] = SYSTEM_CONTRACTS.flatMap(
  (contract) => contract.methods.map((method) => ({ contract, method })),
);
const TABLE_MANAGER = SYSTEM_CONTRACTS.find(({ name }) => name === "table manager") as SystemContract;

/** Some value of a type, good for most methods. */
function sample(type: AbiType): AbiValue {
  switch (type.kind) {
    case "uint":
    case "int":
      return 1n;
    case "bool":
      return true;
    case "address":
      return account(5);
    case "fixedBytes":
      return new Uint8Array(type.size);
    case "bytes":
      return new Uint8Array(3);
    default:
      return "/apps/x";
  }
}

function sampleInput(world: World, { signature }: Method): Uint8Array {
  return encodeAbiCall(world.suite.hash, signature, parseAbiSignature(signature).map(sample));
}

function worldWithTable(): { world: World; table: string } {
  const world = new World();
  world.call(TABLE_MANAGER.address, "createKVTable(string,string,string)", ["t", "k", "v"]);
  world.next();
  return { world, table: toHex(kvTableAddress(world.suite.hash, "/tables/t")) };
}

describe("the system engine", () => {
  it("serves FISCO's addresses, its own and no others", () => {
    const world = new World();
    expect(SYSTEM_CONTRACTS.map(({ address }) => address.replace(/^0+/, ""))).toEqual([
      ...["1000", "1002", "1003", "1004", "1005", "1009", "100a", "100e", "10003", "ed000001"],
    ]);
    for (const { address } of SYSTEM_CONTRACTS) expect(world.engine.serves(address, world.overlay)).toBe(true);
    for (const to of ["", "00".repeat(20), "1000", `0x${POINTS_ADDRESS}`, toHex(account(1))]) {
      expect(world.engine.serves(to, world.overlay)).toBe(false);
    }
    expect(world.engine.name).toBe("system");
  });

  it("names every method once, and every result by types there are", () => {
    const world = new World();
    for (const { methods } of SYSTEM_CONTRACTS) {
      const selectors = methods.map(({ signature }) => toHex(selectorOf(world.suite.hash, signature)));
      expect(new Set(selectors).size).toBe(methods.length);
    }
    for (const { method } of METHODS) expect(parseAbiTypes(method.returns).length).toBeGreaterThan(0);
    expect(METHODS.length).toBeGreaterThan(45);
  });

  it("answers a method that is not there, or arguments that do not fit, with a precompiled error", () => {
    const { world, table } = worldWithTable();
    for (const to of [...SYSTEM_CONTRACTS.map(({ address }) => address), table]) {
      for (const input of ["", "00", "ffffffff", "ffffffff00"]) {
        expect(world.raw(to, fromHex(input)).status).toBe(STATUS.precompiledError);
      }
    }
    for (const { contract, method } of METHODS) {
      const input = sampleInput(world, method);
      const longer = world.raw(contract.address, concatBytes([input, new Uint8Array(32)]));
      expect(longer.status).toBe(STATUS.precompiledError);
      if (input.length > 4)
        expect(world.raw(contract.address, input.subarray(0, 20)).status).toBe(STATUS.precompiledError);
    }
    expect(world.next()).toEqual([]);
  });

  it("takes calls about the chain itself from accounts only", () => {
    const world = new World();
    const governance = SYSTEM_CONTRACTS.filter(({ governance: yes }) => yes).map(({ name }) => name);
    expect(governance).toEqual(["system config", "consensus", "contract access", "account manager"]);
    world.call(POINTS_ADDRESS, "issue(address,uint256)", [ADMIN, 10n]);
    for (const { contract, method } of METHODS) {
      const outcome = world.raw(contract.address, sampleInput(world, method), { depth: 1 });
      expect([method.signature, outcome.status === STATUS.revert]).toEqual([method.signature, contract.governance]);
    }
  });

  it("charges for the method, its input and its output, and stops where the gas ends", () => {
    for (const { contract, method } of METHODS) {
      const world = new World();
      world.call(POINTS_ADDRESS, "issue(address,uint256)", [ADMIN, 10n]);
      world.next();
      const input = sampleInput(world, method);
      const full = world.raw(contract.address, input);
      const base = method.gas + input.length * GAS_PER_INPUT_BYTE;
      expect(full.gasUsed).toBe(base + full.output.length * GAS_PER_OUTPUT_BYTE);
      world.overlay.revert(0);
      const enough = world.raw(contract.address, input, { gas: full.gasUsed });
      expect(enough).toEqual(full);
      world.overlay.revert(0);
      for (const gas of new Set([full.gasUsed - 1, base - 1, 1, 0])) {
        // A refusal has no output to pay for.
        if (gas >= base && full.output.length === 0) continue;
        const short = world.raw(contract.address, input, { gas });
        expect([method.signature, short.status, short.gasUsed]).toEqual([method.signature, STATUS.outOfGas, gas]);
        expect(short.output.length).toBe(0);
      }
      expect(world.next()).toEqual([]);
    }
  });

  it("leaves no trace of views, nor of calls that are only asked", () => {
    for (const { contract, method } of METHODS) {
      const world = new World();
      const readOnly = method.mutability === "write";
      world.raw(contract.address, sampleInput(world, method), { readOnly });
      expect(world.next()).toEqual([]);
    }
  });

  it("takes back what a careless contract writes", () => {
    const world = new World();
    const to = "ee".repeat(20);
    const careless = (mutability: Method["mutability"], result: MethodResult): Method => ({
      signature: "act()",
      returns: "(int32)",
      mutability,
      gas: 0,
      run: ({ state }) => {
        state.set("t", "k", new Uint8Array(1));
        return result;
      },
    });
    const call = (method: Method) => {
      const contract = { name: "careless", address: to, governance: false, methods: [method] };
      const engine = new SystemEngine(world.suite, [contract], []);
      const input = encodeAbiCall(world.suite.hash, "act()", []);
      const base = { caller: ADMIN, origin: ADMIN, to, input, gas: 1000, depth: 0, readOnly: false };
      const { status } = engine.call(base, world.frame());
      return { status, changes: world.overlay.changes().length };
    };
    expect(call(careless("view", returnedCode(0)))).toEqual({ status: 0, changes: 0 });
    expect(call(careless("write", declined(-50_000)))).toEqual({ status: 0, changes: 0 });
    expect(call(careless("write", precompiledError("no")))).toEqual({ status: 15, changes: 0 });
    expect(call(careless("write", returnedCode(0)))).toEqual({ status: 0, changes: 1 });
  });

  it("does the same to the same calls, on every machine", () => {
    const calls = fc.array(
      fc.record({ index: fc.nat({ max: METHODS.length - 1 }), from: fc.nat({ max: 3 }), seed: fc.nat() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(calls, (list) => {
        const run = () => {
          const world = new World();
          const outcomes = list.map(({ index, from, seed }) => {
            const { contract, method } = METHODS[index]!;
            const args = parseAbiSignature(method.signature).map((type, i) => story(type, seed + i));
            return world.call(contract.address, method.signature, args, { from: account(from) });
          });
          return { outcomes, changes: world.next() };
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 40 },
    );
  });

  it("survives any bytes, and changes nothing unless it succeeds", () => {
    const { world, table } = worldWithTable();
    const addresses = [...SYSTEM_CONTRACTS.map(({ address }) => address), table];
    const selectors = METHODS.map(({ method }) => selectorOf(world.suite.hash, method.signature));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.constantFrom(...selectors), fc.uint8Array({ maxLength: 300 })).map(concatBytes),
      // Words, small ones mostly, come closer to arguments.
      fc
        .tuple(fc.constantFrom(...selectors), fc.array(fc.nat({ max: 160 }), { maxLength: 8 }))
        .map(([selector, words]) =>
          concatBytes([
            selector,
            encodeAbi(
              words.map(() => ({ kind: "uint", bits: 256 })),
              words.map(BigInt),
            ),
          ]),
        ),
    );
    const options = fc.record({ gas: fc.constantFrom(0, 500, 20_000, 3_000_000_000), depth: fc.nat({ max: 1 }) });
    fc.assert(
      fc.property(fc.constantFrom(...addresses), bytes, options, (to, input, how) => {
        const outcome = world.raw(to, input, how);
        expect(outcome.gasUsed).toBeLessThanOrEqual(how.gas);
        if (outcome.status !== 0) expect(world.overlay.changes()).toEqual([]);
        world.overlay.revert(0);
      }),
      { numRuns: 5000 },
    );
  });

  it("survives any arguments of the right types, and declines without a trace", () => {
    const { world, table } = worldWithTable();
    const targets = [
      ...METHODS.map(({ contract, method }) => ({ to: contract.address, signature: method.signature })),
      { to: table, signature: "set(string,string)" },
      { to: table, signature: "get(string)" },
    ];
    fc.assert(
      fc.property(fc.constantFrom(...targets), fc.nat(), fc.nat({ max: 3 }), (target, seed, from) => {
        const args = parseAbiSignature(target.signature).map((type, i) => story(type, seed + i));
        const outcome = world.call(target.to, target.signature, args, { from: account(from) });
        const code = outcome.output.length === 32 ? BigInt.asIntN(256, BigInt(`0x${toHex(outcome.output)}`)) : 0n;
        const declined = code < 0n && code > -60_000n;
        if (outcome.status !== 0 || declined) expect(world.overlay.changes()).toEqual([]);
        world.overlay.revert(0);
      }),
      { numRuns: 5000 },
    );
  });
});

const TEXTS = [
  ...["", "/", "/apps/x", "/apps/x/y", "/sys", "t", "/tables/t", "a,b", " x ", "0", "1", "-1", "0xa", "3.7.0"],
  ...["tx_count_limit", "auth_check_status", "compatibility_version", "constructor", "__proto__", "directory", "link"],
  ...[node(0x11), node(0x22), node(0x33), "\u{1f600}", "\u0000", "x".repeat(300), toHex(account(2))],
];
const NUMBERS = [0n, 1n, 2n, 3n, 255n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 256n - 1n];

/** One of the values that mean something to some method. */
function story(type: AbiType, seed: number): AbiValue {
  switch (type.kind) {
    case "uint":
      return BigInt.asUintN(type.bits, NUMBERS[seed % NUMBERS.length]!);
    case "string":
      return TEXTS[seed % TEXTS.length]!;
    case "bool":
      return seed % 2 === 0;
    case "address":
      return seed % 5 === 0 ? kvTableAddress(new World().suite.hash, "/tables/t") : account(seed % 4);
    case "fixedBytes":
      return new Uint8Array(type.size).fill(seed);
    default:
      return new Uint8Array(seed % 100).fill(seed);
  }
}

describe("the records after block 0", () => {
  it("are the same from a configuration and from its text, and hold header 1's sealers", () => {
    const config = genesis({ features: [{ flag: "bugfix_revert", value: 1n }] });
    const records = genesisRecords(config);
    expect(genesisRecords(readGenesis(writeGenesis(config)))).toEqual(records);
    expect(new Set(records.map(({ table, key }) => `${table} ${key}`)).size).toBe(records.length);
    const { nodeIds, weights } = sealersAt(new World(config), 1);
    expect({ nodeIds, weights }).toEqual(genesisSealers(config));
  });

  it("know every contract by a name in /sys", () => {
    const world = new World();
    for (const { address } of SYSTEM_CONTRACTS) {
      expect(
        [...world.records].some(([key, value]) => key.startsWith("s_bfs\n/sys/") && toHex(value) === `01${address}`),
      ).toBe(true);
    }
  });
});
