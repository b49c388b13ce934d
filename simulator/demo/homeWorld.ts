/**
 * Everything the demonstration of the home runs, in one process: a broker of the home, a chain of one participant with its own
 * broker, a gateway with its light client, the devices, and a stranger. Participant and gateway are started from their
 * configurations as `edgeseal start` starts them.
 */
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { toHex } from "../../src/base/bytes.js";
import type { GatewayOutput } from "../../src/device/gateway/messages.js";
import type { DeviceValue } from "../../src/device/value.js";
import type { Availability } from "../../src/device/view.js";
import { embeddedBroker } from "../../src/link/embeddedBroker.js";
import { loadConfig } from "../../src/node/config.js";
import type { NodeStatus, RunningNode } from "../../src/node/control/runningNode.js";
import { serveControl } from "../../src/node/control.js";
import { openDataDir } from "../../src/node/dataDir.js";
import { lineLogger } from "../../src/node/logging.js";
import { startNode } from "../../src/node/startNode.js";
import { systemClock } from "../../src/node/systemClock.js";
import { deviceKeys } from "../fleet/keys.js";
import type { ArrivalFigures } from "./arrivals.js";
import { type HomeFiles, writeHome } from "./homeFiles.js";
import { House, type HouseTruth, LAMP } from "./house.js";
import { type Act, type Stage, Story } from "./story.js";
import { type Lie, Stranger } from "./stranger.js";

export interface HomeOptions {
  /** Created or empty, and kept; a temporary one without. */
  readonly folder: string | undefined;
}

export interface GatewayFigures {
  readonly devices: number;
  readonly online: number;
  readonly commandsWaiting: number;
  readonly rules: { readonly active: number; readonly scenes: number; readonly mistakes: number };
  readonly receiptsSigned?: number;
  readonly store: { readonly bytesWritten: number; readonly bytesOnDisk: number };
}

export interface HomeSnapshot {
  readonly chain: string;
  /** Of the light client in the gateway. */
  readonly state: string;
  readonly height: number | undefined;
  readonly headerAgeMs: number | undefined;
  /** The chain is cut off. */
  readonly cut: boolean;
  readonly gateway: GatewayFigures | undefined;
  /** What the gateway believes, by device and property. */
  readonly believed: Readonly<Record<string, Readonly<Record<string, DeviceValue>>>>;
  readonly availability: Readonly<Record<string, Availability>>;
  readonly truth: HouseTruth | undefined;
  readonly act: Act;
  readonly smokes: number;
  readonly leavings: number;
  readonly linkage: ArrivalFigures;
  readonly receipts: number;
  readonly lastReceipt: string | undefined;
  /** Newest receipt under a signed head, 0 for none. */
  readonly signedTo: number;
  readonly notices: number;
  readonly lastNotice: string | undefined;
  /** Commands that a rule or scene was not allowed, or could not carry out. */
  readonly ruleRefusals: number;
  readonly lies: readonly Lie[];
  readonly hasMeter: boolean;
  readonly memoryBytes: number;
  readonly folder: string;
}

const READY_LOOK_MS = 100;
const AIR_HEARD_LOOK_MS = 20;
const AIR_HEARD_MS_MAX = 5_000;
const STRANGERS_KEY = 999;

export class HomeWorld {
  readonly #ending: (() => Promise<unknown> | unknown)[] = [];
  readonly #believed: Record<string, Record<string, DeviceValue>> = {};
  readonly #availability: Record<string, Availability> = {};
  readonly #story: Story;
  #house: House | undefined;
  #stranger: Stranger | undefined;
  #files: HomeFiles | undefined;
  #gateway: RunningNode | undefined;
  #participant: RunningNode | undefined;
  /** One change of the chain after the other. */
  #turning: Promise<void> = Promise.resolve();
  #cut = false;
  #folder = "";
  #receipts = 0;
  #lastReceipt: string | undefined;
  #notices = 0;
  #lastNotice: string | undefined;
  #ruleRefusals = 0;
  #fail: (error: unknown) => void = () => {};
  /** Resolves with the error when a node cannot go on. */
  readonly failed = new Promise<unknown>((resolve) => {
    this.#fail = resolve;
  });

  constructor() {
    const stage: Stage = {
      smoke: () => this.#house?.smoke(),
      air: () => this.#house?.air(),
      scene: (scene) => this.#ask({ ask: "scene", scene }),
      lightOff: () => this.#ask({ ask: "set", device: LAMP, target: "on", value: "off" }),
      airHeard: () => this.#airHeard(),
    };
    this.#story = new Story(stage);
  }

  /** @throws ChainInitError, BundleError, ConfigError, BrokerError, and whatever a node may not start for */
  async start({ folder }: HomeOptions): Promise<void> {
    this.#folder = folder ?? mkdtempSync(join(tmpdir(), "edgeseal-demo-"));
    if (folder === undefined) this.#ending.push(() => rmSync(this.#folder, { recursive: true, force: true }));
    const broker = embeddedBroker({ port: 0 });
    const { port } = await broker.start();
    this.#ending.push(() => broker.stop());
    const url = `mqtt://127.0.0.1:${port}`;
    const house = await House.open(url, systemClock);
    this.#house = house;
    this.#ending.push(() => house.stop());
    const { meterPort, keys } = house;
    this.#files = await writeHome({ folder: this.#folder, broker: url, meterPort, keys });
    this.#ending.push(() => this.#stopChain());
    await this.#startChain();
    this.#gateway = await this.#startNode(this.#files.gateway, (output) => this.#heard(output));
    house.start();
    const stranger = new Stranger(url, (await deviceKeys("ecdsa", systemClock.now()))(STRANGERS_KEY));
    this.#stranger = stranger;
    stranger.start();
    this.#ending.push(() => stranger.stop());
    const looking = setInterval(() => {
      if (!this.#isReady()) return;
      clearInterval(looking);
      this.#story.start();
    }, READY_LOOK_MS);
    this.#ending.push(() => {
      clearInterval(looking);
      this.#story.stop();
    });
  }

  /** The stranger tells the next lie. */
  attack(): void {
    this.#stranger?.lie(performance.now());
  }

  /** Cuts the chain off, or brings it back. */
  toggleChain(): Promise<void> {
    this.#cut = !this.#cut;
    const cut = this.#cut;
    this.#turning = this.#turning.then(() => (cut ? this.#stopChain() : this.#startChain()));
    return this.#turning;
  }

  async stop(): Promise<void> {
    for (const end of this.#ending.splice(0).reverse()) await end();
  }

  snapshot(): HomeSnapshot {
    const status = this.#gateway?.status() as (NodeStatus & { readonly gateway: GatewayFigures }) | undefined;
    return {
      chain: status === undefined ? "" : `${status.chain}/${status.group}`,
      state: status?.state ?? "STARTING",
      height: status?.height,
      headerAgeMs: status?.headerAgeMs,
      cut: this.#cut,
      gateway: status?.gateway,
      believed: this.#believed,
      availability: this.#availability,
      truth: this.#house?.truth,
      act: this.#story.act,
      ...this.#story.counts,
      linkage: this.#house?.arrivals.figures ?? { count: 0, lastMs: undefined, p50Ms: undefined, p99Ms: undefined },
      receipts: this.#receipts,
      lastReceipt: this.#lastReceipt,
      signedTo: status?.gateway.receiptsSigned ?? 0,
      notices: this.#notices,
      lastNotice: this.#lastNotice,
      ruleRefusals: this.#ruleRefusals,
      lies: this.#stranger?.lies ?? [],
      hasMeter: this.#house?.meterPort !== undefined,
      memoryBytes: process.memoryUsage.rss(),
      folder: this.#folder,
    };
  }

  #isReady(): boolean {
    const { gateway, state } = this.snapshot();
    return gateway !== undefined && gateway.online === gateway.devices && state === "FOLLOWING";
  }

  async #startChain(): Promise<void> {
    if (this.#files !== undefined) this.#participant ??= await this.#startNode(this.#files.participant);
  }

  async #stopChain(): Promise<void> {
    const participant = this.#participant;
    this.#participant = undefined;
    await participant?.stop();
  }

  async #startNode(path: string, onGateway: (output: GatewayOutput) => void = () => {}): Promise<RunningNode> {
    const { config } = await loadConfig(path);
    const file = createWriteStream(join(dirname(path), "node.log"), { flags: "a" });
    const logger = lineLogger("text", config.log.level, (line) => file.write(`${line}\n`));
    const dataDir = await openDataDir(config.dataDir, { create: true });
    const onFailure = this.#fail;
    const node = await startNode(config, dataDir, logger, { onFailure, onGateway }).catch((thrown: unknown) => {
      dataDir.close();
      throw thrown;
    });
    // So that `edgeseal status` and its like answer from the folder of the run.
    const control = await serveControl(dataDir.path, node, () => logger.warn({}, "the demonstration goes on"));
    const stop = async (): Promise<void> => {
      await control.close();
      await node.stop();
      dataDir.close();
      await new Promise<void>((done) => file.end(() => done()));
    };
    if (config.role === "gateway") this.#ending.push(stop);
    return { ...node, stop };
  }

  #heard(output: GatewayOutput): void {
    this.#story.heard(output);
    this.#stranger?.heard(output);
    if (output.kind === "reading") {
      const readings = this.#believed[output.device] ?? {};
      readings[output.property] = output.reading.value;
      this.#believed[output.device] = readings;
    } else if (output.kind === "availability") this.#availability[output.device] = output.availability;
    else if (output.kind === "receipt") {
      this.#receipts++;
      this.#lastReceipt = toHex(output.hash);
    } else if (output.kind === "notice") {
      this.#notices++;
      this.#lastNotice = output.notice.text;
    } else if (output.kind === "ruleRefused") this.#ruleRefusals++;
  }

  /** Undefined: done or begun; else the code of why not. */
  async #ask(request: Parameters<NonNullable<RunningNode["gateway"]>>[0]): Promise<string | undefined> {
    const answer = (await this.#gateway?.gateway?.(request)) as
      | { readonly problem?: { readonly code: string } }
      | undefined;
    return answer?.problem?.code;
  }

  async #airHeard(): Promise<void> {
    const untilMs = performance.now() + AIR_HEARD_MS_MAX;
    while (this.#believed["smoke-kitchen"]?.smoke !== false && performance.now() < untilMs)
      await new Promise((done) => setTimeout(done, AIR_HEARD_LOOK_MS));
  }
}
