/** Forward verification and backward fill against what signatures, hashing and the disk cost alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { FILL_AHEAD_SEGMENTS } from "../../../src/chain/limits.js";
import type { ChainStore, ChainWrite } from "../../../src/chain/store.js";
import type { HeaderSignature } from "../../../src/codec/fisco/header.js";
import { headerPreimage } from "../../../src/codec/fisco/headerHash.js";
import { decodeSegment } from "../../../src/codec/wire/segment.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { openChainStore } from "../../../src/store/openStore.js";
import { type Figure, median, round, seconds } from "../measure.js";
import { makeBenchChain, publishedSegments, SEGMENT_HEADERS } from "./fixture.js";
import { runPipeline } from "./pipeline.js";

const ROUNDS = 5;

async function withStore<T>(work: (store: ChainStore) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-"));
  const store = await openChainStore({ path: join(folder, "chain.db") });
  try {
    return work(store);
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

function timed(work: () => void): number {
  const start = seconds();
  work();
  return seconds() - start;
}

/** Seconds per header of every signature in the segments verified with prepared keys, nothing else. */
function signatureCost(chain: ChainIssuer, segments: readonly Uint8Array[], headers: number): number {
  const wire = { suite: chain.suite, profile: chain.profile };
  const decoded = segments.flatMap((bytes) => decodeSegment(bytes, wire).signedHeaders());
  const keys = chain.sealers(1).nodeIds.map((nodeId) => chain.suite.prepare(nodeId));
  let bad = 0;
  const elapsed = timed(() => {
    for (const { hash, signatures } of decoded) {
      for (const { sealerIndex, signature } of signatures as readonly HeaderSignature[]) {
        if (keys[sealerIndex]?.verify(hash, signature) !== true) bad++;
      }
    }
  });
  if (bad > 0) throw new TypeError(`${bad} signatures of the bench chain do not verify`);
  return elapsed / headers;
}

function hashCost(chain: ChainIssuer, headers: number): number {
  const preimages = chain.headers(1, headers).map(({ header }) => headerPreimage(header));
  return (
    timed(() => {
      for (const preimage of preimages) chain.suite.hash(preimage);
    }) / headers
  );
}

/** Seconds per header of storing the same runs in the same order and batches, one durable commit each. */
async function storeCost(segments: readonly Uint8Array[], perCommit: number, downwards: boolean): Promise<number> {
  const runs = segments.map((bytes, i): ChainWrite => {
    const start = i * SEGMENT_HEADERS;
    return { kind: "run", run: { start, count: SEGMENT_HEADERS, status: "certified", bytes } };
  });
  if (downwards) runs.reverse();
  const elapsed = await withStore((store) =>
    timed(() => {
      for (let i = 0; i < runs.length; i += perCommit) store.apply(runs.slice(i, i + perCommit));
    }),
  );
  return elapsed / (segments.length * SEGMENT_HEADERS);
}

export async function forward(suiteName: SuiteName, blocks: number): Promise<Figure> {
  const chain = await makeBenchChain(suiteName, blocks);
  chain.issueMany(blocks);
  const segments = publishedSegments(chain, blocks);
  const rates: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const limit =
      1 / (signatureCost(chain, segments, blocks) + hashCost(chain, blocks) + (await storeCost(segments, 1, false)));
    const elapsed = await withStore((store) =>
      timed(() => {
        const { certified } = runPipeline({ chain, store, segments, client: { mode: "forward", fill: false } });
        if (certified !== blocks) throw new TypeError(`${certified} of ${blocks} headers certified`);
      }),
    );
    // The first round warms up.
    if (i === 0) continue;
    limits.push(limit);
    rates.push(blocks / elapsed);
  }
  return figure(suiteName === "sm" ? "light.forward.sm" : "light.forward", rates, limits, 0.8);
}

export async function backward(blocks: number): Promise<Figure> {
  const chain = await makeBenchChain("ecdsa", blocks);
  chain.issueMany(blocks);
  const segments = publishedSegments(chain, blocks);
  const wire = { suite: chain.suite, profile: chain.profile };
  const linkedBytes = segments.map((bytes) => decodeSegment(bytes, wire).linkedBytes());
  const rates: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const limit = 1 / (hashCost(chain, blocks) + (await storeCost(linkedBytes, FILL_AHEAD_SEGMENTS, true)));
    const elapsed = await withStore((store) =>
      timed(() => {
        const { linked } = runPipeline({ chain, store, segments, client: { mode: "skip", fill: true } });
        if (linked !== blocks - 1) throw new TypeError(`${linked} of ${blocks - 1} headers linked`);
      }),
    );
    if (i === 0) continue;
    limits.push(limit);
    rates.push(blocks / elapsed);
  }
  return figure("light.backward", rates, limits, 0.7);
}

function figure(bench: string, rates: readonly number[], limits: readonly number[], must: number): Figure {
  const ratio = median(rates.map((rate, i) => rate / (limits[i] as number)));
  return {
    bench,
    value: round(median(rates)),
    unit: "headers/s",
    limit: round(median(limits)),
    ratio: round(ratio),
    must: `ratio >= ${must}`,
    met: ratio >= must,
  };
}
