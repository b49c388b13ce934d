/** A gateway that runs: its service, its rules and Home Assistant, kept in step with each other and with the chain. */
import type { LightStatus } from "../../chain/lightClient.js";
import type { GatewayOutput } from "../../device/gateway/messages.js";
import type { GatewayStore } from "../../device/gateway/store.js";
import type { EmbeddedBroker } from "../../link/embeddedBroker.js";
import type { ChainSetup } from "../chainSetup.js";
import { ControlError } from "../control/problems.js";
import type { JsonObject } from "../jsonObject.js";
import type { CommandTopic } from "./commandTopic.js";
import { GatewayDesk, readDeskRequest } from "./desk.js";
import type { DeviceShelf } from "./deviceShelf.js";
import type { GatewayService } from "./gatewayService.js";
import type { HomeAssistantBridge } from "./homeAssistantBridge.js";
import type { ReceiptDesk } from "./receiptDesk.js";
import type { RuleShelf } from "./ruleShelf.js";

/** Devices that come in one burst, such as a bridge's list, are one change for the rules. */
const RULES_AFTER_CHANGE_MS = 250;
/** Heads of receipts that could not be published are tried again. */
const PUBLISH_AGAIN_MS = 10_000;
/** How often the rules are told how old the newest header is. */
const CHAIN_FACTS_MS = 5_000;

export interface RunningParts {
  readonly setup: Pick<ChainSetup, "clock" | "anchor">;
  /** What the light client says of itself. */
  readonly chain: () => LightStatus;
  readonly clockIsSet: (now: number) => boolean;
  readonly store: GatewayStore;
  readonly devices: DeviceShelf;
  readonly shelf: RuleShelf;
  /** There once its link has been made. */
  readonly home: { readonly bridge: HomeAssistantBridge | undefined } | undefined;
  /** Doors for commands of other systems, one at each broker. */
  readonly commandTopics: readonly CommandTopic[];
  /** The gateway's own, if it has one. */
  readonly broker: EmbeddedBroker | undefined;
  /** Signs heads of receipts, where there is a key for it. */
  readonly receipts: ReceiptDesk | undefined;
  readonly onOutput: (output: GatewayOutput) => void;
  readonly onFailure: (error: unknown) => void;
}

export class RunningGateway {
  readonly service: GatewayService;
  readonly desk: GatewayDesk;
  readonly #parts: RunningParts;
  #rulesTimer: NodeJS.Timeout | undefined;
  #chainTimer: NodeJS.Timeout | undefined;
  #publishTimer: NodeJS.Timeout | undefined;
  #started = false;
  /** Number of the newest receipt; 0: none yet. */
  #receipts: number;

  constructor(parts: RunningParts, make: (onOutput: (output: GatewayOutput) => void) => GatewayService) {
    this.#parts = parts;
    this.#receipts = parts.store.load().lastReceipt?.sequence ?? 0;
    this.service = make((output) => this.#output(output));
    this.desk = new GatewayDesk(this.service);
  }

  start(): void {
    this.#started = true;
    this.chainMoved();
    this.#chainTimer = setInterval(() => this.chainMoved(), CHAIN_FACTS_MS);
    this.service.start();
    this.#parts.receipts?.start();
    this.#publishTimer = setInterval(() => void this.#parts.receipts?.publishWaiting(), PUBLISH_AGAIN_MS);
  }

  /** The rules hear how the chain stands: after each header, and in between how old it has become. */
  chainMoved(): void {
    const { chain, setup, clockIsSet } = this.#parts;
    const { height, hash, headerTime } = chain();
    const now = setup.clock.now();
    const headerAgeMs = headerTime === undefined || !clockIsSet(now) ? undefined : Math.max(0, now - headerTime);
    const facts = { height: height ?? 0, headerHash: hash ?? setup.anchor.hash, headerAgeMs };
    this.service.input({ kind: "chain", facts });
  }

  status() {
    const { core } = this.service;
    const devices = [...core.members()];
    const nowMs = performance.now();
    const { usage } = this.#parts.store;
    return {
      devices: devices.length,
      online: devices.filter(({ availability }) => availability === "online").length,
      isolated: devices.filter(({ conduct }) => (conduct.isolatedUntilMs ?? 0) > nowMs).length,
      joiningForMs: Math.round(core.joiningForMs),
      commandsWaiting: core.commandsWaiting,
      rules: { ...this.#parts.shelf.status, mistakes: this.#mistakes.length },
      receipts: this.#receipts,
      links: this.service.links(),
      counters: core.counters.snapshot(),
      ...(this.#parts.home?.bridge === undefined ? {} : { homeAssistant: this.#parts.home.bridge.counters.snapshot() }),
      ...(this.#parts.receipts === undefined ? {} : { receiptsSigned: this.#parts.receipts.signedTo }),
      store: { bytesWritten: usage.bytesWritten, bytesOnDisk: usage.bytesOnDisk, days: usage.days },
    };
  }

  /** @throws ControlError `CONTROL_REQUEST_INVALID` */
  async answer(request: JsonObject): Promise<unknown> {
    const read = readDeskRequest(request);
    if (read === undefined) throw new ControlError({ code: "CONTROL_REQUEST_INVALID", reason: "unknown question" });
    return read.ask === "reload" ? { answer: await this.reload() } : await this.desk.ask(read);
  }

  /** Files that somebody has changed: of devices, then of rules for the devices of now. What is wrong stays out. */
  async reload() {
    const { devices, shelf } = this.#parts;
    for (const input of await devices.read()) this.service.input(input);
    this.service.turn();
    await this.readRules();
    return { rules: shelf.status, mistakes: this.#mistakes };
  }

  get #mistakes() {
    const { devices, shelf } = this.#parts;
    return [...devices.mistakes, ...shelf.mistakes];
  }

  async stop(): Promise<void> {
    clearTimeout(this.#rulesTimer);
    clearInterval(this.#chainTimer);
    clearInterval(this.#publishTimer);
    await this.#parts.home?.bridge?.stop();
    await this.service.stop();
    await this.#parts.receipts?.stop();
    await this.#parts.broker?.stop();
    this.#parts.store.close();
  }

  #output(output: GatewayOutput): void {
    this.#parts.home?.bridge?.output(output);
    if (output.kind === "receipt") this.#receipts = output.sequence;
    // The first ones come while this object is being made.
    if (this.#started) {
      this.desk.heard(output);
      for (const topic of this.#parts.commandTopics) topic.output(output);
      if (output.kind === "joined" || output.kind === "left") this.#planRules();
      else if (output.kind === "receipt") this.#parts.receipts?.receipt(output.sequence, output.hash);
    }
    this.#parts.onOutput(output);
  }

  #planRules(): void {
    this.#rulesTimer ??= setTimeout(() => {
      this.#rulesTimer = undefined;
      this.readRules().catch(this.#parts.onFailure);
    }, RULES_AFTER_CHANGE_MS);
  }

  /** Looks at the files again, for the devices of now. */
  async readRules(): Promise<void> {
    const devices = [...this.service.core.view.devices()].map(({ record, profile, registration }) => {
      return { record, profile, registration };
    });
    if (await this.#parts.shelf.read(devices)) this.service.replaceRules(this.#parts.shelf.engine);
  }
}
