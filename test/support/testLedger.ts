/** A ledger that a test drives by hand: block by block, with a small engine of its own beside the system contracts. */
import { fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { encodeAbiCall } from "../../src/codec/abi/call.js";
import type { AbiValue } from "../../src/codec/abi/types.js";
import type { GenesisConfig } from "../../src/codec/fisco/genesis.js";
import type { HeaderSignature } from "../../src/codec/fisco/header.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { encodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import type { Profile } from "../../src/codec/profile.js";
import type { SoftSigner, Suite, SuiteName } from "../../src/crypto/suite.js";
import { type ContractCall, type Engine, type Frame, type Outcome, STATUS } from "../../src/ledger/engine.js";
import { failed, type SignedCall } from "../../src/ledger/execution.js";
import type { ExecutedBlock, Ledger } from "../../src/ledger/ledger.js";
import { genesisBlock, type OpenLedgerOptions, openLedger } from "../../src/ledger/opening.js";
import type { BlockWrite, LedgerStore } from "../../src/ledger/store.js";
import { createGate, systemEngine } from "../../src/ledger/system/index.js";
import { profileOf } from "../../src/node/participant/genesisAnchor.js";
import { MemoryLedgerStore } from "../../src/store/ledger/memoryLedgerStore.js";
import { cryptoOf } from "./chains.js";

/** Where the test engine's only contract lives. */
export const NOTES = "ee".repeat(20);
export const NOTES_TABLE = "t_notes";
export const AMOUNTS_TABLE = "t_amounts";
export const LEDGER_TIME = Date.UTC(2026, 6, 1);
export const LEDGER_INTERVAL_MS = 1_000;
export const NOTE_GAS = 100;

export type NoteOperation =
  | readonly ["set", key: string, text: string]
  /** Into a table that is not its own. */
  | readonly ["put", table: string, key: string, text: string]
  | readonly ["delete", key: string]
  /** Writes what it sees of its block and call. */
  | readonly ["stamp", key: string]
  | readonly ["add", account: string, amount: number]
  | readonly ["log", text: string]
  | readonly ["fail", status: number]
  | readonly ["throw"];

/** Carries out a list of operations, written as JSON; "fail" ends it with a status after all that came before. */
export const notesEngine: Engine = {
  name: "notes",
  serves: (to) => to === NOTES,
  call(call: ContractCall, frame: Frame): Outcome {
    const logs: { address: string; topics: Uint8Array[]; data: Uint8Array }[] = [];
    for (const operation of JSON.parse(new TextDecoder().decode(call.input)) as NoteOperation[]) {
      const [what] = operation;
      if (what === "set") frame.state.set(NOTES_TABLE, operation[1], utf8Bytes(operation[2]));
      else if (what === "put") frame.state.set(operation[1], operation[2], utf8Bytes(operation[3]));
      else if (what === "delete") frame.state.delete(NOTES_TABLE, operation[1]);
      else if (what === "stamp") frame.state.set(NOTES_TABLE, operation[1], utf8Bytes(stampOf(call, frame)));
      else if (what === "add") frame.state.addAmount(AMOUNTS_TABLE, operation[1], BigInt(operation[2]));
      else if (what === "log") logs.push({ address: `0x${NOTES}`, topics: [], data: utf8Bytes(operation[1]) });
      else if (what === "throw") throw new TypeError("a mistake of the engine");
      else return { ...failed(operation[1], "as asked", NOTE_GAS), logs };
    }
    const output = frame.state.get(NOTES_TABLE, "answer") ?? new Uint8Array(0);
    return { status: STATUS.success, output, gasUsed: NOTE_GAS, logs, contractAddress: "", message: "" };
  },
};

function stampOf({ readOnly }: ContractCall, { block }: Frame): string {
  return `${block.number} ${block.timestamp} ${toHex(block.parentHash)} ${readOnly}`;
}

let nextNonce = 1;

export interface CallOptions {
  readonly suite?: SuiteName;
  /** Left out: one that no other call has. */
  readonly nonce?: string;
  readonly blockLimit?: number;
  readonly version?: number;
}

/** A call whose signature nobody looks at: an executor is told who the sender is. */
export function unsignedCall(
  suite: Suite,
  sender: Uint8Array,
  to: string,
  input: Uint8Array,
  { nonce = (nextNonce++).toString(16).padStart(32, "0"), blockLimit = 500, version = 0 }: CallOptions = {},
): SignedCall {
  const transaction = {
    data: {
      ...{ version, chainId: "chain0", groupId: "group0", blockLimit, nonce, to: to === "" ? "" : `0x${to}` },
      ...{ input, abi: "", value: "", gasPrice: "", gasLimit: 0n, maxFeePerGas: "", maxPriorityFeePerGas: "" },
      extension: new Uint8Array(0),
    },
    signature: new Uint8Array(suite.transactionSignatureBytes).fill(1),
    ...{ type: 0, web3Bytes: new Uint8Array(0), importTime: 0, attribute: 0, extraData: "" },
  };
  const hash = transactionDataHash(suite.hash, transaction.data);
  return { transaction, hash, sender, bytes: new Uint8Array(encodeTransaction(transaction, hash)) };
}

export interface TestLedgerOptions {
  readonly suite?: SuiteName;
  readonly sealers?: number;
  readonly store?: LedgerStore;
  readonly snapshots?: OpenLedgerOptions["snapshots"];
  readonly genesis?: Partial<GenesisConfig>;
}

export function sealerSecret(index: number): Uint8Array {
  return new Uint8Array(32).fill(index + 1);
}

export class TestLedger {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  readonly genesis: GenesisConfig;
  readonly profile: Profile;
  readonly store: LedgerStore;
  readonly admin = fromHex("ad".repeat(20));
  ledger: Ledger;
  readonly #secrets = new Map<string, Uint8Array>();

  private constructor({ suite, signer }: { suite: Suite; signer: SoftSigner }, options: TestLedgerOptions) {
    this.suite = suite;
    this.signer = signer;
    const nodeIds = Array.from({ length: options.sealers ?? 1 }, (_, i) => this.knowSealer(i));
    this.genesis = {
      smCrypto: suite.name === "sm",
      ...{ chainId: "chain0", groupId: "group0", consensusType: "pbft", compatibilityVersion: "3.3.0" },
      ...{ blockTxCountLimit: 1000n, leaderPeriod: 1n, gasLimit: 3_000_000_000n, isWasm: false },
      ...{ isAuthCheck: true, authAdminAccount: `0x${toHex(this.admin)}`, isSerialExecute: true, features: [] },
      nodes: nodeIds.map((nodeId) => ({ nodeId, weight: 1n })),
      ...options.genesis,
    };
    this.profile = profileOf(this.genesis);
    this.store = options.store ?? new MemoryLedgerStore();
    if (this.store.head() === undefined) this.store.commit(genesisBlock(suite, this.genesis));
    this.ledger = this.open(options.snapshots);
  }

  static async make(options: TestLedgerOptions = {}): Promise<TestLedger> {
    return new TestLedger(await cryptoOf(options.suite ?? "ecdsa"), options);
  }

  /** What a start makes of the store as it is now. */
  open(snapshots?: OpenLedgerOptions["snapshots"], store: LedgerStore = this.store): Ledger {
    const executor = { engines: [systemEngine(this.suite), notesEngine], gate: createGate() };
    const { suite, profile, genesis } = this;
    return openLedger({ suite, profile, genesis, executor, store, ...(snapshots === undefined ? {} : { snapshots }) });
  }

  reopen(snapshots?: OpenLedgerOptions["snapshots"]): void {
    this.ledger = this.open(snapshots);
  }

  /** Makes a key; blocks of a list with it are signed by it from now on. */
  knowSealer(index: number): Uint8Array {
    const secret = sealerSecret(index);
    const nodeId = this.signer.publicKey(secret);
    this.#secrets.set(toHex(nodeId), secret);
    return nodeId;
  }

  notes(...operations: readonly NoteOperation[]): SignedCall {
    return this.notesOf(operations);
  }

  notesOf(operations: readonly NoteOperation[], options: CallOptions = {}): SignedCall {
    return unsignedCall(this.suite, this.admin, NOTES, utf8Bytes(JSON.stringify(operations)), options);
  }

  /** Of a system contract, by the account that may govern. */
  system(to: string, signature: string, values: readonly AbiValue[], sender = this.admin): SignedCall {
    return unsignedCall(this.suite, sender, to, encodeAbiCall(this.suite.hash, signature, values));
  }

  execute(calls: readonly SignedCall[], timestamp?: number): ExecutedBlock {
    const number = this.ledger.head.header.number + 1;
    const time = timestamp ?? LEDGER_TIME + number * LEDGER_INTERVAL_MS;
    return this.ledger.execute({ number, timestamp: time, sealer: 0, calls });
  }

  /** By all sealers of the block. */
  sign({ header, hash }: ExecutedBlock): HeaderSignature[] {
    return header.sealers.nodeIds.map((nodeId, sealerIndex) => {
      const secret = this.#secrets.get(toHex(nodeId));
      if (secret === undefined) throw new TypeError("a sealer whose key nobody has");
      return { sealerIndex, signature: this.signer.signHeader(secret, hash) };
    });
  }

  seal(calls: readonly SignedCall[], timestamp?: number): { write: BlockWrite; finish: () => HashedHeader } {
    const block = this.execute(calls, timestamp);
    const signatures = this.sign(block);
    return { write: this.ledger.seal(block, signatures), finish: () => this.ledger.committed(block, signatures) };
  }

  /** All steps of one block. */
  block(calls: readonly SignedCall[], timestamp?: number): HashedHeader {
    const { write, finish } = this.seal(calls, timestamp);
    this.store.commit(write);
    return finish();
  }

  note(key: string): string | undefined {
    const value = this.ledger.state.get(NOTES_TABLE, key);
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }
}

/** Code of what is thrown, "none" where nothing is. */
export function thrownCode(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  }
}
