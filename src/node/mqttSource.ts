/** One broker as a source of headers: topics and bytes on one side, decoded inputs of the light client on the other. */
import { copyBytes, toHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import type { Link, LinkMessage } from "../base/link.js";
import type { LightInput, LightMessage } from "../chain/lightMessages.js";
import { decodeChange, decodeChangeIndex } from "../codec/wire/changeMessage.js";
import type { WireContext } from "../codec/wire/context.js";
import { decodeBlockBody, decodeEvent } from "../codec/wire/eventMessage.js";
import { decodeHead } from "../codec/wire/headMessage.js";
import { WireError } from "../codec/wire/problems.js";
import { type ChainRecord, decodeRecord } from "../codec/wire/recordMessage.js";
import { decodeResponse, encodeRequest, type Question } from "../codec/wire/requestMessage.js";
import { decodeSegment } from "../codec/wire/segment.js";
import type { Subject, Topics } from "../codec/wire/topics.js";

export interface MqttSourceOptions {
  readonly name: string;
  readonly link: Link;
  readonly topics: Topics;
  readonly chainId: string;
  readonly groupId: string;
  /** Our name in requests; answers come to response/<client>. */
  readonly client: string;
  readonly wire: WireContext;
  /** 20-byte contract addresses whose events are wanted. */
  readonly watch: readonly Uint8Array[];
  emit(input: LightInput): void;
  /** Something on the link went wrong that is no input: counted by code. */
  count(code: string): void;
}

/** Questions without an answer that are remembered for decoding; the light client has its own, shorter patience. */
const QUESTIONS_OPEN_MAX = 64;

export class MqttSource {
  readonly name: string;
  readonly #options: MqttSourceOptions;
  readonly #questions = new Map<string, Question["what"]>();

  constructor(options: MqttSourceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  start(): void {
    const { link, name, emit, count } = this.#options;
    link.start({
      connected: () => this.#onConnected(),
      disconnected: (code) => {
        count(code);
        this.#questions.clear();
        emit({ kind: "disconnected", source: name });
      },
      message: (message) => this.#onMessage(message),
      dropped: count,
    });
  }

  async stop(): Promise<void> {
    await this.#options.link.stop();
  }

  send(message: LightMessage): void {
    const { link, topics, client } = this.#options;
    if (message.kind === "request") {
      const { id, question } = message;
      if (this.#questions.size >= QUESTIONS_OPEN_MAX) this.#questions.clear();
      this.#questions.set(toHex(id), question.what);
      const payload = encodeRequest({ id, client, question });
      this.#attempt(link.publish(topics.name({ kind: "request" }), payload, { retain: false, qos: 1 }));
      return;
    }
    const names = message.subjects.map((subject) => topics.name(subject));
    this.#attempt(message.kind === "subscribe" ? link.subscribe(names) : link.unsubscribe(names));
  }

  #onConnected(): void {
    const { link, topics, client, watch, emit, name } = this.#options;
    emit({ kind: "connected", source: name });
    const subjects: Subject[] = [
      { kind: "record" },
      { kind: "changes" },
      { kind: "head" },
      { kind: "response", client },
      ...watch.map((address) => ({ kind: "event" as const, address: toHex(address) })),
    ];
    this.#attempt(link.subscribe(subjects.map((subject) => topics.name(subject))));
  }

  #attempt(work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#options.count(codeOf(thrown)));
  }

  #onMessage({ topic, payload }: LinkMessage): void {
    const { topics, emit, name, count } = this.#options;
    const subject = topics.parse(topic);
    if (subject === undefined) {
      count("LINK_TOPIC_UNKNOWN");
      return;
    }
    try {
      const input = subject.kind === "response" ? this.#decodeAnswer(payload) : this.#decode(subject, payload);
      if (input !== undefined) emit(input);
    } catch (thrown) {
      emit({ kind: "malformed", source: name, code: codeOf(thrown), subject });
    }
  }

  #decode(subject: Subject, payload: Uint8Array): LightInput | undefined {
    const { name: source, wire, count } = this.#options;
    // An empty payload is how a retained message is cleared.
    if (payload.length === 0) return undefined;
    switch (subject.kind) {
      case "record":
        return { kind: "record", source, record: this.#checkRecord(decodeRecord(payload)) };
      case "head":
        return { kind: "head", source, header: decodeHead(payload, wire) };
      case "changes":
        return { kind: "changeIndex", source, heights: decodeChangeIndex(payload) };
      case "change": {
        const change = decodeChange(payload, wire);
        mustMatch("height", subject.height, change.header.header.number);
        return { kind: "change", source, change };
      }
      case "segment": {
        const segment = decodeSegment(payload, wire);
        mustMatch("start", subject.start, segment.start);
        return { kind: "segment", source, start: segment.start, stretch: { ...segment, bytes: payload } };
      }
      case "event":
        return { kind: "event", source, event: decodeEvent(payload) };
      default:
        count("LINK_TOPIC_UNKNOWN");
        return undefined;
    }
  }

  #decodeAnswer(payload: Uint8Array): LightInput | undefined {
    const { name: source, wire, count, emit } = this.#options;
    const { id, status, body } = decodeResponse(payload);
    const key = toHex(id);
    const what = this.#questions.get(key);
    if (what === undefined) {
      count("CHAIN_ANSWER_UNASKED");
      return undefined;
    }
    this.#questions.delete(key);
    if (body === undefined) return { kind: "declined", source, id: key, status };
    try {
      if (what === "block") return { kind: "block", source, id: key, body: decodeBlockBody(body) };
      if (what === "headers") {
        return { kind: "headers", source, id: key, stretch: { ...decodeSegment(body, wire), bytes: copyBytes(body) } };
      }
      return { kind: "event", source, event: decodeEvent(body) };
    } catch (thrown) {
      emit({ kind: "malformed", source, code: codeOf(thrown), id: key });
      return undefined;
    }
  }

  #checkRecord(record: ChainRecord): ChainRecord {
    const { chainId, groupId, wire } = this.#options;
    const ours: Record<string, string> = { ...wire.profile, chain: chainId, group: groupId };
    const theirs: Record<string, string> = { ...record.profile, chain: record.chainId, group: record.groupId };
    for (const field of Object.keys(ours)) {
      const [mine, other] = [ours[field] ?? "", theirs[field] ?? ""];
      if (mine !== other) throw new WireError({ code: "WIRE_PROFILE_MISMATCH", field, ours: mine, theirs: other });
    }
    return record;
  }
}

function mustMatch(field: string, named: number, got: number): void {
  if (named !== got) throw new WireError({ code: "WIRE_RANGE", field, got: String(got) });
}
