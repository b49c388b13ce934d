/**
 * The engine of the system contracts: contracts of this program, called like Solidity contracts. Every call goes through
 * the same checks in the same order: address, depth, selector, gas, arguments; then its handler; then gas of the output.
 */
import { EMPTY_BYTES, toHex } from "../../base/bytes.js";
import { SELECTOR_BYTES, selectorOf } from "../../codec/abi/call.js";
import { decodeAbi } from "../../codec/abi/decode.js";
import { encodeAbi } from "../../codec/abi/encode.js";
import { type AbiType, type AbiValue, parseAbiSignature, parseAbiTypes } from "../../codec/abi/types.js";
import type { LogEntry } from "../../codec/fisco/receipt.js";
import { AbiError } from "../../codec/problems.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Suite } from "../../crypto/suite.js";
import { type ContractCall, type Engine, type Frame, type Outcome, STATUS } from "../engine.js";
import { failed } from "../execution.js";
import type { StateOverlay } from "../stateOverlay.js";
import {
  CALL_OUTPUT_BYTES_MAX,
  GAS_PER_FURTHER_READ,
  GAS_PER_INPUT_BYTE,
  GAS_PER_OUTPUT_BYTE,
  OUTPUT_BYTES_MAX,
  READS_INCLUDED,
} from "./gas.js";
import type { Method, MethodResult, SystemContract } from "./method.js";

/** Contracts that come into being by transactions, all alike; which addresses are theirs stands in the state. */
export interface ContractFamily {
  readonly contract: SystemContract;
  has(address: string, state: StateOverlay): boolean;
}

interface CompiledMethod {
  readonly method: Method;
  readonly inputs: readonly AbiType[];
  readonly outputs: readonly AbiType[];
}

interface CompiledContract {
  readonly contract: SystemContract;
  /** By selector in hex. */
  readonly methods: ReadonlyMap<string, CompiledMethod>;
}

export class SystemEngine implements Engine {
  readonly name = "system";
  readonly #contracts: ReadonlyMap<string, CompiledContract>;
  readonly #families: readonly { readonly family: ContractFamily; readonly compiled: CompiledContract }[];

  constructor(suite: Suite, contracts: readonly SystemContract[], families: readonly ContractFamily[]) {
    this.#contracts = new Map(contracts.map((contract) => [contract.address, compile(suite.hash, contract)]));
    this.#families = families.map((family) => ({ family, compiled: compile(suite.hash, family.contract) }));
  }

  serves(to: string, state: StateOverlay): boolean {
    return this.#contractAt(to, state) !== undefined;
  }

  call(call: ContractCall, frame: Frame): Outcome {
    const compiled = this.#contractAt(call.to, frame.state);
    if (compiled === undefined) return failed(STATUS.callAddressError, "there is no system contract at this address");
    if (compiled.contract.governance && call.depth > 0) {
      return failed(STATUS.revert, `${compiled.contract.name} takes calls of accounts only`);
    }
    const found = compiled.methods.get(toHex(call.input.subarray(0, SELECTOR_BYTES)));
    if (found === undefined) {
      return failed(STATUS.precompiledError, `${compiled.contract.name} has no such method`, inputGas(call));
    }
    const gas = found.method.gas + inputGas(call);
    if (gas > call.gas) return outOfGas(call);
    const args = argumentsOf(found, call.input);
    if (args === undefined) {
      return failed(STATUS.precompiledError, `the arguments do not fit ${found.method.signature}`, gas);
    }
    return carryOut(found, args, gas, call, frame);
  }

  #contractAt(to: string, state: StateOverlay): CompiledContract | undefined {
    const fixed = this.#contracts.get(to);
    if (fixed !== undefined || to === "") return fixed;
    return this.#families.find(({ family }) => family.has(to, state))?.compiled;
  }
}

function compile(hash: HashFunction, contract: SystemContract): CompiledContract {
  const methods = new Map<string, CompiledMethod>();
  for (const method of contract.methods) {
    const { signature, returns } = method;
    const compiled = { method, inputs: parseAbiSignature(signature), outputs: parseAbiTypes(returns) };
    methods.set(toHex(selectorOf(hash, signature)), compiled);
  }
  return { contract, methods };
}

function inputGas({ input, gas }: ContractCall): number {
  return Math.min(gas, input.length * GAS_PER_INPUT_BYTE);
}

function argumentsOf({ inputs }: CompiledMethod, input: Uint8Array): AbiValue[] | undefined {
  try {
    return decodeAbi(inputs, input.subarray(SELECTOR_BYTES));
  } catch (thrown) {
    if (thrown instanceof AbiError) return undefined;
    throw thrown;
  }
}

function carryOut(
  { method, outputs }: CompiledMethod,
  args: readonly AbiValue[],
  gas: number,
  call: ContractCall,
  frame: Frame,
): Outcome {
  const paid = Math.floor((call.gas - gas) / GAS_PER_OUTPUT_BYTE);
  const limit = call.readOnly ? CALL_OUTPUT_BYTES_MAX : OUTPUT_BYTES_MAX;
  const outputBytesMax = Math.min(paid, limit);
  const { caller, origin, to: address } = call;
  const checkpoint = frame.state.checkpoint();
  const readsBefore = frame.state.reads;
  const result = method.run({ caller, origin, address, ...frame, outputBytesMax }, args);
  const spent = gas + readGas(frame.state.reads - readsBefore);
  // Who calls an engine takes back what a failed call wrote; a view and a declined call succeed and must not write either.
  if (method.mutability === "view" || result.kind !== "returned") frame.state.revert(checkpoint);
  const outcome = outcomeOf(result, outputs, spent, outputBytesMax);
  if (outcome !== undefined) return outcome.gasUsed > call.gas ? outOfGas(call) : outcome;
  return paid < limit
    ? outOfGas(call)
    : failed(STATUS.precompiledError, `the output is longer than ${limit} bytes`, spent);
}

function readGas(reads: number): number {
  return Math.max(0, reads - READS_INCLUDED) * GAS_PER_FURTHER_READ;
}

/** Undefined where the output is too long. */
function outcomeOf(
  result: MethodResult,
  outputs: readonly AbiType[],
  gas: number,
  outputBytesMax: number,
): Outcome | undefined {
  switch (result.kind) {
    case "failed":
      return failed(result.status, result.message, gas);
    case "tooLong":
      return undefined;
    case "declined":
    case "returned": {
      const output = outputs.length === 0 ? EMPTY_BYTES : encodeAbi(outputs, result.values);
      if (output.length > outputBytesMax) return undefined;
      const gasUsed = gas + output.length * GAS_PER_OUTPUT_BYTE;
      return succeeded(output, gasUsed, result.kind === "returned" ? result.logs : []);
    }
  }
}

function succeeded(output: Uint8Array, gasUsed: number, logs: readonly LogEntry[]): Outcome {
  return { status: STATUS.success, output, gasUsed, logs, contractAddress: "", message: "" };
}

function outOfGas({ gas }: ContractCall): Outcome {
  return failed(STATUS.outOfGas, "the gas does not suffice", gas);
}
