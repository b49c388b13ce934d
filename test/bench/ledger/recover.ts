/** Senders of transactions through the recovery pool, against `suite.recover` alone on the same digests in one thread. */
import { loadSoftSigner, loadSuite } from "../../../src/crypto/backend/select.js";
import type { Suite, SuiteName } from "../../../src/crypto/suite.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import { RecoveryPool } from "../../../src/node/participant/recovery/recoveryPool.js";
import { type Figure, median, round, seconds } from "../measure.js";
import { kvTransactions } from "./kvTransactions.js";

const ROUNDS = 5;
const BATCH = 100;
/** Under way at a time, as several clients and peers send. */
const BATCHES_AT_ONCE = 4;
const TRANSACTIONS = { ecdsa: 20_000, sm: 3_000 } as const;
const WORKERS = [1, 2];
const CHAIN = { chainId: "chain0", groupId: "group0" };

export async function* recoverBench(): AsyncIterable<Figure> {
  for (const name of ["ecdsa", "sm"] as const) {
    const suite = await loadSuite(name);
    const calls = kvTransactions({ ...CHAIN, suite, signer: await loadSoftSigner(name) }, TRANSACTIONS[name]);
    for (const workers of WORKERS) yield await recovered(name, suite, calls, workers);
  }
}

async function recovered(
  name: SuiteName,
  suite: Suite,
  calls: readonly SignedCall[],
  workers: number,
): Promise<Figure> {
  const pool = new RecoveryPool({ chain: { ...CHAIN, suite: name }, suite, workers });
  const rates: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const limit = workers * bareRate(suite, calls.slice(0, calls.length / 4));
    const rate = await poolRate(pool, calls);
    // The first round warms up.
    if (i === 0) continue;
    limits.push(limit);
    rates.push(rate);
  }
  await pool.close();
  const bench = `ledger.recover.${workers}${name === "sm" ? ".sm" : ""}`;
  const ratio = round(median(rates.map((rate, i) => rate / (limits[i] ?? Number.NaN))));
  const value = { value: round(median(rates)), unit: "transactions/s", limit: round(median(limits)) };
  return { bench, ...value, ratio, must: "report", met: true };
}

function bareRate(suite: Suite, calls: readonly SignedCall[]): number {
  const start = seconds();
  for (const { hash, transaction } of calls) suite.recover(hash, transaction.signature);
  return calls.length / (seconds() - start);
}

async function poolRate(pool: RecoveryPool, calls: readonly SignedCall[]): Promise<number> {
  const bytes = calls.map((call) => call.bytes);
  let next = 0;
  const start = seconds();
  await Promise.all(
    Array.from({ length: BATCHES_AT_ONCE }, async () => {
      while (next < bytes.length) {
        const from = next;
        next += BATCH;
        const results = await pool.recover(bytes.slice(from, from + BATCH));
        // What is fast and wrong is no figure.
        const right = results.every((result, i) => "sender" in result && sameSender(result, calls[from + i]));
        if (!right) throw new TypeError("a sender was not recovered");
      }
    }),
  );
  return calls.length / (seconds() - start);
}

function sameSender({ sender }: SignedCall, other: SignedCall | undefined): boolean {
  return other !== undefined && Buffer.compare(sender, other.sender) === 0;
}
