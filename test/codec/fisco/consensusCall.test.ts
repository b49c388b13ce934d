import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import {
  type ConsensusCall,
  decodeConsensusCall,
  encodeConsensusCall,
} from "../../../src/codec/fisco/consensusCall.js";
import { codeThrownBy, SUITES } from "./vectors.js";

const nodeId = new Uint8Array(64).map((_, i) => i + 1);
const keccak = SUITES.ecdsa.hash;
const sm3 = SUITES.sm.hash;

const CALLS: readonly ConsensusCall[] = [
  { method: "addSealer", nodeId, weight: 1n },
  { method: "addSealer", nodeId, weight: 100n, termWeight: 5n },
  { method: "addObserver", nodeId },
  { method: "remove", nodeId },
  { method: "setWeight", nodeId, weight: 2n ** 63n - 1n },
  { method: "setTermWeight", nodeId, weight: 0n },
];

describe("calls of the consensus contract", () => {
  for (const call of CALLS) {
    it(`carry ${call.method} through on both suites`, () => {
      for (const hash of [keccak, sm3]) {
        expect(decodeConsensusCall(hash, encodeConsensusCall(hash, call))).toEqual(call);
      }
      expect(codeThrownBy(() => decodeConsensusCall(sm3, encodeConsensusCall(keccak, call)))).toBe(
        "CONSENSUS_CALL_SELECTOR",
      );
    });
  }

  it("have the layout of the contract ABI", () => {
    const input = encodeConsensusCall(keccak, CALLS[0] as ConsensusCall);
    const word = (value: number): string => value.toString(16).padStart(64, "0");
    const selector = toHex(keccak(utf8Bytes("addSealer(string,uint256)")).subarray(0, 4));
    const digits = toHex(utf8Bytes(toHex(nodeId)));
    expect(toHex(input)).toBe(`${selector}${word(64)}${word(1)}${word(128)}${digits}`);
  });

  it("take upper-case digits, as the contract lowers them", () => {
    const input = encodeConsensusCall(keccak, CALLS[2] as ConsensusCall);
    const upper = concatBytes([input.subarray(0, 68), utf8Bytes(toHex(nodeId).toUpperCase())]);
    expect(decodeConsensusCall(keccak, upper)).toEqual(CALLS[2]);
  });

  const good = encodeConsensusCall(keccak, CALLS[0] as ConsensusCall);
  const altered = (offset: number, hex: string): Uint8Array => {
    const bytes = good.slice();
    bytes.set(fromHex(hex), offset);
    return bytes;
  };
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ["CONSENSUS_CALL_SELECTOR", new Uint8Array(0)],
    ["CONSENSUS_CALL_SELECTOR", good.subarray(0, 3)],
    ["CONSENSUS_CALL_SELECTOR", altered(0, "00000000")],
    ["CONSENSUS_CALL_LENGTH", good.subarray(0, 4)],
    ["CONSENSUS_CALL_LENGTH", good.subarray(0, good.length - 1)],
    ["CONSENSUS_CALL_LENGTH", concatBytes([good, new Uint8Array(32)])],
    ["CONSENSUS_CALL_ARGUMENTS", altered(4, "01")],
    ["CONSENSUS_CALL_ARGUMENTS", altered(4 + 31, "20")],
    ["CONSENSUS_CALL_ARGUMENTS", altered(4 + 64 + 31, "81")],
    ["CONSENSUS_CALL_NODE_ID", altered(4 + 96, "67")],
    ["CONSENSUS_CALL_NODE_ID", altered(4 + 96, "3078")],
    ["CONSENSUS_CALL_WEIGHT", altered(4 + 32, "01")],
    ["CONSENSUS_CALL_WEIGHT", altered(4 + 56, "8000000000000000")],
  ];
  for (const [index, [code, input]] of broken.entries()) {
    it(`are refused with ${code} (${index})`, () =>
      expect(codeThrownBy(() => decodeConsensusCall(keccak, input))).toBe(code));
  }

  it("are not written out of range", () => {
    const call: ConsensusCall = { method: "setWeight", nodeId, weight: 2n ** 63n };
    expect(codeThrownBy(() => encodeConsensusCall(keccak, call))).toBe("CONSENSUS_CALL_WEIGHT");
    const short: ConsensusCall = { method: "remove", nodeId: nodeId.slice(1) };
    expect(codeThrownBy(() => encodeConsensusCall(keccak, short))).toBe("CONSENSUS_CALL_NODE_ID");
  });

  it("throw nothing but their own errors, and have one encoding", () => {
    const mutated = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = good.slice();
      bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (input) => {
        const code = codeThrownBy(() => {
          const call = decodeConsensusCall(keccak, input);
          const again = new TextDecoder("latin1").decode(encodeConsensusCall(keccak, call));
          expect(again.slice(100)).toBe(new TextDecoder("latin1").decode(input).slice(100).toLowerCase());
        });
        expect(code).toMatch(/^CONSENSUS_CALL_|^NOTHING_THROWN$/);
      }),
      { numRuns: 3000 },
    );
  });
});
