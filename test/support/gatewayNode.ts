/** The real command as a gateway: a folder with its configuration and files, started, asked, killed and started again. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkReceipts, type ReceiptsAnswer } from "../../src/node/commands/receipt.js";
import { askNode } from "../../src/node/control/client.js";
import type { DeskRequest } from "../../src/node/gateway/desk.js";
import type { CompiledCli, Ran } from "../cli/compiledCli.js";

/** A start, a join, a reconnect that takes longer than this is a failure. */
export const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

export interface GatewayNodeOptions {
  /** Of the chain; nothing has to be published there. */
  readonly brokerUrl: string;
  /** The section `gateway` of the configuration. */
  readonly gateway: Record<string, unknown>;
  /** Further sections of it. */
  readonly config?: Record<string, unknown>;
  /** Beside the configuration, by name. YAML or JSON. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface GatewayStatus {
  readonly devices: number;
  readonly online: number;
  readonly isolated: number;
  readonly joiningForMs: number;
  readonly commandsWaiting: number;
  readonly receipts: number;
  /** Number of the last one under a signed head; absent without a key. */
  readonly receiptsSigned?: number;
  readonly rules: Readonly<Record<"active" | "paused" | "scenes" | "mistakes", number>>;
  readonly links: readonly { readonly name: string; readonly connected: boolean; readonly problem?: string }[];
  readonly counters: Readonly<Record<string, number>>;
}

/** Everything is allowed, whatever the chain's age. */
export const OPEN_POLICY = "policy: open\nrules:\n  - { effect: allow }\n";

export class GatewayNode {
  readonly config: string;
  readonly dataDir: string;
  readonly #cli: CompiledCli;
  readonly #base = mkdtempSync(join(tmpdir(), "edgeseal-gateway-"));
  readonly #folder = join(this.#base, "node");
  #child: ChildProcess | undefined;
  #log = "";

  constructor(cli: CompiledCli, { brokerUrl, gateway, files = {}, config = {} }: GatewayNodeOptions) {
    this.#cli = cli;
    this.config = join(this.#folder, "edgeseal.yaml");
    this.dataDir = join(this.#folder, "data");
    const bundle = join(this.#base, "bundle.json");
    const anchor = {
      ...{ chain: "chain0", group: "group0", suite: "ecdsa", layout: "fisco", faultModel: "bft", height: 1 },
      hash: `0x${"ab".repeat(32)}`,
      sealers: [{ nodeID: `0x${"11".repeat(64)}`, weight: "1" }],
    };
    writeFileSync(bundle, JSON.stringify({ edgesealBundle: 1, anchor, brokers: [{ url: brokerUrl }], client: "gw" }));
    for (const [name, text] of Object.entries({ "policy.yaml": OPEN_POLICY, ...files })) this.write(name, text);
    const made = cli.run(["init", "--bundle", bundle, "--dir", this.#folder]);
    if (made.exitCode !== 0) throw new Error(made.error);
    this.write(
      "edgeseal.yaml",
      JSON.stringify({ role: "gateway", client: "gw", brokers: [{ url: brokerUrl }], gateway, ...config }),
    );
  }

  get log(): string {
    return this.#log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  write(name: string, text: string, mode = 0o644): void {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }

  /** Resolves when it answers commands. */
  async start(): Promise<void> {
    const child = this.#cli.start(["start", "--config", this.config, "--json"]);
    this.#child = child;
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => {
      this.#log += text;
    });
    await this.until("it answers", async () => (await this.tryStatus()) !== undefined);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** The command line at this gateway; the devices of this process go on meanwhile. */
  async run(...words: readonly string[]): Promise<Ran> {
    const child = this.#cli.start([...words, "--config", this.config]);
    const ran = { out: "", error: "" };
    for (const [name, stream] of [
      ["out", child.stdout],
      ["error", child.stderr],
    ] as const) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        ran[name] += text;
      });
    }
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { exitCode, ...ran };
  }

  async tryStatus(): Promise<GatewayStatus | undefined> {
    const answer = await askNode(this.dataDir, { command: "status" }).catch(() => undefined);
    return (answer?.result as { readonly gateway?: GatewayStatus } | undefined)?.gateway;
  }

  async status(): Promise<GatewayStatus> {
    const status = await this.tryStatus();
    if (status === undefined) throw new Error(`the gateway does not answer: ${this.#log}`);
    return status;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are read field by field
  async ask(request: DeskRequest): Promise<any> {
    const answer = await askNode(this.dataDir, { command: "gateway", request }, WAIT_MS);
    return answer?.result;
  }

  /** After it was stopped properly. */
  async receiptsAfterStop(): Promise<ReceiptsAnswer> {
    await this.end("SIGTERM");
    return await checkReceipts({ dataDir: this.dataDir, suite: "ecdsa" });
  }

  /** What the shadow says. */
  async reading(device: string, property: string): Promise<unknown> {
    return (await this.ask({ ask: "device", device }))?.answer?.readings?.[property]?.value;
  }

  async availability(device: string): Promise<string | undefined> {
    return (await this.ask({ ask: "device", device }))?.answer?.availability;
  }

  /** Asks again and again until it is so. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`waited too long until ${what}: ${this.#log.slice(-6_000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
