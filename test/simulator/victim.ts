/**
 * A light client under attack, fed through the doors that strangers use: an MQTT source, and the codecs of Tars and
 * JSON-RPC.
 */
import type { Hostile } from "../../simulator/chain/attacks.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import type { Forger } from "../../simulator/chain/forger.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { codeOf, DomainError } from "../../src/base/error.js";
import type { Link, LinkHandlers } from "../../src/base/link.js";
import type { EventVerdict } from "../../src/chain/eventEvidence.js";
import { LightClient } from "../../src/chain/lightClient.js";
import type { LightInput } from "../../src/chain/lightMessages.js";
import { ANSWER_WAIT_MS } from "../../src/chain/limits.js";
import type { VerifyRules } from "../../src/chain/verify.js";
import type { SignedHeader } from "../../src/codec/fisco/header.js";
import { headerFromRpc } from "../../src/codec/fisco/headerRpc.js";
import { decodeHeader } from "../../src/codec/fisco/headerTars.js";
import { checkReceipt } from "../../src/codec/fisco/receiptRules.js";
import { decodeReceipt } from "../../src/codec/fisco/receiptTars.js";
import { checkTransaction } from "../../src/codec/fisco/transactionRules.js";
import { decodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import { hashHeader } from "../../src/codec/hashedHeader.js";
import { parseJson } from "../../src/codec/json.js";
import type { EventMessage } from "../../src/codec/wire/eventMessage.js";
import { encodeHead } from "../../src/codec/wire/headMessage.js";
import type { Subject } from "../../src/codec/wire/topics.js";
import { topicsOf } from "../../src/codec/wire/topics.js";
import type { Suite } from "../../src/crypto/suite.js";
import { MqttSource } from "../../src/node/mqttSource.js";
import { GENESIS_TIME } from "../support/chains.js";

const SOURCE = "broker";

export interface VictimOptions {
  readonly issuer: ChainIssuer;
  readonly forger: Forger;
  /** Height of the anchor; the sealers must not change above it beyond what overlap covers. */
  readonly anchorAt: number;
  /** What the client verifies with, for controls; the issuer's own by default. */
  readonly suite?: Suite;
  readonly rules?: Partial<VerifyRules>;
}

export class Victim {
  readonly client: LightClient;
  readonly #issuer: ChainIssuer;
  readonly #suite: Suite;
  #now: number;
  #handlers: LinkHandlers | undefined;
  #shown: number;
  #duplicates = 0;
  /** Codes since the last `takeCodes`: of refusals, states, verdicts and unproven lists. */
  #codes = new Set<string>();
  readonly verdicts: EventVerdict[] = [];
  /** Hashes accepted since the start. */
  readonly accepted: { readonly number: number; readonly hash: Uint8Array }[] = [];

  constructor({ issuer, forger, anchorAt, suite, rules }: VictimOptions) {
    this.#issuer = issuer;
    this.#suite = suite ?? issuer.suite;
    const anchored = issuer.header(anchorAt);
    this.#now = anchored.header.timestamp || GENESIS_TIME;
    this.#shown = anchorAt;
    const { chainId, groupId, profile, publisher, governor } = issuer;
    const { address, topic, dataBytes } = forger.watched;
    this.client = new LightClient({
      anchor: {
        chainId,
        groupId,
        profile,
        height: anchorAt,
        hash: anchored.hash,
        sealers: issuer.sealers(anchorAt),
        acceptedAt: this.#now,
        publishers: [publisher.address],
        governors: [governor.address],
      },
      rules: {
        suite: this.#suite,
        profile,
        trustLevel: "strict",
        trustingPeriodMs: 1e9,
        clockDriftMs: 10_000,
        ...rules,
      },
      mode: "skip",
      fill: false,
      segmentSize: 16,
      windowHeaders: 0,
      staleAfterMs: 0,
      watched: [{ address, topic, topics: 1, dataBytes }],
      random: new SeededRandom(7),
    });
    this.client.tick(this.#now);
    this.#connect();
    this.showHonest();
  }

  get height(): number | undefined {
    return this.client.status().height;
  }

  /** Every honest header above the last one shown, on the wire. */
  showHonest(): void {
    while (this.#shown < this.#issuer.height) {
      this.#shown++;
      const header = this.#issuer.header(this.#shown);
      this.#tick(Math.max(this.#now, header.header.timestamp));
      this.#deliver({ kind: "head" }, encodeHead(header, { suite: this.#suite, profile: this.#issuer.profile }));
    }
  }

  suffer(hostile: Hostile): void {
    if (hostile.kind === "wire") this.#deliver(hostile.subject, hostile.payload);
    else this.#decode(hostile);
    // Whatever the attack made the client ask for is never answered.
    this.#tick(this.#now + ANSWER_WAIT_MS);
  }

  showEvent(event: EventMessage): void {
    this.step({ kind: "event", source: SOURCE, event });
  }

  takeCodes(): string[] {
    const codes = [...this.#codes];
    this.#codes = new Set();
    return codes;
  }

  step(input: LightInput): void {
    this.client.step(input);
    this.#collect();
  }

  #tick(now: number): void {
    this.#now = now;
    this.client.tick(now);
    this.#collect();
  }

  #deliver(subject: Subject, payload: Uint8Array): void {
    const { chainId, groupId } = this.#issuer;
    const topic = topicsOf(chainId, groupId).name(subject);
    this.#handlers?.message({ topic, payload, retained: true });
  }

  #decode(hostile: Exclude<Hostile, { kind: "wire" }>): void {
    const { chainId, groupId, profile } = this.#issuer;
    try {
      if (hostile.kind === "json") this.#headerFrom(headerFromRpc(parseJson(hostile.payload)).signed);
      else if (hostile.form === "header") this.#headerFrom(decodeHeader(hostile.payload).signed);
      else if (hostile.form === "receipt") checkReceipt(decodeReceipt(hostile.payload).receipt);
      else {
        const { transaction } = decodeTransaction(hostile.payload);
        checkTransaction(transaction, { chainId, groupId, suite: profile.suite });
      }
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      this.#codes.add(codeOf(thrown));
    }
  }

  #headerFrom(signed: SignedHeader): void {
    const header = hashHeader(signed, this.#suite, this.#issuer.profile);
    this.step({ kind: "head", source: SOURCE, header });
  }

  #connect(): void {
    const { chainId, groupId, profile } = this.#issuer;
    const victim = this;
    const nothing = async (): Promise<void> => {};
    const link: Link = {
      start(handlers) {
        victim.#handlers = handlers;
        handlers.connected();
      },
      connected: true,
      publish: nothing,
      subscribe: nothing,
      unsubscribe: nothing,
      traffic: { bytesIn: 0, bytesOut: 0 },
      stop: nothing,
    };
    const source = new MqttSource({
      name: SOURCE,
      link,
      topics: topicsOf(chainId, groupId),
      chainId,
      groupId,
      client: "victim",
      wire: { suite: this.#suite, profile },
      watch: [],
      emit: (input) => this.step(input),
      count: (code) => this.#codes.add(code),
    });
    source.start();
  }

  #collect(): void {
    for (let ready = this.client.ready(); ready !== undefined; ready = this.client.ready()) {
      for (const output of ready.outputs) {
        if (output.kind === "accepted") {
          this.accepted.push({ number: output.header.header.number, hash: output.header.hash });
        } else if (output.kind === "refused") this.#codes.add(output.code);
        else if (output.kind === "fork") this.#codes.add("CHAIN_FORK");
        else if (output.kind === "unproven") this.#codes.add("CHAIN_CHANGE_UNPROVEN");
        else if (output.kind === "event") {
          this.verdicts.push(output.verdict);
          this.#codes.add(output.verdict.level === "evidence" ? "EVENTS_EVIDENCE" : "EVENTS_HASH_CONSISTENT");
        }
      }
      this.client.advance();
    }
    // Seeing a header twice is no offence, so it shows in a counter only.
    const duplicates = this.client.status().counters.HEADERS_DUPLICATE ?? 0;
    if (duplicates > this.#duplicates) this.#codes.add("HEADERS_DUPLICATE");
    this.#duplicates = duplicates;
  }
}
