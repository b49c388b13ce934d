/**
 * A participant under a stream of transactions, killed again and again: what it answered with a receipt is in the chain, and
 * the chain is one chain. `EDGESEAL_SOAK=10` kills ten times as often.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createKeyFile } from "../../../hsm/keystore/keystore.js";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { to0x, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { Committees } from "../../../src/chain/committee.js";
import { type Trusted, verifyAdjacent } from "../../../src/chain/verify.js";
import { encodeAbiCall } from "../../../src/codec/abi/call.js";
import { type GenesisConfig, genesisHeader, genesisSealers } from "../../../src/codec/fisco/genesis.js";
import { assembleTransaction, buildTransaction } from "../../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import { merkleRoot } from "../../../src/crypto/merkle.js";
import { openLedger } from "../../../src/ledger/opening.js";
import { addressOf, TABLE_MANAGER_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { createGate, systemEngine } from "../../../src/ledger/system/index.js";
import { kvRowTable, kvTableAddress } from "../../../src/ledger/system/kvTables.js";
import { genesisAnchor, profileOf } from "../../../src/node/participant/genesisAnchor.js";
import { SnapshotKeeper } from "../../../src/node/participant/snapshotKeeper.js";
import { StoredBlocks } from "../../../src/node/participant/storedBlocks.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import { guardChainOf, openGuardStore } from "../../../src/node/signing/openKey.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../src/store/ledger/sqliteLedgerStore.js";
import { cryptoOf, rulesOf } from "../../support/chains.js";
import { type CompiledModules, compileModules } from "../../support/compiledModules.js";

const SOAK = Math.max(1, Number(process.env.EDGESEAL_SOAK ?? 1));
const KILLS = 20 * SOAK;
const SNAPSHOT_EVERY = 20;
const SENDERS = 6;
/** The kill comes at most so long after the participant is ready. */
const LIFE_MS_MAX = 400;
const BLOCK_LIMIT_AHEAD = 1_000;
const PASSPHRASE = "correct horse";
const TABLE = "/tables/t_kill";
const MAIN = "test/node/participant/children/participantMain";
/** FISCO's numbers for "this is here already", and for "its time is over", which a fast chain may say first. */
const KNOWN_CODES = [10_000, 10_001, 10_004, 10_005];

const { suite, signer } = await cryptoOf("ecdsa");
const random = new SeededRandom(41);
let folder: string;
let child: CompiledModules;
let genesis: GenesisConfig;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  child = compileModules([MAIN]);
  folder = mkdtempSync(join(tmpdir(), "edgeseal-participant-killed-"));
  const publicKey = await createKeyFile(join(folder, "sealer.json"), "secp256k1", utf8Bytes(PASSPHRASE), random);
  genesis = {
    ...{ smCrypto: false, chainId: "chain0", groupId: "group0", consensusType: "pbft", blockTxCountLimit: 1_000n },
    ...{ leaderPeriod: 1n, compatibilityVersion: "3.3.0", gasLimit: 3_000_000_000n, isWasm: false, isAuthCheck: false },
    ...{ authAdminAccount: to0x(new Uint8Array(20).fill(1)), isSerialExecute: true, features: [] },
    nodes: [{ nodeId: publicKey, weight: 1n }],
  };
  writeFileSync(join(folder, "genesis.txt"), genesisHeader(genesis).extraData);
  const store = await openGuardStore(folder);
  const id = { chain: guardChainOf(genesisAnchor(genesis, suite, 0), suite.hash).id, publicKey };
  await advanceHistory(store, id, { suite: "ecdsa", family: "sealer", to: { height: 0 }, anchor: undefined });
  store.close();
}, 60_000);
afterAll(() => {
  for (const each of running) each.kill("SIGKILL");
  child.remove();
  rmSync(folder, { recursive: true, force: true });
});

class Life {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  said = "";

  constructor() {
    const words = [child.path(MAIN), folder, PASSPHRASE, String(SNAPSHOT_EVERY)];
    this.child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    running.add(this.child);
    this.ended = once(this.child, "exit").finally(() => running.delete(this.child));
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
    });
  }

  /** Where its JSON-RPC listens. */
  async ready(): Promise<string> {
    for (;;) {
      const [, url] = /^ready (.*)$/m.exec(this.said) ?? [];
      if (url !== undefined) return url;
      const more = once(this.child.stdout as NodeJS.ReadableStream, "data");
      const how = await Promise.race([more, this.ended.then(() => undefined)]);
      if (how === undefined) throw new Error(`ended before it was ready: ${this.said}`);
    }
  }

  async end(signal: NodeJS.Signals): Promise<unknown[]> {
    this.child.kill(signal);
    return await this.ended;
  }
}

interface Sent {
  readonly bytes: Uint8Array;
  readonly key: string;
  readonly value: string;
  readonly nonce: string;
  /** Block of the receipt it was answered with. */
  block?: number;
}

const sent = new Map<string, Sent>();
/** Sent and not answered. */
const open = new Set<string>();
let made = 0;
let highest = 0;

function makeTransaction(to: Uint8Array, input: Uint8Array, key = "", value = ""): string {
  const nonce = new Uint8Array(16);
  new DataView(nonce.buffer).setUint32(12, ++made);
  const frame = { chainId: "chain0", groupId: "group0", blockLimit: highest + BLOCK_LIMIT_AHEAD, nonce };
  const data = buildTransaction({ to, input }, frame);
  const secret = new Uint8Array(32).fill(1 + (made % SENDERS));
  const signature = signer.signTransaction(secret, transactionDataHash(suite.hash, data));
  const { bytes, hash } = assembleTransaction(suite, data, signature);
  sent.set(toHex(hash), { bytes, key, value, nonce: toHex(nonce) });
  open.add(toHex(hash));
  return toHex(hash);
}

function nextWrite(): string {
  const [key, value] = [`k${made % 97}`, `v${made}`];
  const input = encodeAbiCall(suite.hash, "set(string,string)", [key, value]);
  return makeTransaction(kvTableAddress(suite.hash, TABLE), input, key, value);
}

/** @returns false when the participant is gone. */
async function send(url: string, hash: string, again: boolean): Promise<boolean> {
  const transaction = sent.get(hash) as Sent;
  const params = ["group0", "", to0x(transaction.bytes), false];
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "sendTransaction", params });
  let answer: { result?: { blockNumber: number; status: number; transactionHash: string }; error?: { code: number } };
  try {
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    answer = (await response.json()) as typeof answer;
  } catch {
    return false;
  }
  if (answer.result === undefined) {
    // Whoever asks again may hear that it is there already; whoever asks first may not.
    if (!again || !KNOWN_CODES.includes(answer.error?.code ?? 0)) throw new Error(JSON.stringify(answer));
    open.delete(hash);
    return true;
  }
  expect(answer.result).toMatchObject({ status: 0, transactionHash: `0x${hash}` });
  transaction.block = answer.result.blockNumber;
  highest = Math.max(highest, transaction.block);
  open.delete(hash);
  return true;
}

async function stream(url: string, sender: number): Promise<void> {
  // What the last life left unanswered comes again, but not all of it.
  for (const hash of [...open].filter((_, i) => i % SENDERS === sender && i % 3 !== 0)) {
    if (!(await send(url, hash, true))) return;
  }
  while (await send(url, nextWrite(), false));
}

it(
  `is one chain with everything that was answered, over ${KILLS} kills`,
  async () => {
    const pauses: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const life = new Life();
      const url = await life.ready();
      if (kill === 0) {
        const create = ["createKVTable(string,string,string)", ["t_kill", "id", "value"]] as const;
        const input = encodeAbiCall(suite.hash, ...create);
        const to = addressOf(TABLE_MANAGER_ADDRESS) as Uint8Array;
        expect(await send(url, makeTransaction(to, input), false)).toBe(true);
      }
      const streams = Promise.all(Array.from({ length: SENDERS }, (_, i) => stream(url, i)));
      const [high = 0, low = 0] = random.bytes(2);
      const pause = ((high * 256 + low) / 65_536) * LIFE_MS_MAX;
      pauses.push(pause);
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(life.said).not.toContain("failed");
      expect(await life.end("SIGKILL"), life.said).toEqual([null, "SIGKILL"]);
      await streams;
    }
    const last = new Life();
    const url = await last.ready();
    for (const hash of [...open]) await send(url, hash, true);
    expect(await last.end("SIGTERM"), last.said).toEqual([0, null]);
    await judge();
  },
  120_000 * SOAK,
);

/** Reads the whole chain as a stranger would. */
async function judge(): Promise<void> {
  const store = await openSqliteLedgerStore(join(folder, LEDGER_FILE));
  try {
    const profile = profileOf(genesis);
    const blocks = new StoredBlocks(store, suite, profile);
    const head = store.head() as number;
    const rules = rulesOf({ suite, profile } as Parameters<typeof rulesOf>[0]);
    const committees = new Committees(suite, profile.faultModel);
    const { hash } = genesisAnchor(genesis, suite, 0);
    let trusted: Trusted = { number: 0, hash, sealers: genesisSealers(genesis), vouchedAt: Date.now() };
    const nonces = new Set<string>();
    const places = new Map<string, number>();
    const values = new Map<string, string>();
    for (let number = 1; number <= head; number++) {
      const untrusted = blocks.header(number);
      if (untrusted === undefined) throw new Error(`no header ${number}`);
      // Numbers, parents, times, quorum and signatures.
      trusted = verifyAdjacent({ trusted, untrusted, now: Date.now(), rules, committees }).trusted;
      const views = blocks.transactions(number) ?? [];
      expect(untrusted.header.txsRoot).toEqual(
        merkleRoot(
          suite.hash,
          views.map((view) => view.hash),
        ),
      );
      expect(untrusted.header.receiptsRoot).toEqual(
        merkleRoot(
          suite.hash,
          views.map((view) => view.receiptHash),
        ),
      );
      for (const { transaction, hash: bytes } of views) {
        expect(nonces.has(transaction.data.nonce), `nonce ${transaction.data.nonce} twice`).toBe(false);
        nonces.add(transaction.data.nonce);
        const known = sent.get(toHex(bytes));
        if (known === undefined) throw new Error(`a transaction in block ${number} that nobody sent`);
        places.set(toHex(bytes), number);
        if (known.key !== "") values.set(known.key, known.value);
      }
    }
    const answered = [...sent].filter(([, { block }]) => block !== undefined);
    for (const [name, { block }] of answered) expect(places.get(name), name).toBe(block);
    const executor = { engines: [systemEngine(suite)], gate: createGate() };
    const options = { suite, profile, genesis, executor, store };
    const rebuilt = openLedger(options);
    expect(rebuilt.head.hash).toEqual(trusted.hash);
    for (const [key, value] of values) expect(rebuilt.state.get(kvRowTable(TABLE), key)).toEqual(utf8Bytes(value));
    const keeper = new SnapshotKeeper(folder, "ecdsa", SILENT_LOGGER);
    let restored = false;
    const snapshots: Parameters<typeof openLedger>[0]["snapshots"] = (restore) => {
      const tree = keeper.load(restore);
      restored = tree !== undefined;
      return tree;
    };
    expect(openLedger({ ...options, snapshots }).snapshot().root).toEqual(rebuilt.snapshot().root);
    expect(restored).toBe(true);
    expect(store.counts()).toEqual({ transactions: places.size, failed: 0 });
    process.stdout.write(
      `killed ${KILLS} times: ${head} blocks, ${places.size} transactions, ${answered.length} answered\n`,
    );
    // Most lives were long enough to answer somebody.
    expect(answered.length).toBeGreaterThan(KILLS / 2);
  } finally {
    store.close();
  }
}
