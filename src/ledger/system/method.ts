/**
 * A method of a system contract as data: how it is called, what it costs, what it returns, what it does. The engine does
 * everything else: gas, selectors, decoding, encoding, taking back what a refused call wrote.
 */
import type { AbiValue } from "../../codec/abi/types.js";
import type { LogEntry } from "../../codec/fisco/receipt.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Suite } from "../../crypto/suite.js";
import { type BlockContext, STATUS } from "../engine.js";
import type { StateOverlay } from "../stateOverlay.js";

/** What a method sees of its call. */
export interface MethodCall {
  /** 20 bytes each. */
  readonly caller: Uint8Array;
  readonly origin: Uint8Array;
  /** The contract that is called, 40 hex digits. */
  readonly address: string;
  readonly block: BlockContext;
  readonly suite: Suite;
  readonly hash: HashFunction;
  readonly state: StateOverlay;
  /** Bytes of output that the gas pays for and the engine takes; a method that gathers stops there (`tooLong`). */
  readonly outputBytesMax: number;
}

export type MethodResult =
  /** Done; `values` are of the types the method returns. */
  | { readonly kind: "returned"; readonly values: readonly AbiValue[]; readonly logs: readonly LogEntry[] }
  /** A code of FISCO's in place of a result: receipt status 0, and nothing written. */
  | { readonly kind: "declined"; readonly values: readonly AbiValue[] }
  /** A receipt status other than 0. */
  | { readonly kind: "failed"; readonly status: number; readonly message: string }
  | { readonly kind: "tooLong" };

export interface Method {
  /** Canonical, as the selector is made of: "get(string)". */
  readonly signature: string;
  /** Types of the results in parentheses: "(bool,string)". */
  readonly returns: string;
  /** A view leaves no change, whatever it does. */
  readonly mutability: "view" | "write";
  /** Fixed part of the cost (gas.ts). */
  readonly gas: number;
  run(call: MethodCall, args: readonly AbiValue[]): MethodResult;
}

export interface SystemContract {
  readonly name: string;
  /** 40 hex digits. */
  readonly address: string;
  /** Decides about the chain itself, so no contract may call it on somebody's behalf. */
  readonly governance: boolean;
  readonly methods: readonly Method[];
}

type ValueOf<T extends string> = T extends "string"
  ? string
  : T extends "bool"
    ? boolean
    : T extends "address" | `bytes${string}`
      ? Uint8Array
      : T extends `uint${string}` | `int${string}`
        ? bigint
        : never;
type ValuesOf<List extends string> = List extends ""
  ? []
  : List extends `${infer First},${infer Rest}`
    ? [ValueOf<First>, ...ValuesOf<Rest>]
    : [ValueOf<List>];
type ArgumentsOf<Signature extends string> = Signature extends `${string}(${infer List})` ? ValuesOf<List> : never;

/** A method whose handler gets the arguments its signature names, in their own types. */
export function method<Signature extends string>(description: {
  readonly signature: Signature;
  readonly returns: string;
  readonly mutability: Method["mutability"];
  readonly gas: number;
  readonly run: (call: MethodCall, ...args: ArgumentsOf<Signature>) => MethodResult;
}): Method {
  // The engine hands over what it decoded by this very signature.
  return { ...description, run: (call, args) => description.run(call, ...(args as ArgumentsOf<Signature>)) };
}

export function returned(values: readonly AbiValue[], logs: readonly LogEntry[] = []): MethodResult {
  return { kind: "returned", values, logs };
}

/** One integer, as most writing methods of FISCO return. */
export function returnedCode(code: number): MethodResult {
  return returned([BigInt(code)]);
}

/** @param more what the method returns behind its code */
export function declined(code: number, ...more: readonly AbiValue[]): MethodResult {
  return { kind: "declined", values: [BigInt(code), ...more] };
}

/** What FISCO throws as PrecompiledError. The sentence is for people and in no hash. */
export function precompiledError(message: string): MethodResult {
  return { kind: "failed", status: STATUS.precompiledError, message };
}
