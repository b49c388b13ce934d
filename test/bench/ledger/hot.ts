/** Payments of the points contract to one account against payments to as many accounts as there are payments. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMPTY_BYTES } from "../../../src/base/bytes.js";
import { encodeAbiCall } from "../../../src/codec/abi/call.js";
import { TRANSACTION_TYPE_FISCO } from "../../../src/codec/fisco/transaction.js";
import { buildTransaction } from "../../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import { encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import type { Suite } from "../../../src/crypto/suite.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { genesisBlock, openLedger } from "../../../src/ledger/opening.js";
import type { LedgerStore } from "../../../src/ledger/store.js";
import { addressOf, POINTS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { createGate, systemEngine } from "../../../src/ledger/system/index.js";
import { profileOf } from "../../../src/node/participant/genesisAnchor.js";
import { openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { type Figure, median, round, seconds } from "../measure.js";
import { BENCH_CHAIN, BLOCK_TRANSACTIONS_MAX, benchGenesis } from "./benchGenesis.js";

const ROUNDS = 5;
const PAYMENTS = 10_000;
/** Accounts that pay in turn, all with more than they spend. */
const PAYERS = 1_000;
const POINTS_EACH = 1_000_000n;
const RATIO_MIN = 0.8;
const ADMIN = accountOf(0xad, 0);
const ONE = accountOf(0xee, 0);

/** A ledger that takes calls with their senders known: no signature is made or recovered. */
class PointsLedger {
  readonly #suite: Suite;
  readonly #ledger: Ledger;
  readonly #store: LedgerStore;
  #nonce = 0;

  constructor(suite: Suite, store: LedgerStore) {
    const genesis = benchGenesis(new Uint8Array(64).fill(7), ADMIN);
    store.commit(genesisBlock(suite, genesis));
    const executor = { engines: [systemEngine(suite)], gate: createGate() };
    this.#suite = suite;
    this.#store = store;
    this.#ledger = openLedger({ suite, profile: profileOf(genesis), genesis, executor, store });
  }

  call(sender: Uint8Array, signature: "issue" | "transfer", to: Uint8Array, amount: bigint): SignedCall {
    const { hash } = this.#suite;
    const input = encodeAbiCall(hash, `${signature}(address,uint256)`, [to, amount]);
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, this.#nonce++);
    const points = addressOf(POINTS_ADDRESS) as Uint8Array;
    const data = buildTransaction({ to: points, input }, { ...BENCH_CHAIN, blockLimit: 500, nonce });
    const transaction = {
      ...{ data, signature: new Uint8Array(65), type: TRANSACTION_TYPE_FISCO, web3Bytes: EMPTY_BYTES },
      ...{ importTime: 0, attribute: 0, extraData: "" },
    };
    const digest = transactionDataHash(hash, data);
    return { transaction, hash: digest, sender, bytes: encodeTransaction(transaction, digest) };
  }

  /** Executed and committed, block after block; calls a second. */
  run(calls: readonly SignedCall[]): number {
    const start = seconds();
    for (let i = 0; i < calls.length; i += BLOCK_TRANSACTIONS_MAX)
      this.#block(calls.slice(i, i + BLOCK_TRANSACTIONS_MAX));
    return calls.length / (seconds() - start);
  }

  #block(calls: readonly SignedCall[]): void {
    const number = this.#ledger.head.header.number + 1;
    const block = this.#ledger.execute({ number, timestamp: number, sealer: 0, calls });
    const write = this.#ledger.seal(block, []);
    // What is fast and refused is no figure.
    if (write.failed > 0) throw new TypeError(`${write.failed} calls failed: ${block.calls[0]?.receipt.message}`);
    this.#store.commit(write);
    this.#ledger.committed(block, []);
  }
}

export async function hotBench(): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-hot-"));
  const store = await openSqliteLedgerStore(join(folder, "ledger.db"));
  try {
    return measure(new PointsLedger(await loadSuite("ecdsa"), store));
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

function measure(ledger: PointsLedger): Figure {
  const payers = Array.from({ length: PAYERS }, (_, i) => accountOf(0xaa, i));
  ledger.run(payers.map((payer) => ledger.call(ADMIN, "issue", payer, POINTS_EACH)));
  const payments = (to: (i: number) => Uint8Array): SignedCall[] =>
    Array.from({ length: PAYMENTS }, (_, i) => ledger.call(payers[i % PAYERS] as Uint8Array, "transfer", to(i), 1n));
  const ratios: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const [spread, hot] = [payments((at) => accountOf(0xcc, at)), payments(() => ONE)];
    const rate = ledger.run(spread);
    const ratio = ledger.run(hot) / rate;
    // The first round warms up, and makes the accounts that are paid later.
    if (i > 0) ratios.push(ratio);
  }
  const value = median(ratios);
  const figure = { bench: "ledger.hot", value: round(value), unit: "ratio", limit: 1, ratio: round(value) };
  return { ...figure, must: `value >= ${RATIO_MIN}`, met: value >= RATIO_MIN };
}

function accountOf(kind: number, index: number): Uint8Array {
  const account = new Uint8Array(20).fill(kind);
  new DataView(account.buffer).setUint32(16, index);
  return account;
}
