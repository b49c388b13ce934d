/**
 * The light client: follows the headers of one chain from sources it does not trust, and believes only what a quorum of
 * sealers it already trusts has signed.
 *
 * In: decoded messages of sources (heads, segments, changes, answers), the clock, the operator's word.
 * Out: headers to store, topics and questions to ask, accepted headers and everything that was refused.
 * It verifies inside `step`, because a header costs a fraction of a millisecond; it never reads a clock, a socket or a disk.
 *
 * One input does one thing at most: a head is a claim to climb to (climber.ts), gaps below certified headers are filled
 * backwards by parent hash (filler.ts), a second certified header at a known height stops everything (`FORKED`).
 */
import { copyBytes, equalBytes } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import type { Machine, Ready } from "../base/machine.js";
import type { Random } from "../base/random.js";
import { genesisSealers, readGenesis } from "../codec/fisco/genesis.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { Subject } from "../codec/wire/topics.js";
import type { Anchor } from "./anchor.js";
import { checkSignatures, checkSigners } from "./certificate.js";
import { ClientCore } from "./clientCore.js";
import { Climber, type SyncMode } from "./climber.js";
import type { Committee } from "./committee.js";
import { checkEvent, type EventVerdict, type WatchedEvent } from "./eventEvidence.js";
import { Filler, type Gap } from "./filler.js";
import { type ForkEvidence, forkProblem } from "./forkEvidence.js";
import type { HeaderStretch, LightInput, LightMessage, LightOutput, LightState } from "./lightMessages.js";
import { ANSWER_WAIT_MS, PENDING_EVENTS_MAX, RECENT_HEADERS_MAX } from "./limits.js";
import { ChainError, type ChainProblem } from "./problems.js";
import type { RecentHeader } from "./recentHeaders.js";
import { PENALTY, type Source } from "./sources.js";
import type { ChainWrite } from "./store.js";
import type { Trusted, VerifyRules } from "./verify.js";
import type { Want } from "./wants.js";

export interface LightClientOptions {
  readonly anchor: Anchor;
  readonly rules: VerifyRules;
  /** `skip` (default of the light role) or `forward` (every header certified; what a publisher needs). */
  readonly mode: SyncMode;
  /** Whether the past is filled in backwards. */
  readonly fill: boolean;
  readonly segmentSize: number;
  /** Headers kept; 0 keeps all. */
  readonly windowHeaders: number;
  /** Age of the newest certified header after which the client calls itself stale; 0 never does. */
  readonly staleAfterMs: number;
  /** Events that may become evidence. */
  readonly watched: readonly WatchedEvent[];
  readonly random: Random;
  /** From the store (restore.ts); absent on first start. */
  readonly restored?: Restored;
}

export interface Restored {
  readonly trusted: Trusted | undefined;
  readonly recent: readonly HashedHeader[];
  readonly gaps: readonly Gap[];
  readonly fork: ForkEvidence | undefined;
}

export interface SourceStatus {
  readonly name: string;
  readonly connected: boolean;
  readonly score: number;
  readonly resting: boolean;
  readonly newestShown: number | undefined;
}

export interface LightStatus {
  readonly state: LightState;
  readonly problem: ChainProblem | undefined;
  readonly height: number | undefined;
  readonly hash: Uint8Array | undefined;
  /** Time of the newest certified header, ms; undefined where no hash covers it. */
  readonly headerTime: Millis | undefined;
  readonly sealers: number | undefined;
  /** Headers of the window still to be filled in. */
  readonly missing: number;
  readonly sources: readonly SourceStatus[];
  readonly counters: Readonly<Record<string, number>>;
}

type LightReady = Ready<ChainWrite, LightMessage, LightOutput>;
const NOTHING: readonly never[] = [];

export class LightClient implements Machine<LightInput, ChainWrite, LightMessage, LightOutput> {
  readonly #core: ClientCore;
  readonly #climber: Climber;
  readonly #filler: Filler;
  readonly #anchor: Anchor;
  readonly #watched: readonly WatchedEvent[];
  readonly #staleAfterMs: number;
  #clockSet = true;
  #state: LightState = "OFFLINE";
  #events: { readonly source: Source; readonly input: Extract<LightInput, { kind: "event" }> }[] = [];

  constructor(options: LightClientOptions) {
    const { anchor, rules, restored } = options;
    if (rules.trustLevel === "third" && anchor.profile.faultModel === "crash") {
      throw new ChainError({ code: "ANCHOR_TRUST_LEVEL_ON_CRASH" });
    }
    this.#core = new ClientCore(options);
    this.#filler = new Filler(this.#core, options.fill);
    this.#climber = new Climber(this.#core, this.#filler, options.mode, anchor);
    this.#anchor = anchor;
    this.#watched = options.watched;
    this.#staleAfterMs = options.staleAfterMs;
    this.#core.trusted = restored?.trusted ?? trustedAnchor(anchor);
    this.#core.fork = restored?.fork;
    for (const header of restored?.recent ?? NOTHING) this.#core.recent.add(header, "certified");
    this.#filler.restore(restored?.gaps ?? NOTHING);
  }

  step(input: LightInput): void {
    if (input.kind === "clock") this.#clockSet = input.set;
    else if (input.kind === "acceptSealers") this.#climber.acceptedByOperator(input.number, input.hash);
    else {
      const source = this.#core.sources.get(input.source);
      if (source === undefined) this.#core.counters.add("SOURCES_EXHAUSTED");
      else this.#fromSource(source, input);
    }
    this.#plan();
  }

  #fromSource(source: Source, input: Exclude<LightInput, { kind: "clock" } | { kind: "acceptSealers" }>): void {
    switch (input.kind) {
      case "connected":
        source.connected = true;
        return;
      case "disconnected":
        this.#core.sources.disconnected(source);
        this.#core.wants.abandon(source.name);
        return;
      case "record":
        source.record = input.record;
        return;
      case "head":
        this.#onHead(source, input.header);
        return;
      case "changeIndex":
        source.changeHeights = input.heights;
        return;
      case "change":
        this.#onChange(source, input);
        return;
      case "segment":
        this.#onStretch(
          source,
          this.#core.wants.arrived(source.name, { kind: "segment", start: input.start }),
          input.stretch,
        );
        return;
      case "headers":
        this.#onStretch(source, this.#core.wants.answered(source.name, input.id), input.stretch);
        return;
      case "block":
        if (this.#core.wants.answered(source.name, input.id)?.purpose === "block")
          this.#climber.provedBy(source, input.body);
        return;
      case "declined":
        this.#onDeclined(source, this.#core.wants.answered(source.name, input.id));
        return;
      case "event":
        this.#onEvent(source, input);
        return;
      case "malformed":
        this.#onMalformed(source, input);
        return;
    }
  }

  tick(now: Millis): void {
    this.#core.now = now;
    for (const want of this.#core.wants.expired(now)) {
      const source = this.#core.sources.get(want.source);
      if (source === undefined) continue;
      // Nobody promises that a message is retained; only a question left open is held against a source.
      const penalty = want.subject === undefined ? PENALTY.unanswered : 0;
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_MISSING", height: want.from }), penalty);
      this.#onFailed(source, want, 0);
    }
    this.#plan();
  }

  ready(): LightReady | undefined {
    const { writes, messages, outputs } = this.#core;
    if (writes.length === 0 && messages.length === 0 && outputs.length === 0) return undefined;
    return { writes, messages, outputs, signRequests: NOTHING, verifyRequests: NOTHING };
  }

  advance(): void {
    this.#core.writes = [];
    this.#core.messages = [];
    this.#core.outputs = [];
  }

  status(): LightStatus {
    const { trusted, sources, counters, now } = this.#core;
    return {
      state: this.#state,
      problem: this.#problem(),
      height: trusted?.number,
      hash: trusted?.hash,
      headerTime: trusted?.timestamp,
      sealers: trusted?.sealers.nodeIds.length,
      missing: this.#filler.missing,
      sources: sources.all().map((source) => ({
        name: source.name,
        connected: source.connected,
        score: source.score,
        resting: now < source.quarantinedUntil,
        newestShown: source.heads.at(-1)?.header.number,
      })),
      counters: counters.snapshot(),
    };
  }

  #onHead(source: Source, header: HashedHeader): void {
    const { trusted, fork } = this.#core;
    if (fork !== undefined || !this.#clockSet) return;
    if (trusted !== undefined && header.header.number <= trusted.number) this.#onOldHeader(source, header);
    else this.#climber.shown(source, header);
  }

  /** A header at or below ours: the same again, an old one, or a fork. */
  #onOldHeader(source: Source, header: HashedHeader): void {
    const { recent, trusted, counters } = this.#core;
    const { number } = header.header;
    const known = recent.get(number);
    if (known !== undefined && equalBytes(known.hash, header.hash)) {
      counters.add("HEADERS_DUPLICATE");
      return;
    }
    if (known === undefined) {
      this.#core.refuse(
        source,
        new ChainError({ code: "CHAIN_ROLLBACK", height: number, trusted: trusted?.number ?? 0 }),
        PENALTY.stale,
      );
      return;
    }
    try {
      const own = this.#core.committees.of(header.header.sealers);
      checkSigners(header, own);
      this.#checkTurncoats(header, own, known);
      checkSignatures(header, own);
    } catch (thrown) {
      this.#core.refuse(source, thrown);
      return;
    }
    this.#core.halt({
      height: number,
      ours: copyBytes(known.hash),
      theirs: header,
      kind: "certified",
      source: source.name,
    });
  }

  /**
   * Whether the signers of a second header at a known height are the ones who should have signed one only: a quorum of the
   * sealers of that height, and more than a third of today's. Keys that have left office prove nothing against today's
   * sealers: whoever bought old keys must not be able to stop us.
   * @throws ChainError CHAIN_TRUST_SHORT, CHAIN_SEALERS_RETIRED
   */
  #checkTurncoats({ header, signatures }: HashedHeader, own: Committee, known: RecentHeader): void {
    const { committees, trusted } = this.#core;
    const then = committees.of(known.sealers);
    const today = committees.of(trusted?.sealers ?? known.sealers);
    const ids = signatures.map(({ sealerIndex }) => own.sealers.nodeIds[sealerIndex] as Uint8Array);
    const weightIn = (committee: Committee): bigint => ids.reduce((sum, id) => sum + committee.weightOfNode(id), 0n);
    const height = header.number;
    if (weightIn(then) < then.quorum) {
      const [got, need] = [String(weightIn(then)), String(then.quorum)];
      throw new ChainError({ code: "CHAIN_TRUST_SHORT", height, trusted: height, got, need });
    }
    if (3n * weightIn(today) <= today.totalWeight) throw new ChainError({ code: "CHAIN_SEALERS_RETIRED", height });
  }

  #onChange(source: Source, { change }: Extract<LightInput, { kind: "change" }>): void {
    const height = change.header.header.number;
    this.#core.wants.arrived(source.name, { kind: "change", height });
    this.#core.sources.keepChange(source, change);
  }

  #onStretch(source: Source, want: Want | undefined, stretch: HeaderStretch): void {
    if (want === undefined) {
      const height = stretch.headers[0]?.header.number ?? 0;
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_UNASKED", height }), PENALTY.stale);
      return;
    }
    if (this.#core.fork !== undefined || !this.#clockSet) return;
    this.#core.askMore();
    if (want.purpose === "fill") this.#filler.received(source, want, stretch);
    else if (want.purpose === "genesis") this.#onGenesis(source, stretch);
    else this.#climber.received(source, want, stretch);
  }

  /** Block 0, for an anchor that is its hash alone: the sealers stand in its text. */
  #onGenesis(source: Source, stretch: HeaderStretch): void {
    const genesis = stretch.headers[0];
    if (genesis === undefined || genesis.header.number !== 0 || !equalBytes(genesis.hash, this.#anchor.hash)) {
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_UNASKED", height: 0 }));
      this.#core.sources.pause(source, this.#core.now);
      return;
    }
    try {
      const sealers = genesisSealers(readGenesis(genesis.header.extraData));
      this.#core.trusted = { number: 0, hash: genesis.hash, sealers, vouchedAt: this.#anchor.acceptedAt };
    } catch (thrown) {
      this.#core.refuse(source, thrown, 0);
      this.#core.sources.pause(source, this.#core.now);
    }
  }

  #onMalformed(source: Source, { code, subject, id }: Extract<LightInput, { kind: "malformed" }>): void {
    this.#core.counters.add(code);
    this.#core.outputs.push({ kind: "refused", source: source.name, code });
    this.#core.sources.bad(source, PENALTY.malformed, this.#core.now);
    const { wants } = this.#core;
    const want =
      id !== undefined ? wants.answered(source.name, id) : subject && wants.arrived(source.name, subject as Subject);
    this.#onFailed(source, want, 0);
  }

  /** What a source does not have as a whole, it may have in part: an answer has to fit into one message. */
  #onDeclined(source: Source, want: Want | undefined): void {
    if (want === undefined || this.#core.askLess(want.to - want.from + 1)) return;
    this.#onFailed(source, want, PENALTY.stale);
  }

  #onFailed(source: Source, want: Want | undefined, penalty: number): void {
    if (want === undefined) return;
    if (penalty > 0)
      this.#core.refuse(source, new ChainError({ code: "CHAIN_ANSWER_MISSING", height: want.from }), penalty);
    if (want.purpose === "fill") this.#filler.failed(source, want);
    else this.#climber.failed(source, want);
  }

  /** A transaction with proofs: judged at once when its header is known, kept for a while when it is just ahead. */
  #onEvent(source: Source, input: Extract<LightInput, { kind: "event" }>): void {
    const { recent, trusted } = this.#core;
    const { number } = input.event;
    const header = recent.get(number);
    if (header !== undefined) {
      try {
        const verdict: EventVerdict = checkEvent({
          event: input.event,
          header,
          suite: this.#core.rules.suite,
          anchor: this.#anchor,
          watched: this.#watched,
        });
        this.#core.counters.add(verdict.level === "evidence" ? "EVENTS_EVIDENCE" : "EVENTS_HASH_CONSISTENT");
        this.#core.outputs.push({ kind: "event", source: source.name, verdict });
      } catch (thrown) {
        this.#core.refuse(source, thrown);
      }
      return;
    }
    const ahead = trusted === undefined || (number > trusted.number && number <= trusted.number + RECENT_HEADERS_MAX);
    if (ahead && this.#events.length < PENDING_EVENTS_MAX) this.#events.push({ source, input });
    else this.#core.refuse(source, new ChainError({ code: "CHAIN_PROOF_UNANCHORED", height: number }), PENALTY.stale);
  }

  #judgeWaitingEvents(): void {
    const height = this.#core.trusted?.number ?? -1;
    if (!this.#events.some(({ input }) => input.event.number <= height)) return;
    const waiting = this.#events;
    this.#events = [];
    for (const { source, input } of waiting) this.#onEvent(source, input);
  }

  #plan(): void {
    if (this.#clockSet && this.#core.fork === undefined) {
      this.#needGenesis();
      this.#climber.plan();
      this.#filler.plan();
      this.#judgeWaitingEvents();
    }
    const state = this.#currentState();
    if (state === this.#state) return;
    this.#state = state;
    const problem = this.#problem();
    this.#core.outputs.push({ kind: "state", state, ...(problem === undefined ? {} : { problem }) });
  }

  #needGenesis(): void {
    const { trusted, wants, sources, now } = this.#core;
    if (trusted !== undefined || wants.has(["genesis"])) return;
    const source = sources.bestFor(0, now);
    if (source !== undefined)
      wants.ask(source.name, "genesis", { what: "headers", from: 0, count: 1 }, { from: 0, to: 0 }, now);
  }

  #currentState(): LightState {
    const { trusted, fork, hold, sources, counters, now } = this.#core;
    if (fork !== undefined) return "FORKED";
    if (!this.#clockSet) return "CLOCK_UNSET";
    if (hold?.code === "CHAIN_TRUST_EXPIRED") return "TRUST_EXPIRED";
    if (this.#climber.unproven !== undefined) return "SEALERS_UNPROVEN";
    if (!sources.all().some(({ connected }) => connected)) return "OFFLINE";
    if (trusted === undefined || sources.showsAbove(trusted.number)) return "SYNCING";
    // Where all sealers have changed since, no trusted one signed the newest header; that the way leads up tells it from a lie.
    const climbing = now - this.#climber.climbedAt < ANSWER_WAIT_MS;
    if (climbing && sources.bestAbove(trusted.number, now) !== undefined) return "SYNCING";
    // Until a source has shown something to compare with, nobody knows whether this is the newest header.
    if (counters.get("HEADERS_CERTIFIED") + counters.get("HEADERS_DUPLICATE") === 0) return "SYNCING";
    const age = trusted.timestamp === undefined ? 0 : now - trusted.timestamp;
    return this.#staleAfterMs > 0 && age > this.#staleAfterMs ? "STALE" : "FOLLOWING";
  }

  #problem(): ChainProblem | undefined {
    const { fork, hold, now } = this.#core;
    if (fork !== undefined) return forkProblem(fork);
    if (!this.#clockSet) return { code: "CHAIN_CLOCK_UNSET", now };
    return hold ?? this.#climber.unproven?.problem;
  }
}

function trustedAnchor(anchor: Anchor): Trusted | undefined {
  const { height, hash, sealers, acceptedAt } = anchor;
  return sealers === undefined ? undefined : { number: height, hash, sealers, vouchedAt: acceptedAt };
}
