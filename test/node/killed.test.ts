/**
 * The real command, verifying a published chain header by header, killed in the middle of it again and again: what it said it
 * had is there after every kill, and it reaches the tip in the end.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import { equalBytes } from "../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import { anchorToJson } from "../../src/chain/anchor.js";
import { restoreLightClient } from "../../src/chain/restore.js";
import { readCertified } from "../../src/chain/stretch.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import { openNodeState } from "../../src/node/commands/nodeState.js";
import { askNode } from "../../src/node/control/client.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemClock, systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import type { OpenedStore } from "../../src/store/openStore.js";
import { type CompiledCli, compileCli } from "../cli/compiledCli.js";
import { anchorAt, makeChain, wireOf } from "../support/chains.js";
import { until } from "../support/linkContract.js";
import { type Mosquitto, startMosquitto } from "../support/mosquitto.js";
import { connectTo } from "../support/network.js";
import { type RpcStandIn, startRpcStandIn } from "../support/rpcStandIn.js";

const HEADERS = 3_000;
const INTERVAL_MS = 1_000;
const KILLS = 10;
/** A start that takes longer than this is a failure. */
const START_LIMIT_MS = 20_000;
const POLL_MS = 3;

let cli: CompiledCli;
let base: string;
let broker: Mosquitto;
let chain: ChainIssuer;
let rpc: RpcStandIn;
let publisher: PublisherNode;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  cli = compileCli();
  base = mkdtempSync(join(tmpdir(), "edgeseal-node-killed-"));
  broker = await startMosquitto();
  // The command has the system's clock, so the chain's newest header has to be of now.
  chain = await makeChain({ genesisTime: Date.now() - (HEADERS + 60) * INTERVAL_MS, blockIntervalMs: INTERVAL_MS });
  chain.issueMany(HEADERS);
  await publish();
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await publisher?.stop();
  await rpc?.stop();
  await broker?.stop();
  cli?.remove();
  rmSync(base, { recursive: true, force: true });
});

/** With an anchor accepted today, as the command's own. */
async function publish(): Promise<void> {
  rpc = await startRpcStandIn({ handler: simulatedNode(chain) });
  publisher = new PublisherNode({
    anchor: anchorAt(chain, 0, { acceptedAt: Date.now() }),
    suite: chain.suite,
    store: new MemoryStore(),
    clock: systemClock,
    random: systemRandom,
    logger: SILENT_LOGGER,
    sync: SYNC_DEFAULTS,
    source: rpcChainSource({
      rpc: chainRpc({ endpoints: [rpc.url], random: systemRandom, clock: systemClock }),
      pollMs: 50,
    }),
    link: connectTo({ url: `mqtt://127.0.0.1:${broker.port}` }, "publisher"),
    retainedBytesMax: 64 * 1024 * 1024,
    watch: [],
    onOutput: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  publisher.start();
  await until(() => publisher.status().published?.head === HEADERS, "the chain published");
}

/** A new node that verifies every header from block 0 on. */
function init(name: string): { readonly config: string; readonly dataDir: string } {
  const folder = join(base, name);
  const bundle = join(base, `${name}.json`);
  const anchor = anchorToJson(anchorAt(chain, 0, { acceptedAt: Date.now() }));
  const brokers = [{ url: `mqtt://127.0.0.1:${broker.port}` }];
  writeFileSync(bundle, JSON.stringify({ edgesealBundle: 1, anchor, brokers, client: name }));
  expect(cli.run(["init", "--bundle", bundle, "--dir", folder])).toMatchObject({ exitCode: 0, error: "" });
  const config = join(folder, "edgeseal.yaml");
  expect(readFileSync(config, "utf8")).not.toMatch(/^sync:/m);
  appendFileSync(config, "\nsync:\n  mode: forward\n");
  return { config, dataDir: join(folder, "data") };
}

class RunningCommand {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #log = "";

  constructor(config: string) {
    this.child = cli.start(["start", "--config", config, "--json"]);
    running.add(this.child);
    this.#ended = once(this.child, "exit");
    this.child.stderr?.setEncoding("utf8");
    this.child.stderr?.on("data", (text: string) => {
      this.#log += text;
    });
  }

  /** Lines as they were written; the answer of a command that failed stands in the other stream. */
  get log(): string {
    return this.#log;
  }

  async end(signal: NodeJS.Signals | undefined): Promise<unknown[]> {
    if (signal !== undefined) this.child.kill(signal);
    const how = await this.#ended;
    running.delete(this.child);
    return how;
  }
}

interface Shown {
  readonly height: number;
  readonly state: string;
}

/** What the running node says of itself; undefined while it does not answer yet. */
async function status(dataDir: string): Promise<Shown | undefined> {
  const answer = await askNode(dataDir, { command: "status" }).catch(() => undefined);
  return answer?.result as Shown | undefined;
}

/** Asks until the node has `height`; the highest height it acknowledged. */
async function acknowledged(node: RunningCommand, dataDir: string, height: number): Promise<number> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const shown = await status(dataDir);
    if (shown !== undefined && shown.height >= height) return shown.height;
    if (Date.now() > deadline || node.child.exitCode !== null) throw new Error(`no height ${height}: ${node.log}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Looks into the data directory of a node that does not run. */
async function withStore<T>(dataDir: string, look: (store: OpenedStore) => T): Promise<T> {
  const state = await openNodeState({ dataDir, store: { engine: "auto" } }, false);
  try {
    return look(state.store);
  } finally {
    state.close();
  }
}

function keptHeight(store: OpenedStore): number {
  return restoreLightClient(store, anchorAt(chain), wireOf(chain), Date.now()).trusted?.number ?? 0;
}

it(`loses nothing it acknowledged over ${KILLS} kills, and reaches the tip`, async () => {
  const { config, dataDir } = init("killed");
  const kept: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const node = new RunningCommand(config);
    // From the very first headers on to almost the last.
    const goal = Math.max(kept.at(-1) ?? 0, Math.floor((HEADERS * kill) / (KILLS + 1)) + 1);
    const height = await acknowledged(node, dataDir, goal);
    expect(await node.end("SIGKILL")).toEqual([null, "SIGKILL"]);
    await withStore(dataDir, (store) => {
      expect(store.check()).toEqual([]);
      kept.push(keptHeight(store));
      expect(kept.at(-1)).toBeGreaterThanOrEqual(height);
      expect(store.spans().every(({ status: of }) => of === "certified")).toBe(true);
    });
  }
  expect(kept).toEqual([...kept].sort((a, b) => a - b));
  // Most kills came while there was work to do.
  expect(new Set(kept.filter((height) => height > 0 && height < HEADERS)).size).toBeGreaterThanOrEqual(3);
  const last = new RunningCommand(config);
  await acknowledged(last, dataDir, HEADERS);
  expect((await status(dataDir))?.state).toBe("FOLLOWING");
  expect(await last.end("SIGTERM")).toEqual([0, null]);
  await withStore(dataDir, (store) => {
    expect(store.check()).toEqual([]);
    const headers = readCertified(store, 1, HEADERS, wireOf(chain));
    expect(headers).toHaveLength(HEADERS);
    expect(headers.every(({ header, hash }) => equalBytes(hash, chain.header(header.number).hash))).toBe(true);
  });
});

it("two at once on one data directory: one works, the other says DATA_DIR_LOCKED", async () => {
  const { config, dataDir } = init("twice");
  const first = new RunningCommand(config);
  await acknowledged(first, dataDir, 1);
  const second = cli.run(["start", "--config", config, "--json"]);
  expect(second.exitCode).toBe(1);
  expect(JSON.parse(second.out)).toMatchObject({ code: "DATA_DIR_LOCKED" });
  await acknowledged(first, dataDir, HEADERS);
  expect(await first.end("SIGTERM")).toEqual([0, null]);

  const both = [new RunningCommand(config), new RunningCommand(config)];
  const loser = await Promise.race(both.map((node) => node.end(undefined).then((how) => ({ node, how }))));
  expect(loser.how).toEqual([1, null]);
  const winner = both.find((node) => node !== loser.node) as RunningCommand;
  await acknowledged(winner, dataDir, HEADERS);
  expect(await winner.end("SIGTERM")).toEqual([0, null]);
});
