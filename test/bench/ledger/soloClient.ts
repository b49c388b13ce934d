/**
 * The client of `ledger.solo`, a process of its own. It signs everything beforehand; then, round by round as it is told to, it
 * sends batches over kept connections, each as soon as the one before is answered, and reads every receipt.
 */
import { Agent, request } from "node:http";
import { fromHex, to0x } from "../../../src/base/bytes.js";
import { loadSoftSigner, loadSuite } from "../../../src/crypto/backend/select.js";
import { seconds } from "../measure.js";
import { BENCH_CHAIN } from "./benchGenesis.js";
import { kvTransactions } from "./kvTransactions.js";

/** Given as the program's only argument, in JSON. */
export interface ClientPlan {
  readonly url: string;
  /** Hex of the table's address. */
  readonly contract: string;
  readonly rounds: number;
  readonly transactions: number;
}

/** To the client: the round that is to be run. From it: `ready` once, then this for each round. */
export interface ClientRound {
  readonly seconds: number;
  /** Processor time of the client. */
  readonly cpuSeconds: number;
}

const BATCH = 100;
const CONNECTIONS = 32;

const plan = JSON.parse(process.argv[2] ?? "") as ClientPlan;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const suite = await loadSuite("ecdsa");
const signer = await loadSoftSigner("ecdsa");
const rounds = Array.from({ length: plan.rounds }, (_, round) => bodiesOf(round));

process.on("message", (round: number) => {
  void run(rounds[round] ?? []).then((result) => process.send?.(result));
});
process.send?.("ready");

function bodiesOf(round: number): Buffer[] {
  const chain = { ...BENCH_CHAIN, suite, signer, contract: fromHex(plan.contract) };
  const calls = kvTransactions(chain, plan.transactions, round * plan.transactions);
  const requests = calls.map(({ bytes }, id) => ({
    ...{ jsonrpc: "2.0", id, method: "sendTransaction" },
    params: [BENCH_CHAIN.groupId, "", to0x(bytes), false],
  }));
  return Array.from({ length: Math.ceil(requests.length / BATCH) }, (_, i) =>
    Buffer.from(JSON.stringify(requests.slice(i * BATCH, (i + 1) * BATCH))),
  );
}

async function run(bodies: readonly Buffer[]): Promise<ClientRound> {
  let next = 0;
  const before = process.cpuUsage();
  const start = seconds();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) check(await post(body));
    }),
  );
  const elapsed = seconds() - start;
  const { user, system } = process.cpuUsage(before);
  return { seconds: elapsed, cpuSeconds: (user + system) / 1e6 };
}

function post(body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sent = request(plan.url, { agent, method: "POST", headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      answer.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** What is fast and wrong is no figure. */
function check(text: string): void {
  const answers = JSON.parse(text) as { readonly result?: { readonly status: number } }[];
  const committed = answers.filter(({ result }) => result?.status === 0);
  if (committed.length !== BATCH)
    throw new TypeError(`${committed.length} of ${BATCH} committed: ${text.slice(0, 300)}`);
}
