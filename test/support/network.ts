/** A whole header network for tests: simulated node -> JSON-RPC over HTTP -> publisher -> broker -> light nodes. */

import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import type { Clock } from "../../src/base/clock.js";
import type { Link } from "../../src/base/link.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import type { LightOutput } from "../../src/chain/lightMessages.js";
import type { ChainStore } from "../../src/chain/store.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import type { MqttLinkOptions } from "../../src/link/mqttOptions.js";
import { type ChainSetup, SYNC_DEFAULTS, type SyncSettings } from "../../src/node/chainSetup.js";
import { makeLightNode } from "../../src/node/lightNode.js";
import type { LightService } from "../../src/node/lightService.js";
import { PublisherNode } from "../../src/node/publisherNode.js";
import { rpcChainSource } from "../../src/node/rpcSource.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { MemoryStore } from "../../src/store/memoryStore.js";
import { anchorAt } from "./chains.js";
import { type RpcStandIn, startRpcStandIn } from "./rpcStandIn.js";

export interface Broker {
  readonly url: string;
  readonly options?: Partial<MqttLinkOptions>;
}

export interface RunningPublisher {
  readonly node: PublisherNode;
  readonly rpc: RpcStandIn;
  readonly store: ChainStore;
  stop(): Promise<void>;
}

export interface RunningLight {
  readonly service: LightService;
  readonly outputs: LightOutput[];
  readonly link: Link;
  readonly store: ChainStore;
  stop(): Promise<void>;
}

let clients = 0;

export function connectTo(broker: Broker, name = "client"): ReturnType<typeof mqttLink> {
  return mqttLink({
    url: broker.url,
    clientId: `${name}-${++clients}`,
    random: systemRandom,
    reconnectMinMs: 50,
    reconnectMaxMs: 500,
    ...broker.options,
  });
}

function setupOf(chain: ChainIssuer, store: ChainStore, changed: Partial<ChainSetup>): ChainSetup {
  return {
    anchor: anchorAt(chain),
    suite: chain.suite,
    store,
    clock: chainClock(chain),
    random: systemRandom,
    logger: SILENT_LOGGER,
    ...changed,
  };
}

/** The chain's time, going on while the chain stands still: waits have to end, and no header is from the future. */
function chainClock(chain: ChainIssuer): Clock {
  const start = Date.now();
  return { now: () => chain.head.header.timestamp + 500 + Date.now() - start };
}

function rethrow(error: unknown): void {
  throw error;
}

export async function runPublisher(
  chain: ChainIssuer,
  broker: Broker,
  options: {
    readonly watch?: readonly Uint8Array[];
    readonly store?: ChainStore;
    readonly retainedBytesMax?: number;
  } = {},
): Promise<RunningPublisher> {
  const rpc = await startRpcStandIn({ handler: simulatedNode(chain) });
  const store = options.store ?? new MemoryStore();
  const setup = setupOf(chain, store, {});
  const node = new PublisherNode({
    ...setup,
    sync: SYNC_DEFAULTS,
    source: rpcChainSource({
      rpc: chainRpc({ endpoints: [rpc.url], random: setup.random, clock: { now: () => Date.now() } }),
      pollMs: 20,
    }),
    link: connectTo(broker, "publisher"),
    retainedBytesMax: options.retainedBytesMax ?? 64 * 1024 * 1024,
    watch: options.watch ?? [],
    onOutput: () => {},
    onFailure: rethrow,
  });
  node.start();
  return {
    node,
    rpc,
    store,
    stop: async () => {
      await node.stop();
      await rpc.stop();
    },
  };
}

export function runLight(
  chain: ChainIssuer,
  brokers: readonly Broker[],
  options: {
    readonly sync?: Partial<SyncSettings>;
    readonly store?: ChainStore;
    readonly setup?: Partial<ChainSetup>;
    readonly watch?: readonly Uint8Array[];
  } = {},
): RunningLight {
  const outputs: LightOutput[] = [];
  const store = options.store ?? new MemoryStore();
  const links = brokers.map((broker, i) => ({ name: `broker${i}`, link: connectTo(broker, "light") }));
  const service = makeLightNode({
    ...setupOf(chain, store, options.setup ?? {}),
    sync: { ...SYNC_DEFAULTS, staleAfterMs: 0, ...options.sync },
    client: `light-${++clients}`,
    links,
    watch: options.watch ?? [],
    onOutput: (output) => outputs.push(output),
    onFailure: rethrow,
  });
  service.start();
  return { service, outputs, link: links[0]?.link as Link, store, stop: () => service.stop() };
}
