/** Updates, growth and proofs of the state tree with a million keys. */
import { randomFillSync } from "node:crypto";
import { stateValueHash } from "../../../src/codec/edgeseal/stateHash.js";
import { checkStateProof, decodeStateProof, encodeStateProof } from "../../../src/codec/edgeseal/stateProof.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import { type Figure, median, round, seconds } from "../measure.js";
import { type Leaf, LeafDatabase } from "./leafDatabase.js";
import { BLOCK_KEYS, CountingHash, GrownTree, hashRate, keyOf } from "./stateFixture.js";

const MANY_KEYS = 1_000_000;
const FEW_KEYS = 1_000;
const ROUNDS = 5;
const VALUE_BYTES = 40;
/** In one round; the log goes into the database once, at the end of it: 64 MiB at most. */
const UPDATE_BLOCKS = 64;
const GROWTH_BLOCKS = 20;
const FILL_LEAVES = 20_000;

const UPDATE_RATIO_MIN = 0.3;
const GROWTH_MAX = 7;
const PROOF_BYTES_MAX = 1_024;
const PROOFS = 2_000;

function timed(work: () => void): number {
  const start = seconds();
  work();
  return seconds() - start;
}

function newValue(): Uint8Array {
  return randomFillSync(new Uint8Array(VALUE_BYTES));
}

/** From new values and their hashes to a new root with the values on the disk. */
export async function stateUpdate(): Promise<Figure[]> {
  const suite = await loadSuite("ecdsa");
  const counting = new CountingHash(suite.hash);
  const grown = new GrownTree(counting.hash, MANY_KEYS);
  const database = await LeafDatabase.open();
  for (let from = 0; from < MANY_KEYS; from += FILL_LEAVES) {
    const places = Array.from({ length: FILL_LEAVES }, (_, i) => from + i);
    database.commit(places.map((place) => ({ key: grown.key(place), value: newValue() })));
    database.checkpoint();
  }
  const rates: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const rawRate = hashRate(suite.hash);
    counting.count = 0;
    let elapsed = 0;
    for (let block = 0; block < UPDATE_BLOCKS; block++) {
      const leaves = grown.pick().map((place): Leaf => ({ key: grown.key(place), value: newValue() }));
      const changes = leaves.map(({ key, value }) => ({ key, valueHash: stateValueHash(suite.hash, value) }));
      elapsed += timed(() => {
        grown.apply(changes);
        database.commit(leaves);
      });
    }
    elapsed += timed(() => database.checkpoint());
    // The first round warms up.
    if (i === 0) continue;
    const updates = UPDATE_BLOCKS * BLOCK_KEYS;
    rates.push(updates / elapsed);
    limits.push(rawRate / (counting.count / updates));
  }
  database.close();
  const ratio = median(rates.map((rate, i) => rate / (limits[i] as number)));
  return [
    {
      bench: "ledger.state.update",
      value: round(median(rates)),
      unit: "keys/s",
      limit: round(median(limits)),
      ratio: round(ratio),
      must: `ratio >= ${UPDATE_RATIO_MIN}`,
      met: ratio >= UPDATE_RATIO_MIN,
    },
  ];
}

/** Cost of a key in the tree alone, in a big one against a small one. */
export async function stateGrowth(): Promise<Figure[]> {
  const { hash } = await loadSuite("ecdsa");
  const few = new GrownTree(hash, FEW_KEYS);
  const many = new GrownTree(hash, MANY_KEYS);
  const costOf = (grown: GrownTree): number => {
    const blocks = Array.from({ length: GROWTH_BLOCKS }, () => grown.block());
    const times = blocks.map((block) => timed(() => grown.apply(block)));
    return median(times) / BLOCK_KEYS;
  };
  const ratios: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    // Side by side, so that whatever else the machine does falls on both.
    const ratio = costOf(many) / costOf(few);
    if (i > 0) ratios.push(ratio);
  }
  const value = median(ratios);
  return [
    {
      bench: "ledger.state.growth",
      value: round(value),
      unit: "times",
      limit: GROWTH_MAX,
      ratio: round(value / GROWTH_MAX),
      must: `value <= ${GROWTH_MAX}`,
      met: value <= GROWTH_MAX,
    },
  ];
}

/** Half of the proofs are of keys that are not there. */
export async function stateProofs(): Promise<Figure[]> {
  const { hash } = await loadSuite("ecdsa");
  const { tree } = new GrownTree(hash, MANY_KEYS);
  const root = tree.root();
  const keys = Array.from({ length: PROOFS }, (_, i) => keyOf(hash, Math.floor(((i + 0.5) * 2 * MANY_KEYS) / PROOFS)));
  const proofs = keys.map((key) => encodeStateProof(tree.prove(key)));
  const sizes = proofs.map((proof) => proof.length);
  const worst = Math.max(...sizes);
  const average = sizes.reduce((sum, size) => sum + size, 0) / PROOFS;
  const checkMs = (): number => {
    let wrong = 0;
    const elapsed = timed(() => {
      for (const [i, bytes] of proofs.entries()) {
        const verdict = checkStateProof(hash, root, keys[i] as Uint8Array, decodeStateProof(bytes));
        if (verdict === undefined || verdict.present !== i < PROOFS / 2) wrong++;
      }
    });
    if (wrong > 0) throw new TypeError(`${wrong} proofs of the bench tree do not hold`);
    return (elapsed * 1_000) / PROOFS;
  };
  checkMs();
  const times = Array.from({ length: ROUNDS }, checkMs);
  const hashesMs = (1_000 / hashRate(hash)) * (1 + (average - 98) / 32);
  return [
    {
      bench: "ledger.proof.bytes",
      value: worst,
      unit: "bytes",
      limit: PROOF_BYTES_MAX,
      ratio: round(worst / PROOF_BYTES_MAX),
      must: `value <= ${PROOF_BYTES_MAX}`,
      met: worst <= PROOF_BYTES_MAX,
    },
    report("ledger.proof.average", average, "bytes", PROOF_BYTES_MAX),
    report("ledger.proof.verify", median(times), "ms", hashesMs),
  ];
}

function report(bench: string, value: number, unit: string, limit: number): Figure {
  return {
    bench,
    value: round(value),
    unit,
    limit: round(limit),
    ratio: round(value / limit),
    must: "report",
    met: true,
  };
}
