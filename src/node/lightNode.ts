/** A light node: follows a chain over one or several brokers. */
import type { Link } from "../base/link.js";
import type { LightOutput } from "../chain/lightMessages.js";
import { topicsOf } from "../codec/wire/topics.js";
import { type ChainSetup, clientOptionsOf, type SyncSettings, wireOf } from "./chainSetup.js";
import { LightService } from "./lightService.js";
import { MqttSource } from "./mqttSource.js";

export interface NamedLink {
  readonly name: string;
  readonly link: Link;
}

export interface LightNodeOptions extends ChainSetup {
  readonly sync: SyncSettings;
  /** Our name in requests. */
  readonly client: string;
  /** Each broker is a source of its own. */
  readonly links: readonly NamedLink[];
  /** 20-byte contract addresses whose events are listened to. */
  readonly watch: readonly Uint8Array[];
  readonly onOutput: (output: LightOutput) => void;
  readonly onFailure: (error: unknown) => void;
}

export function makeLightNode(options: LightNodeOptions): LightService {
  const { anchor, sync, client, links, watch, store, clock, logger, onOutput, onFailure } = options;
  const topics = topicsOf(anchor.chainId, anchor.groupId);
  return new LightService({
    client: clientOptionsOf(options, sync),
    store,
    clock,
    logger,
    onOutput,
    onFailure,
    sources: (emit, count) =>
      links.map(
        ({ name, link }) =>
          new MqttSource({
            name,
            link,
            topics,
            chainId: anchor.chainId,
            groupId: anchor.groupId,
            client,
            wire: wireOf(options),
            watch,
            emit,
            count,
          }),
      ),
  });
}
