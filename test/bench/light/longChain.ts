/** Figures on one long chain: 100,000 headers, 20 sealer changes, a real broker, real processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { utf8Bytes } from "../../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { anchorToJson } from "../../../src/chain/anchor.js";
import { Committees } from "../../../src/chain/committee.js";
import { reduceToQuorum } from "../../../src/chain/stretch.js";
import { headerToRpc } from "../../../src/codec/fisco/headerRpc.js";
import { encodeHeader } from "../../../src/codec/fisco/headerTars.js";
import { writeJson } from "../../../src/codec/json.js";
import { encodeSegment } from "../../../src/codec/wire/segment.js";
import { topicsOf } from "../../../src/codec/wire/topics.js";
import { mqttLink } from "../../../src/link/mqttLink.js";
import { SYNC_DEFAULTS } from "../../../src/node/chainSetup.js";
import { makeLightNode } from "../../../src/node/lightNode.js";
import { Publisher } from "../../../src/node/publisher.js";
import { systemClock, systemRandom } from "../../../src/node/systemClock.js";
import { MemoryStore } from "../../../src/store/memoryStore.js";
import { type Mosquitto, startMosquitto } from "../../support/mosquitto.js";
import { type Figure, median, round } from "../measure.js";
import { benchAnchor, makeBenchChain, SEGMENT_HEADERS } from "./fixture.js";

export const LONG_CHAIN_HEADERS = 100_000;
const SEALER_CHANGES = 20;
const FIRST_CHANGE = 30_000;
const CHANGE_DISTANCE = 3_400;
const MIB = 1_048_576;
const PUBLISH_WAIT_MS = 60_000;
const SYNC_WAIT_MS = 120_000;
const START_RUNS = 5;
const CLI = fileURLToPath(new URL("../../../src/cli/main.js", import.meta.url));

export async function issueLongChain(): Promise<ChainIssuer> {
  const chain = await makeBenchChain("ecdsa", LONG_CHAIN_HEADERS, { signaturesPerBlock: "all" });
  let changes = 0;
  while (chain.height < LONG_CHAIN_HEADERS) {
    const due = changes < SEALER_CHANGES && chain.height + 1 === FIRST_CHANGE + changes * CHANGE_DISTANCE;
    if (!due) {
      chain.issue();
      continue;
    }
    const sealers = chain.sealers(chain.height + 1);
    // One joins, then one leaves: four sealers, five, four, five...
    chain.issue({
      sealers: [changes % 2 === 0 ? { kind: "add" } : { kind: "remove", nodeId: sealers.nodeIds[0] as Uint8Array }],
    });
    changes++;
  }
  return chain;
}

/** Bytes per header in full segments, against the same header (the same signatures) in Tars and in JSON-RPC's JSON. */
export function sizes(chain: ChainIssuer): Figure[] {
  const wire = { suite: chain.suite, profile: chain.profile };
  const committees = new Committees(chain.suite, chain.profile.faultModel);
  let compact = 0;
  let tars = 0;
  let json = 0;
  let headers = 0;
  for (let start = SEGMENT_HEADERS; start < FIRST_CHANGE - SEGMENT_HEADERS; start += SEGMENT_HEADERS) {
    const reduced = chain
      .headers(start, start + SEGMENT_HEADERS - 1)
      .map((header) => reduceToQuorum(header, committees.of(header.header.sealers)));
    compact += encodeSegment(reduced, true, wire).length;
    for (const header of reduced) {
      tars += encodeHeader(header, header.hash).length;
      json += writeJson(headerToRpc(header, header.hash)).length;
    }
    headers += SEGMENT_HEADERS;
  }
  return [
    sizeFigure("light.bytes.tars", compact / headers, tars / headers, 0.45),
    sizeFigure("light.bytes.json", compact / headers, json / headers, 0.2),
  ];
}

function sizeFigure(bench: string, value: number, whole: number, must: number): Figure {
  const ratio = value / whole;
  return {
    bench,
    value: round(value),
    unit: "bytes/header",
    limit: round(whole),
    ratio: round(ratio),
    must: `ratio <= ${must}`,
    met: ratio <= must,
  };
}

/** A Mosquitto with the whole chain published, for as long as `work` takes. */
export async function withPublishedChain<T>(
  chain: ChainIssuer,
  work: (broker: Mosquitto, publisher: Publisher) => Promise<T>,
): Promise<T> {
  const broker = await startMosquitto();
  const store = new MemoryStore();
  const wire = { suite: chain.suite, profile: chain.profile };
  for (let from = 1; from <= chain.height; ) {
    const last = Math.min(chain.height, from - (from % SEGMENT_HEADERS) + SEGMENT_HEADERS - 1);
    const bytes = encodeSegment(chain.headers(from, last), true, wire);
    store.apply([{ kind: "run", run: { start: from, count: last - from + 1, status: "certified", bytes } }]);
    from = last + 1;
  }
  const state = { changes: chain.changeHeights, nextSegment: SEGMENT_HEADERS, retainedFrom: SEGMENT_HEADERS };
  store.apply([{ kind: "record", name: "publisher", bytes: utf8Bytes(JSON.stringify(state)) }]);
  const publisher = new Publisher({
    link: mqttLink({ url: `mqtt://127.0.0.1:${broker.port}`, clientId: "publisher", random: systemRandom }),
    topics: topicsOf(chain.chainId, chain.groupId),
    chainId: chain.chainId,
    groupId: chain.groupId,
    wire,
    store,
    segmentSize: SEGMENT_HEADERS,
    genesis: chain.genesis(),
    firstNumber: 1,
    watch: [],
    upstream: undefined,
    clock: systemClock,
    logger: SILENT_LOGGER,
  });
  publisher.start();
  try {
    await waitFor(() => publisher.status.head === chain.height, PUBLISH_WAIT_MS, "the chain published");
    return await work(broker, publisher);
  } finally {
    await publisher.stop();
    await broker.stop();
  }
}

/** From connecting to the verified tip, starting at the anchor; and the bytes that took. */
export async function skip(chain: ChainIssuer, broker: Mosquitto): Promise<Figure[]> {
  const times: number[] = [];
  let bytes = 0;
  for (let run = 0; run <= START_RUNS; run++) {
    const link = mqttLink({ url: `mqtt://127.0.0.1:${broker.port}`, clientId: `skip-${run}`, random: systemRandom });
    let reached: (() => void) | undefined;
    const done = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const started = performance.now();
    const light = makeLightNode({
      anchor: benchAnchor(chain),
      suite: chain.suite,
      store: new MemoryStore(),
      clock: systemClock,
      random: systemRandom,
      logger: SILENT_LOGGER,
      sync: { ...SYNC_DEFAULTS, fill: false },
      client: `skip-${run}`,
      links: [{ name: "broker", link }],
      watch: [],
      onOutput: (output) => {
        if (output.kind === "accepted" && output.header.header.number === chain.height) reached?.();
      },
      onFailure: (error) => {
        throw error;
      },
    });
    light.start();
    await done;
    // The first run warms up.
    if (run > 0) times.push(performance.now() - started);
    bytes = Math.max(bytes, link.traffic.bytesIn);
    await light.stop();
  }
  const time = median(times);
  return [
    {
      bench: "light.skip.ms",
      value: round(time),
      unit: "ms",
      limit: 1_000,
      ratio: round(time / 1_000),
      must: "value <= 1000",
      met: time <= 1_000,
    },
    {
      bench: "light.skip.bytes",
      value: bytes,
      unit: "bytes",
      limit: 65_536,
      ratio: round(bytes / 65_536),
      must: "value <= 65536",
      met: bytes <= 65_536,
    },
  ];
}

/** Memory and start-up of the real command, `edgeseal start`, in a process of its own. */
export async function realProcess(chain: ChainIssuer, broker: Mosquitto, publisher: Publisher): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-node-"));
  try {
    const bundle = {
      edgesealBundle: 1,
      anchor: anchorToJson(benchAnchor(chain)),
      brokers: [{ url: `mqtt://127.0.0.1:${broker.port}` }],
    };
    writeFileSync(join(folder, "bundle.json"), JSON.stringify(bundle));
    await finished(spawn(process.execPath, [CLI, "init", "--bundle", join(folder, "bundle.json"), "--dir", folder]));
    const config = join(folder, "edgeseal.yaml");
    writeFileSync(
      config,
      `${readFileSync(config, "utf8").replace(/^sync:[\s\S]*?(?=^\S)/m, "")}\nsync:\n  mode: forward\n`,
    );
    const first = startNode(config);
    await waitFor(() => storedHeight(first) >= chain.height, SYNC_WAIT_MS, "100,000 headers verified");
    const rss = residentBytes(first.process) / MIB;
    await end(first.process);
    const starts: number[] = [];
    for (let run = 0; run < START_RUNS; run++) {
      const header = chain.issue({ timestamp: Date.now() });
      publisher.onOutput({
        kind: "accepted",
        header,
        via: "adjacent",
        signers: [],
        weight: 0n,
        quorum: 0n,
        sealersChanged: false,
      });
      await waitFor(() => publisher.status.head === chain.height, PUBLISH_WAIT_MS, "the new head published");
      const node = startNode(config);
      await waitFor(() => node.firstHeaderMs !== undefined, SYNC_WAIT_MS, "the first header verified");
      starts.push(node.firstHeaderMs as number);
      await end(node.process);
    }
    const start = median(starts);
    return [
      {
        bench: "light.rss",
        value: round(rss),
        unit: "MiB",
        limit: 80,
        ratio: round(rss / 80),
        must: "value <= 80",
        met: rss <= 80,
      },
      {
        bench: "light.start",
        value: round(start),
        unit: "ms",
        limit: 600,
        ratio: round(start / 600),
        must: "value <= 600",
        met: start <= 600,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface NodeProcess {
  readonly process: ChildProcess;
  /** From spawning to the log line of the first verified header. */
  firstHeaderMs: number | undefined;
  log: string;
  config: string;
  height: number;
}

function startNode(config: string): NodeProcess {
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, "start", "--config", config, "--json"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const node: NodeProcess = { process: child, firstHeaderMs: undefined, log: "", config, height: 0 };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    node.log = (node.log + text).slice(-20_000);
    if (node.firstHeaderMs === undefined && node.log.includes("first header verified")) {
      node.firstHeaderMs = performance.now() - started;
    }
    for (const [, height] of node.log.matchAll(/"height":(\d+)/g)) node.height = Math.max(node.height, Number(height));
  });
  return node;
}

/** Height by the node's own word: the state line when it reaches the tip. */
function storedHeight(node: NodeProcess): number {
  if (node.process.exitCode !== null) throw new TypeError(`the node ended: ${node.log.slice(-500)}`);
  return node.height;
}

function residentBytes({ pid }: ChildProcess): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) * 1_024;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await finished(child);
}

function finished(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

async function waitFor(condition: () => boolean, limitMs: number, what: string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new TypeError(`still waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
