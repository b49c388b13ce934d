/** A chain of nothing but state: calls in blocks, each on top of the one before, on the records of a genesis. */
import { fromHex, toHex } from "../../../src/base/bytes.js";
import { encodeAbiCall } from "../../../src/codec/abi/call.js";
import { decodeAbi } from "../../../src/codec/abi/decode.js";
import { type AbiValue, parseAbiTypes } from "../../../src/codec/abi/types.js";
import type { GenesisConfig } from "../../../src/codec/fisco/genesis.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { Suite, SuiteName } from "../../../src/crypto/suite.js";
import type { ContractCall, Engine, Frame, Gate, Outcome } from "../../../src/ledger/engine.js";
import { carryOut } from "../../../src/ledger/execution.js";
import type { RecordChange, StateReader } from "../../../src/ledger/records.js";
import { StateOverlay } from "../../../src/ledger/stateOverlay.js";
import { genesisRecords } from "../../../src/ledger/system/genesisRecords.js";
import { createGate, systemEngine } from "../../../src/ledger/system/index.js";

export const GAS = 3_000_000_000;

/** 20 bytes, told apart by a number. */
export function account(number: number): Uint8Array {
  return fromHex(`${"a0".repeat(16)}${number.toString(16).padStart(8, "0")}`);
}

/** 64 bytes, told apart by a number; as hex, like the contracts take it. */
export function node(number: number): string {
  return number.toString(16).padStart(2, "0").repeat(64);
}

export const ADMIN = account(1);

export function genesis(change: Partial<GenesisConfig> = {}): GenesisConfig {
  return {
    smCrypto: false,
    chainId: "chain0",
    groupId: "group0",
    consensusType: "pbft",
    blockTxCountLimit: 1000n,
    leaderPeriod: 1n,
    compatibilityVersion: "3.6.0",
    gasLimit: 3_000_000_000n,
    isWasm: false,
    isAuthCheck: true,
    authAdminAccount: `0x${toHex(ADMIN)}`,
    isSerialExecute: true,
    epochSealerNum: 4n,
    epochBlockNum: 1000n,
    features: [],
    nodes: [
      { nodeId: fromHex(node(0x22)), weight: 1n },
      { nodeId: fromHex(node(0x11)), weight: 2n },
    ],
    ...change,
  };
}

export interface CallOptions {
  readonly from?: Uint8Array;
  readonly origin?: Uint8Array;
  readonly gas?: number;
  readonly depth?: number;
  readonly readOnly?: boolean;
}

export class World implements StateReader {
  readonly suite: Suite;
  readonly engine: Engine;
  readonly gate: Gate = createGate();
  readonly records = new Map<string, Uint8Array>();
  number = 1;
  overlay: StateOverlay;

  constructor(config: GenesisConfig = genesis(), name: SuiteName = "ecdsa") {
    this.suite = referenceSuite(name);
    this.engine = systemEngine(this.suite);
    this.#apply(genesisRecords(config));
    this.overlay = new StateOverlay(this);
  }

  get(table: string, key: string): Uint8Array | undefined {
    return this.records.get(`${table}\n${key}`);
  }

  frame(): Frame {
    return {
      block: { number: this.number, timestamp: 1_700_000_000_000 + this.number, parentHash: new Uint8Array(32) },
      suite: this.suite,
      hash: this.suite.hash,
      state: this.overlay,
    };
  }

  /** One call in the block that is open. */
  raw(to: string, input: Uint8Array, options: CallOptions = {}): Outcome {
    const caller = options.from ?? ADMIN;
    const call: ContractCall = {
      caller,
      origin: options.origin ?? caller,
      to,
      input,
      gas: options.gas ?? GAS,
      depth: options.depth ?? 0,
      readOnly: options.readOnly ?? false,
    };
    return carryOut({ engines: [this.engine], gate: this.gate }, call, this.frame());
  }

  call(to: string, signature: string, args: readonly AbiValue[], options: CallOptions = {}): Outcome {
    return this.raw(to, encodeAbiCall(this.suite.hash, signature, args), options);
  }

  /** What a call returns, of types like "(bool,string)"; only for one that succeeds. */
  ask(to: string, signature: string, args: readonly AbiValue[], types: string, options: CallOptions = {}): AbiValue[] {
    const outcome = this.call(to, signature, args, options);
    if (outcome.status !== 0) throw new TypeError(`status ${outcome.status}: ${outcome.message}`);
    return decodeAbi(parseAbiTypes(types), outcome.output);
  }

  /** The code that a writing call returns. */
  code(to: string, signature: string, args: readonly AbiValue[], options: CallOptions = {}): number {
    return Number(this.ask(to, signature, args, "(int256)", options)[0]);
  }

  /** Closes the open block and opens the next one. */
  next(): RecordChange[] {
    const changes = this.overlay.changes();
    this.#apply(changes);
    this.number++;
    this.overlay = new StateOverlay(this);
    return changes;
  }

  #apply(changes: readonly RecordChange[]): void {
    for (const { table, key, value } of changes) {
      if (value === undefined) this.records.delete(`${table}\n${key}`);
      else this.records.set(`${table}\n${key}`, value);
    }
  }
}
