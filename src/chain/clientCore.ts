/** What the parts of the light client share: the trusted header, the sources, and the pile of things to do. */
import { to0x, utf8Bytes } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import { Counters } from "../base/counters.js";
import { DomainError } from "../base/error.js";
import type { Random } from "../base/random.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import { writeJson } from "../codec/json.js";
import type { WireContext } from "../codec/wire/context.js";
import { extraWireBytes } from "../codec/wire/context.js";
import { PAYLOAD_BYTES_MAX, SEGMENT_HEADERS_MAX } from "../codec/wire/limits.js";
import { encodeSegment, segmentSizeFor } from "../codec/wire/segment.js";
import { Committees } from "./committee.js";
import { type ForkEvidence, forkToJson } from "./forkEvidence.js";
import type { AcceptedVia, HeaderStretch, LightMessage, LightOutput } from "./lightMessages.js";
import { ChainError, type ChainProblem } from "./problems.js";
import { RecentHeaders } from "./recentHeaders.js";
import { PENALTY, type Source, Sources } from "./sources.js";
import type { ChainWrite } from "./store.js";
import type { Trusted, Verified, VerifyInput, VerifyRules } from "./verify.js";
import { Wants } from "./wants.js";

export interface CoreOptions {
  readonly rules: VerifyRules;
  /** Headers per stored segment while following live. */
  readonly segmentSize: number;
  /** Headers kept below the newest one; 0 keeps everything. */
  readonly windowHeaders: number;
  readonly random: Random;
}

export class ClientCore {
  readonly rules: VerifyRules;
  readonly wire: WireContext;
  readonly committees: Committees;
  readonly sources = new Sources();
  readonly recent = new RecentHeaders();
  readonly counters = new Counters();
  readonly wants: Wants;
  readonly #segmentSize: number;
  readonly #windowHeaders: number;

  now: Millis = 0;
  trusted: Trusted | undefined;
  /** Set when two certified headers of one height were seen; nothing is accepted any more. */
  fork: ForkEvidence | undefined;
  /** Why the last acceptance failed for a reason on our side (clock, age); cleared by the next success. */
  hold: ChainProblem | undefined;

  writes: ChainWrite[] = [];
  messages: LightMessage[] = [];
  outputs: LightOutput[] = [];

  /** Live headers of the segment in progress, all certified and in a row. */
  #open: HashedHeader[] = [];
  #prunedBelow = 0;
  #answerLimit = SEGMENT_HEADERS_MAX;

  constructor(options: CoreOptions) {
    this.rules = options.rules;
    this.wire = { suite: options.rules.suite, profile: options.rules.profile };
    this.committees = new Committees(options.rules.suite, options.rules.profile.faultModel);
    this.wants = new Wants(options.random, (message) => this.messages.push(message));
    this.#segmentSize = options.segmentSize;
    this.#windowHeaders = options.windowHeaders;
  }

  verifyInput(trusted: Trusted, untrusted: HashedHeader): VerifyInput {
    return { trusted, untrusted, now: this.now, rules: this.rules, committees: this.committees };
  }

  /** Lowest height worth having. */
  get floor(): number {
    if (this.#windowHeaders === 0 || this.trusted === undefined) return 0;
    return Math.max(0, this.trusted.number - this.#windowHeaders + 1);
  }

  /** Headers to ask for at once, so that the answer fits into one message however many sealers there are by now. */
  get answerHeadersMax(): number {
    const sealers = this.trusted?.sealers.nodeIds.length ?? 1;
    const fitting = segmentSizeFor(sealers, this.rules.suite.headerSignatureBytes, extraWireBytes(this.rules.profile));
    return Math.min(fitting, this.#answerLimit);
  }

  /** `count` headers were not to be had in one answer. False when there is no smaller question. */
  askLess(count: number): boolean {
    if (count <= 1) return false;
    this.#answerLimit = Math.floor(count / 2);
    return true;
  }

  askMore(): void {
    this.#answerLimit = Math.min(SEGMENT_HEADERS_MAX, 2 * this.#answerLimit);
  }

  /** Takes one verified live header. */
  accept(header: HashedHeader, verified: Verified, via: AcceptedVia): void {
    this.#believe(header, verified, via);
    const last = this.#open.at(-1);
    const inRow = last !== undefined && last.header.number + 1 === header.header.number;
    const startsSegment = header.header.number % this.#segmentSize === 0;
    if (inRow && !startsSegment) this.#open.push(header);
    else this.#open = [header];
    const endsSegment = (header.header.number + 1) % this.#segmentSize === 0;
    // A full segment replaces the single headers stored before; until then each one is stored alone.
    this.#writeRun(endsSegment ? this.#open : [header]);
    this.#prune();
  }

  /** Takes a stretch of headers, each verified against the one before. */
  acceptStretch(stretch: HeaderStretch, headers: readonly HashedHeader[], verified: readonly Verified[]): void {
    headers.forEach((header, i) => {
      this.#believe(header, verified[i] as Verified, "adjacent");
    });
    const whole = headers.length === stretch.headers.length;
    this.#writeRun(headers, whole ? stretch.bytes : undefined);
    this.#open = [];
    this.#prune();
  }

  #believe(header: HashedHeader, { trusted, certificate, sealersChanged }: Verified, via: AcceptedVia): void {
    this.trusted = trusted;
    this.hold = undefined;
    this.recent.add(header, "certified");
    this.counters.add("HEADERS_CERTIFIED");
    this.outputs.push({ kind: "accepted", header, via, ...certificate, sealersChanged });
  }

  /** In one run where it can be read back as one message, else in halves: many sealers make long headers. */
  #writeRun(headers: readonly HashedHeader[], bytes?: Uint8Array): void {
    const start = (headers[0] as HashedHeader).header.number;
    const encoded = bytes ?? encodeSegment(headers, true, this.wire);
    if (encoded.length > PAYLOAD_BYTES_MAX && headers.length > 1) {
      const half = headers.length >> 1;
      this.#writeRun(headers.slice(0, half));
      this.#writeRun(headers.slice(half));
      return;
    }
    this.writes.push({ kind: "run", run: { start, count: headers.length, status: "certified", bytes: encoded } });
  }

  #prune(): void {
    const floor = this.floor;
    const below = floor - (floor % this.#segmentSize);
    if (below <= this.#prunedBelow) return;
    this.#prunedBelow = below;
    this.writes.push({ kind: "prune", below });
  }

  /** Counts and reports what a source did wrong; that our own trust is too old costs it nothing. */
  refuse(source: Source | undefined, thrown: unknown, penalty: number = PENALTY.forged): void {
    // A defect of ours must not hide behind a counter.
    if (!(thrown instanceof DomainError)) throw thrown;
    const problem = thrown instanceof ChainError ? thrown.problem : undefined;
    if (problem?.code === "CHAIN_TRUST_EXPIRED") this.hold = problem;
    else if (source !== undefined) this.sources.bad(source, penalty, this.now);
    const { code } = thrown;
    this.counters.add(code);
    this.outputs.push({
      kind: "refused",
      source: source?.name ?? "",
      code,
      ...(problem === undefined ? {} : { problem }),
    });
  }

  /** A true header that cannot be taken now, because a clock is wrong. Nobody is to blame. */
  holdBack(thrown: unknown): void {
    if (!(thrown instanceof ChainError)) throw thrown;
    this.hold = thrown.problem;
    this.counters.add(thrown.code);
  }

  /** Stops everything, keeps the evidence. */
  halt(evidence: ForkEvidence): void {
    this.fork = evidence;
    this.counters.add("CHAIN_FORK");
    const bytes = utf8Bytes(writeJson(forkToJson(evidence)));
    this.writes.push({ kind: "record", name: `fork/${evidence.height}/${to0x(evidence.theirs.hash)}`, bytes });
    this.outputs.push({ kind: "fork", evidence });
  }
}
