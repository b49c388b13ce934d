/** KV transactions through a whole participant, from a client's HTTP request to its receipt, against the floor. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toHex } from "../../../src/base/bytes.js";
import { encodeAbiCall } from "../../../src/codec/abi/call.js";
import { assembleTransaction, buildTransaction } from "../../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import { loadSoftSigner } from "../../../src/crypto/backend/select.js";
import { addressOf, TABLE_MANAGER_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { kvRowTable, kvTableAddress } from "../../../src/ledger/system/kvTables.js";
import { type Figure, median, round } from "../measure.js";
import { BENCH_CHAIN, BLOCK_TRANSACTIONS_MAX } from "./benchGenesis.js";
import type { ClientPlan, ClientRound } from "./soloClient.js";
import { type FloorBlock, openSoloFloor } from "./soloFloor.js";
import { type SoloNode, startSoloNode } from "./soloNode.js";

const CLIENT = fileURLToPath(new URL("./soloClient.js", import.meta.url));
const ROUNDS = 7;
const TRANSACTIONS = 8_000;
const RATIO_MIN = 0.6;
const TABLE = "t_bench";
const TABLE_PATH = `/tables/${TABLE}`;
const WAIT_MS = 10_000;
const MICROSECONDS = 1e6;

/** @param onRound is told in a sentence what each round took, for whoever looks for the reasons. */
export async function soloBench(onRound: (sentence: string) => void = () => undefined): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-solo-"));
  const node = await startSoloNode(folder);
  const floor = await openSoloFloor(node.suite, join(folder, "floor.db"));
  const client = await startClient(node, ROUNDS + 1);
  const rates: number[] = [];
  const limits: number[] = [];
  try {
    await createTable(node);
    for (let i = 0; i <= ROUNDS; i++) {
      const from = node.participant.ledger.head.header.number;
      const before = process.cpuUsage();
      const result = await runRound(client, i);
      const { user, system } = process.cpuUsage(before);
      const costs = floor.measure(committed(node, from));
      const limit = availableParallelism() / Object.values(costs).reduce((sum, each) => sum + each);
      const rate = TRANSACTIONS / result.seconds;
      onRound(sentenceOf(rate, limit, { ...costs, node: (user + system) / MICROSECONDS / TRANSACTIONS }, result));
      // The first round warms up.
      if (i === 0) continue;
      rates.push(rate);
      limits.push(limit);
    }
  } finally {
    client.kill();
    floor.close();
    await node.close();
    rmSync(folder, { recursive: true });
  }
  const ratio = median(rates.map((rate, i) => rate / (limits[i] as number)));
  const value = { value: round(median(rates)), unit: "transactions/s", limit: round(median(limits)) };
  return {
    bench: "ledger.solo",
    ...value,
    ratio: round(ratio),
    must: `ratio >= ${RATIO_MIN}`,
    met: ratio >= RATIO_MIN,
  };
}

async function createTable({ suite, participant }: SoloNode): Promise<void> {
  const to = addressOf(TABLE_MANAGER_ADDRESS) as Uint8Array;
  const input = encodeAbiCall(suite.hash, "createKVTable(string,string,string)", [TABLE, "device", "state"]);
  const frame = { ...BENCH_CHAIN, blockLimit: BLOCK_TRANSACTIONS_MAX, nonce: new Uint8Array(16) };
  const data = buildTransaction({ to, input }, frame);
  const signer = await loadSoftSigner("ecdsa");
  const signature = signer.signTransaction(new Uint8Array(32).fill(1), transactionDataHash(suite.hash, data));
  const { bytes } = assembleTransaction(suite, data, signature);
  const outcome = await participant.view.submit(bytes, WAIT_MS);
  if (outcome.kind !== "included") throw new TypeError(`the table was not made: ${outcome.message}`);
}

async function startClient({ suite, url }: SoloNode, rounds: number): Promise<ChildProcess> {
  const contract = toHex(kvTableAddress(suite.hash, TABLE_PATH));
  const plan: ClientPlan = { url, contract, rounds, transactions: TRANSACTIONS };
  const client = fork(CLIENT, [JSON.stringify(plan)], { execArgv: [] });
  await answerOf(client);
  return client;
}

async function runRound(client: ChildProcess, index: number): Promise<ClientRound> {
  client.send(index);
  return (await answerOf(client)) as ClientRound;
}

async function answerOf(client: ChildProcess): Promise<unknown> {
  const gone = once(client, "exit").then(([code]) => {
    throw new TypeError(`the client of the benchmark ended with ${code}`);
  });
  const [answer] = await Promise.race([once(client, "message"), gone]);
  return answer;
}

/** What came into the table after a height, in blocks as large as they may be. */
function committed({ participant, store }: SoloNode, from: number): FloorBlock[] {
  const transactions: FloorBlock["transactions"][number][] = [];
  const diffs: FloorBlock["diffs"][number][] = [];
  for (let number = from + 1; number <= participant.ledger.head.header.number; number++) {
    transactions.push(...(participant.view.transactions(number) ?? []));
    diffs.push(...(store.diffs(number) ?? []).filter(({ table }) => table === kvRowTable(TABLE_PATH)));
  }
  if (transactions.length !== TRANSACTIONS || diffs.length !== TRANSACTIONS) {
    throw new TypeError(`${transactions.length} transactions made ${diffs.length} records`);
  }
  return Array.from({ length: Math.ceil(TRANSACTIONS / BLOCK_TRANSACTIONS_MAX) }, (_, i) => {
    const [start, end] = [i * BLOCK_TRANSACTIONS_MAX, (i + 1) * BLOCK_TRANSACTIONS_MAX];
    return { transactions: transactions.slice(start, end), diffs: diffs.slice(start, end) };
  });
}

function sentenceOf(rate: number, limit: number, costs: Record<string, number>, { cpuSeconds }: ClientRound): string {
  const micros = Object.entries({ ...costs, client: cpuSeconds / TRANSACTIONS }).map(
    ([name, each]) => `${name} ${round(each * MICROSECONDS)} us`,
  );
  return `${round(rate)}/s of ${round(limit)}: ${round(rate / limit)}; per transaction ${micros.join(", ")}`;
}
