/** The whole way of headers inside one process: bytes -> codec -> light client -> store, with a source that is never slow. */

import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { toHex } from "../../../src/base/bytes.js";
import { LightClient, type LightClientOptions } from "../../../src/chain/lightClient.js";
import type { LightInput, LightMessage, LightOutput } from "../../../src/chain/lightMessages.js";
import type { ChainStore, ChainWrite } from "../../../src/chain/store.js";
import { decodeHead, encodeHead } from "../../../src/codec/wire/headMessage.js";
import { decodeSegment } from "../../../src/codec/wire/segment.js";
import { Driver } from "../../../src/node/driver.js";
import { systemClock, systemRandom } from "../../../src/node/systemClock.js";
import { benchAnchor, benchRules, SEGMENT_HEADERS } from "./fixture.js";

export interface PipelineOptions {
  readonly chain: ChainIssuer;
  readonly store: ChainStore;
  readonly segments: readonly Uint8Array[];
  readonly client: Pick<LightClientOptions, "mode" | "fill">;
}

const SOURCE = "bench";

/** Feeds until nothing more is asked for; returns how many headers were certified and linked. */
export function runPipeline({ chain, store, segments, client }: PipelineOptions): {
  certified: number;
  linked: number;
} {
  const wire = { suite: chain.suite, profile: chain.profile };
  const inputs: LightInput[] = [];
  let certified = 0;
  let linked = 0;
  const answer = (message: LightMessage): void => {
    if (message.kind === "unsubscribe") return;
    if (message.kind === "subscribe") {
      for (const subject of message.subjects) {
        if (subject.kind !== "segment") continue;
        const bytes = segments[subject.start / SEGMENT_HEADERS] as Uint8Array;
        const stretch = { ...decodeSegment(bytes, wire), bytes };
        inputs.push({ kind: "segment", source: SOURCE, start: subject.start, stretch });
      }
      return;
    }
    if (message.question.what !== "headers") return;
    const bytes = segments[Math.floor(message.question.from / SEGMENT_HEADERS)] as Uint8Array;
    const stretch = { ...decodeSegment(bytes, wire), bytes };
    inputs.push({ kind: "headers", source: SOURCE, id: toHex(message.id), stretch });
  };
  const machine = new LightClient({
    ...client,
    anchor: benchAnchor(chain),
    rules: benchRules(chain),
    segmentSize: SEGMENT_HEADERS,
    windowHeaders: 0,
    staleAfterMs: 0,
    watched: [],
    random: systemRandom,
  });
  const driver = new Driver<LightInput, ChainWrite, LightMessage, LightOutput>(machine, {
    persist: (writes) => store.apply(writes),
    send: answer,
    output: (output) => {
      if (output.kind === "accepted") certified++;
      else if (output.kind === "linked") linked += output.to - output.from + 1;
      else if (output.kind === "refused") throw new TypeError(`refused: ${output.code}`);
    },
    failed: (error) => {
      throw error;
    },
    clock: systemClock,
  });
  const record = {
    chainId: chain.chainId,
    groupId: chain.groupId,
    profile: chain.profile,
    segmentSize: SEGMENT_HEADERS,
    firstNumber: 0,
    retainedFrom: SEGMENT_HEADERS,
    watched: [],
  };
  driver.input({ kind: "connected", source: SOURCE });
  driver.input({ kind: "record", source: SOURCE, record });
  driver.input({ kind: "head", source: SOURCE, header: decodeHead(encodeHead(chain.head, wire), wire) });
  driver.turn();
  // What has arrived by the time the driver gets its turn shares one commit, as it does behind a broker.
  while (inputs.length > 0) {
    for (const input of inputs.splice(0)) driver.input(input);
    driver.turn();
  }
  driver.stop();
  return { certified, linked };
}
