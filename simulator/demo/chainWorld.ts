/**
 * Everything the demonstration runs, in one process: a broker, a chain that issues a block a second with real signatures
 * (or a real node elsewhere), its publisher over JSON-RPC, a light node, and a stranger who attacks over the same broker.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "../../src/base/logger.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import type { Anchor } from "../../src/chain/anchor.js";
import type { LightOutput } from "../../src/chain/lightMessages.js";
import { topicsOf } from "../../src/codec/wire/topics.js";
import { loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { embeddedBroker } from "../../src/link/embeddedBroker.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import { type ChainSetup, SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import { makeLightNode } from "../../src/node/lightNode.js";
import type { LightService } from "../../src/node/lightService.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemClock, systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore, type OpenedStore, openChainStore } from "../../src/store/index.js";
import { ChainIssuer } from "../chain/chainIssuer.js";
import { Forger, type WatchedTarget } from "../chain/forger.js";
import { simulatedNode } from "../chain/rpcNode.js";
import { startRpcServer } from "../chain/rpcServer.js";
import { type AttackResult, ChainAttacker } from "./chainAttacker.js";
import { anchorOfNode } from "./upstream.js";

export interface ChainOptions {
  /** JSON-RPC address of a real node; a simulated chain without. */
  readonly upstream: string | undefined;
  /** Which group of that node; its first one without. */
  readonly group: string | undefined;
}

export interface ChainSnapshot {
  readonly chain: string;
  readonly suite: string;
  readonly backend: string;
  readonly layout: string;
  readonly state: string;
  readonly height: number | undefined;
  readonly chainHeight: number | undefined;
  readonly signers: readonly number[];
  readonly sealers: number;
  readonly quorum: string;
  readonly verified: number;
  /** Headers per second while catching up, best second so far. */
  readonly peakRate: number;
  readonly rate: number;
  readonly bytesIn: number;
  readonly lagMs: number | undefined;
  readonly headerAgeMs: number | undefined;
  readonly memoryBytes: number;
  readonly storeBytes: number;
  readonly attacks: readonly AttackResult[];
  readonly attacksKnown: number;
  readonly upstream: string;
}

const SEALERS = 4;
const BLOCK_INTERVAL_MS = 1_000;
/** Blocks that exist before the light node starts, so that it has something to catch up with. */
const PAST_BLOCKS = 2_000;
const POLL_MS = 100;

export class ChainWorld {
  readonly #ending: (() => Promise<unknown> | unknown)[] = [];
  readonly #issued = new Map<number, number>();
  #issuer: ChainIssuer | undefined;
  #light: LightService | undefined;
  #attacker: ChainAttacker | undefined;
  #store: OpenedStore | undefined;
  #setup: ChainSetup | undefined;
  #traffic: () => number = () => 0;
  #last: Extract<LightOutput, { kind: "accepted" }> | undefined;
  #verified = 0;
  #lagMs: number | undefined;
  #rates = { at: 0, verified: 0, rate: 0, peak: 0 };
  #upstream = "";

  async start(options: ChainOptions): Promise<void> {
    const broker = embeddedBroker({ port: 0 });
    const { port } = await broker.start();
    this.#ending.push(() => broker.stop());
    const url = `mqtt://127.0.0.1:${port}`;
    const { anchor, endpoint } =
      options.upstream === undefined ? await this.#simulate() : await this.#upstreamOf(options);
    this.#upstream = endpoint;
    const suite = await loadSuite(anchor.profile.suite);
    const shared = { anchor, suite, clock: systemClock, random: systemRandom, logger: SILENT_LOGGER as Logger };
    this.#publish(shared, endpoint, url);
    const target = this.#issuer === undefined ? undefined : new Forger(this.#issuer, 1).watched;
    await this.#follow(shared, url, target);
    if (this.#issuer !== undefined) {
      this.#attacker = new ChainAttacker(this.#issuer, url, target, () => this.#light?.status().counters ?? {});
      this.#attacker.start();
      this.#ending.push(() => this.#attacker?.stop());
    }
  }

  /** Fires the next attack; undefined where there is no simulated chain to attack. */
  attack(): void {
    this.#attacker?.fire();
  }

  async stop(): Promise<void> {
    for (const end of this.#ending.splice(0).reverse()) await end();
  }

  async #simulate(): Promise<{ anchor: Anchor; endpoint: string }> {
    const [suite, signer] = await Promise.all([loadSuite("ecdsa"), loadSoftSigner("ecdsa")]);
    const genesisTime = systemClock.now() - (PAST_BLOCKS + 2) * BLOCK_INTERVAL_MS;
    const issuer = new ChainIssuer({
      suite,
      signer,
      profile: { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
      chainId: "chain0",
      groupId: "group0",
      seed: systemClock.now(),
      sealerCount: SEALERS,
      genesisTime,
      blockIntervalMs: BLOCK_INTERVAL_MS,
      // Some attacks bring blocks of their own: these are no more from the future than the others.
      timeOf: (number) => Math.min(genesisTime + number * BLOCK_INTERVAL_MS, systemClock.now()),
      signaturesPerBlock: "all",
    });
    issuer.issueMany(PAST_BLOCKS);
    const server = await startRpcServer({ node: simulatedNode(issuer, { now: systemClock.now }) });
    this.#ending.push(() => server.stop());
    const timer = setInterval(() => {
      const header = issuer.issue();
      this.#issued.set(header.header.number, performance.now());
    }, BLOCK_INTERVAL_MS);
    this.#ending.push(() => clearInterval(timer));
    this.#issuer = issuer;
    const anchor = {
      chainId: issuer.chainId,
      groupId: issuer.groupId,
      profile: issuer.profile,
      height: 0,
      hash: issuer.genesis().hash,
      sealers: issuer.sealers(0),
      acceptedAt: systemClock.now(),
      publishers: [issuer.publisher.address],
      governors: [issuer.governor.address],
    };
    return { anchor, endpoint: server.url };
  }

  async #upstreamOf({ upstream = "", group }: ChainOptions): Promise<{ anchor: Anchor; endpoint: string }> {
    const rpc = chainRpc({ endpoints: [upstream], random: systemRandom, clock: systemClock });
    try {
      return { anchor: await anchorOfNode(rpc, group, systemClock.now()), endpoint: upstream };
    } finally {
      await rpc.stop();
    }
  }

  #publish(shared: Omit<ChainSetup, "store">, endpoint: string, url: string): void {
    const publisher = new PublisherNode({
      ...shared,
      store: new MemoryStore(),
      sync: SYNC_DEFAULTS,
      source: rpcChainSource({
        rpc: chainRpc({ endpoints: [endpoint], random: systemRandom, clock: systemClock }),
        pollMs: POLL_MS,
      }),
      link: mqttLink({ url, clientId: "publisher", random: systemRandom }),
      retainedBytesMax: 64 * 1024 * 1024,
      watch: [],
      onOutput: () => {},
      onFailure: (error) => {
        throw error;
      },
    });
    publisher.start();
    this.#ending.push(() => publisher.stop());
  }

  async #follow(shared: Omit<ChainSetup, "store">, url: string, target?: WatchedTarget): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "edgeseal-demo-"));
    this.#ending.push(() => rmSync(folder, { recursive: true, force: true }));
    const store = await openChainStore({ path: join(folder, "chain.db") }).catch(() => new MemoryStore());
    this.#ending.push(() => store.close());
    const link = mqttLink({ url, clientId: "light", random: systemRandom });
    const setup = { ...shared, store };
    const light = makeLightNode({
      ...setup,
      sync: { ...SYNC_DEFAULTS, mode: "forward", watched: target === undefined ? [] : [{ ...target, topics: 1 }] },
      client: "light",
      links: [{ name: "broker", link }],
      watch: target === undefined ? [] : [target.address],
      onOutput: (output) => this.#onOutput(output),
      onFailure: (error) => {
        throw error;
      },
    });
    light.start();
    this.#ending.push(() => light.stop());
    this.#light = light;
    this.#store = store;
    this.#setup = setup;
    this.#traffic = () => link.traffic.bytesIn;
  }

  #onOutput(output: LightOutput): void {
    if (output.kind !== "accepted") return;
    this.#last = output;
    this.#verified++;
    const { number } = output.header.header;
    const issuedAt = this.#issued.get(number);
    if (issuedAt !== undefined) this.#lagMs = performance.now() - issuedAt;
    this.#issued.delete(number);
  }

  #measureRate(): void {
    const now = performance.now();
    const elapsed = now - this.#rates.at;
    if (elapsed < 500) return;
    const rate = ((this.#verified - this.#rates.verified) / elapsed) * 1_000;
    // The very first look has no second behind it.
    const peak = this.#rates.at === 0 ? 0 : Math.max(this.#rates.peak, rate);
    this.#rates = { at: now, verified: this.#verified, rate, peak };
  }

  snapshot(): ChainSnapshot {
    this.#measureRate();
    const status = this.#light?.status();
    const anchor = this.#setup?.anchor;
    const suite = this.#setup?.suite;
    return {
      chain: anchor === undefined ? "" : topicsOf(anchor.chainId, anchor.groupId).base.split("/").slice(2).join("/"),
      suite: suite?.name ?? "",
      backend: suite === undefined ? "" : `${suite.backend.signature} + ${suite.backend.hash}`,
      layout: anchor?.profile.layout ?? "",
      state: status?.state ?? "STARTING",
      height: status?.height,
      chainHeight: this.#issuer?.height,
      signers: this.#last?.signers ?? [],
      sealers: status?.sealers ?? 0,
      quorum: String(this.#last?.quorum ?? ""),
      verified: this.#verified,
      peakRate: this.#rates.peak,
      rate: this.#rates.rate,
      bytesIn: this.#traffic(),
      lagMs: this.#lagMs,
      headerAgeMs: status?.headerTime === undefined ? undefined : systemClock.now() - status.headerTime,
      memoryBytes: process.memoryUsage.rss(),
      storeBytes: this.#store?.usage.bytesOnDisk ?? 0,
      attacks: this.#attacker?.results ?? [],
      attacksKnown: this.#attacker?.known ?? 0,
      upstream: this.#upstream,
    };
  }
}
