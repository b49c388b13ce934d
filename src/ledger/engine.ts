/**
 * The port of a contract engine. The system contracts are one; the EVM joins as another. An engine is synchronous and
 * deterministic: the same call on the same state gives the same outcome on every participant, on every machine.
 */
import type { LogEntry } from "../codec/fisco/receipt.js";
import type { HashFunction } from "../crypto/hashFunction.js";
import type { Suite } from "../crypto/suite.js";
import type { StateOverlay } from "./stateOverlay.js";

/** What of a block its transactions can see. */
export interface BlockContext {
  readonly number: number;
  /** Milliseconds since 1970, from the header. */
  readonly timestamp: number;
  /** Hash of the block below. */
  readonly parentHash: Uint8Array;
}

export interface ContractCall {
  /** 20 bytes: the account or contract that calls. */
  readonly caller: Uint8Array;
  /** 20 bytes: the account that signed the transaction. */
  readonly origin: Uint8Array;
  /** 40 hex digits in lower case without 0x; "" deploys. */
  readonly to: string;
  readonly input: Uint8Array;
  /** What the call may use up at most. */
  readonly gas: number;
  /** 0 for the call of a transaction, one more for every call of a contract by a contract. */
  readonly depth: number;
  /** `call` of JSON-RPC: nothing of it stays. */
  readonly readOnly: boolean;
}

/** Status of a receipt, FISCO's numbers (bcos-framework/protocol/TransactionStatus.h). */
export const STATUS = {
  success: 0,
  unknown: 1,
  outOfGas: 12,
  precompiledError: 15,
  revert: 16,
  permissionDenied: 18,
  callAddressError: 19,
  contractFrozen: 21,
  accountFrozen: 22,
  accountAbolished: 23,
  contractAbolished: 24,
} as const;

export interface Outcome {
  readonly status: number;
  readonly output: Uint8Array;
  readonly gasUsed: number;
  readonly logs: readonly LogEntry[];
  /** 40 hex digits of a new contract, or "". */
  readonly contractAddress: string;
  /** For people; not in any hash. */
  readonly message: string;
}

/** What an engine works with during one transaction. */
export interface Frame {
  readonly block: BlockContext;
  readonly suite: Suite;
  readonly hash: HashFunction;
  /** Everything an engine writes goes here; the executor takes it back when the call fails. */
  readonly state: StateOverlay;
}

export interface Engine {
  /** For errors and `status`: "system", "evm". */
  readonly name: string;
  /** Whether calls to this address are its own. `""`, a deployment, belongs to at most one engine. */
  serves(to: string, state: StateOverlay): boolean;
  /**
   * Carries out a call. What a contract refuses is an outcome with a status; only a mistake of the engine itself throws.
   */
  call(call: ContractCall, frame: Frame): Outcome;
}

/** What governance says before any engine is asked. */
export interface Gate {
  /** The outcome that takes the place of the call, or undefined where nothing speaks against it. */
  refuse(call: ContractCall, frame: Frame): Outcome | undefined;
}
