/**
 * The guard: the only holder of a key's home. In: structured requests. Out: signatures that were checked, never two
 * digests for one slot, whatever crashes, is restored or runs twice.
 *
 *     check and claim -> reserve ahead (rarely) -> persist the slot -> sign -> verify own signature -> release
 *     check and claim -> persist the slot -> reserve its height (reserve "each") -> sign -> verify -> release
 *
 * Requests that arrive together are checked one after the other and persisted together. The first of several conflicting
 * requests wins the slot in memory at once; its slot is on the disk before the key's home sees the digest.
 */
import { copyBytes } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import type { AnchorValue, KeyAnchor, KeyBackend } from "../../crypto/keyBackend.js";
import type { PreparedKey, Suite, SuiteName } from "../../crypto/suite.js";
import { systemRandom } from "../systemClock.js";
import { readAnchor, writeAnchor } from "./anchorKeeper.js";
import { GroupCommit } from "./groupCommit.js";
import { decide, type FilledSlot, type KeyHistory, type Verdict, type Watermarks } from "./guardRules.js";
import { type GuardStore, type GuardWrite, type KeyId, type KeyMarks, keyName } from "./guardStore.js";
import { ANCHOR_TIMEOUT_MS, REQUESTS_IN_FLIGHT_MAX, RESERVE_HEIGHTS } from "./limits.js";
import { nextSession, type OpenedSession, openSession, type ReserveMode } from "./openSession.js";
import type { GuardedSigner, KeyFamily, Signed, SignRequest } from "./port.js";
import { reasonOf, SigningError } from "./problems.js";
import { type EncodedRequest, encodeRequest, type GuardChain } from "./requests.js";
import { headerForm, transactionForm } from "./signatureForm.js";
import { signTimeoutOf } from "./signTimeout.js";
import { ordinalOf, type Slot, slotName, trackOf } from "./slots.js";
import { withTimeout } from "./withTimeout.js";

export interface GuardOptions {
  /** Closed by the guard, also when it cannot be opened. */
  readonly backend: KeyBackend;
  /** May serve several keys; closed by whoever opened it. */
  readonly store: GuardStore;
  readonly suite: Suite;
  readonly chain: GuardChain;
  readonly family: KeyFamily;
  /** Allows sealer keys in software, and without an anchor outside the disk. */
  readonly development?: boolean;
  /**
   * How the anchor is raised. "ahead" (default): rarely, by RESERVE_HEIGHTS at a time; after an unclean stop the key signs
   * nothing below that, which a chain with other sealers survives. "each": for every height, once its slot is on the disk;
   * after an unclean stop the key goes on where it was, as a sealer that is alone must.
   */
  readonly reserve?: ReserveMode;
  readonly signTimeoutMs?: number;
  readonly random?: Random;
}

const ALGORITHMS: Readonly<Record<SuiteName, string>> = { ecdsa: "secp256k1", sm: "sm2" };
/** After these the guard cannot know where it stands; it must be opened anew. */
const STOPPING: ReadonlySet<string> = new Set(["SIGN_STORE_FAILED", "SIGN_SLOT_REWRITTEN", "SIGN_SESSION_OTHER"]);

/** One guard per key and store in this process; other processes are kept out by the store's lock and the anchor. */
const OPEN_KEYS = new WeakMap<GuardStore, Set<string>>();

/**
 * Starts a new session of a key.
 * @throws SigningError `SIGN_KEY_ALGORITHM`, `SIGN_KEY_EXTRACTABLE`, `SIGN_KEY_ONCE_EXTRACTABLE`, `SIGN_KEY_INVALID`,
 * `SIGN_KEY_IN_USE`, `SIGN_ANCHOR_NEEDED`, `SIGN_BACKEND_FAILED`, `SIGN_TIMEOUT`, and what `openSession` throws
 */
export async function openGuardedSigner(options: GuardOptions): Promise<Guard> {
  const { backend, store, suite, chain, family, random = systemRandom, reserve = "ahead" } = options;
  let release = (): void => {};
  try {
    checkHome(options);
    const publicKey = copyBytes(await askHome(options, () => backend.publicKey()));
    const prepared = suite.prepare(publicKey);
    if (prepared === undefined) throw new SigningError({ code: "SIGN_KEY_INVALID", home: backend.facts.home });
    const id = { chain: copyBytes(chain.id), publicKey };
    release = claimKey(store, id);
    // What an account signs cannot conflict, so there is nothing to anchor.
    const anchor = family === "account" ? undefined : backend.anchor;
    const session = await openSession({ store, id, suite: suite.name, family, anchor, random, reserve });
    return new Guard(options, id, prepared, session, release);
  } catch (thrown) {
    release();
    await backend.close();
    throw thrown;
  }
}

function checkHome({ backend, suite, family, development = false }: GuardOptions): void {
  const { algorithm, extractable, home, backend: name } = backend.facts;
  if (algorithm !== ALGORITHMS[suite.name]) {
    throw new SigningError({ code: "SIGN_KEY_ALGORITHM", algorithm, suite: suite.name });
  }
  if (family !== "sealer" || development) return;
  if (extractable === "yes") throw new SigningError({ code: "SIGN_KEY_EXTRACTABLE", home });
  if (extractable === "once") throw new SigningError({ code: "SIGN_KEY_ONCE_EXTRACTABLE", home });
  if (backend.anchor === undefined) throw new SigningError({ code: "SIGN_ANCHOR_NEEDED", backend: name });
}

function claimKey(store: GuardStore, id: KeyId): () => void {
  const open = OPEN_KEYS.get(store) ?? new Set<string>();
  OPEN_KEYS.set(store, open);
  const name = keyName(id);
  if (open.has(name)) throw new SigningError({ code: "SIGN_KEY_IN_USE", key: name });
  open.add(name);
  return () => open.delete(name);
}

async function askHome<T>(options: GuardOptions, work: () => Promise<T>): Promise<T> {
  const timeoutMs = options.signTimeoutMs ?? signTimeoutOf(options.backend.facts);
  const backend = options.backend.facts.backend;
  try {
    return await withTimeout(work(), timeoutMs, () => new SigningError({ code: "SIGN_TIMEOUT", backend, timeoutMs }));
  } catch (thrown) {
    if (thrown instanceof SigningError) throw thrown;
    throw new SigningError({ code: "SIGN_BACKEND_FAILED", backend, reason: reasonOf(thrown) }, { cause: thrown });
  }
}

export class Guard implements GuardedSigner {
  readonly suite: SuiteName;
  readonly family: KeyFamily;
  readonly publicKey: Uint8Array;
  readonly #options: GuardOptions;
  readonly #id: KeyId;
  readonly #name: string;
  readonly #prepared: PreparedKey;
  readonly #release: () => void;
  readonly #commits: GroupCommit;
  readonly #slots: Map<string, FilledSlot>;
  /** Slots whose signature is on its way; whoever asks for the same one waits for it. */
  readonly #underWay = new Map<string, Promise<Uint8Array>>();
  readonly #working = new Set<Promise<unknown>>();
  #marks: KeyMarks;
  /** The marks that are on the disk, or on their way there before anything that relies on them. */
  #written: KeyMarks;
  #reserved: number;
  /** Tail of the line for the anchor: one reads and writes it at a time. */
  #anchorLine: Promise<unknown> = Promise.resolve();
  #stopped: string | undefined;
  #closing: Promise<void> | undefined;

  /** Only `openGuardedSigner` makes one. */
  constructor(options: GuardOptions, id: KeyId, prepared: PreparedKey, session: OpenedSession, release: () => void) {
    this.#options = options;
    this.suite = options.suite.name;
    this.family = options.family;
    this.publicKey = id.publicKey;
    this.#id = id;
    this.#name = keyName(id);
    this.#prepared = prepared;
    this.#release = release;
    this.#commits = new GroupCommit(options.store);
    this.#slots = session.slots;
    this.#marks = session.marks;
    this.#written = session.marks;
    this.#reserved = session.reserved;
  }

  /** For `status`: what is remembered, in numbers. */
  get state(): {
    readonly watermarks: Watermarks;
    readonly highestView: number;
    readonly slots: number;
    readonly reserved: number;
    readonly stopped: string | undefined;
  } {
    const { watermarks, highestView } = this.#marks;
    return { watermarks, highestView, slots: this.#slots.size, reserved: this.#reserved, stopped: this.#stopped };
  }

  /** @throws SigningError, see `problems.ts`; nothing is released then. */
  async sign(request: SignRequest): Promise<Signed> {
    if (this.#closing !== undefined) throw new SigningError({ code: "SIGN_CLOSED" });
    this.#assertRunning();
    const encoded = encodeRequest(request, this.#options.suite, this.#options.chain, this.family);
    const { slot } = encoded;
    if (slot === undefined) return this.#track(() => this.#signFree(encoded));
    return this.#signSlot(slot, encoded.digest);
  }

  /**
   * Whether the anchor still holds this session. For a node to call from time to time: it finds another instance earlier
   * than the next reservation would.
   * @throws SigningError `SIGN_SESSION_OTHER`, `SIGN_ANCHOR_FAILED`
   */
  async recheck(): Promise<void> {
    this.#assertRunning();
    const { anchor } = this.#options.backend;
    if (anchor !== undefined) await this.#inLine(() => this.#assertSession(anchor).then(() => undefined));
  }

  /** Waits for what is under way, and notes that the disk knows everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#working, this.#anchorLine]);
    try {
      if (this.#stopped === undefined) {
        this.#setMarks({ clean: true });
        await this.#persist([]);
      }
    } finally {
      this.#release();
      await this.#options.backend.close();
    }
  }

  async #signFree({ digest, purpose }: EncodedRequest): Promise<Signed> {
    const header = await this.#signDigest(digest);
    const { suite } = this.#options;
    const signature = purpose === "transaction" ? transactionForm(suite, this.publicKey, header) : header;
    return { signature, digest, repeated: false };
  }

  async #signSlot(slot: Slot, digest: Uint8Array): Promise<Signed> {
    const verdict = this.#check(slot, digest);
    const known = verdict.kind === "again" ? this.#answer(verdict.filled) : undefined;
    const signature = known ?? this.#begin(slot, digest, verdict.kind === "fill" ? verdict : undefined);
    return { signature: copyBytes(await signature), digest: copyBytes(digest), repeated: known !== undefined };
  }

  /** @throws SigningError for a refusal */
  #check(slot: Slot, digest: Uint8Array): Exclude<Verdict, { kind: "refuse" }> {
    const { watermarks, highestView } = this.#marks;
    const history: KeyHistory = { watermarks, highestView, slots: this.#slots };
    const verdict = decide(history, slot, digest, this.#name);
    if (verdict.kind === "refuse") throw new SigningError(verdict.problem);
    return verdict;
  }

  /** The signature that a filled slot has or is about to have; undefined where it must be made again. */
  #answer({ slot, digest, signature }: FilledSlot): Uint8Array | Promise<Uint8Array> | undefined {
    // It may come from a file or a disk that somebody else has written: what does not hold is made again.
    if (signature !== undefined && this.#prepared.verify(digest, signature)) return signature;
    return this.#underWay.get(slotName(slot));
  }

  /** Synchronous up to the claim: from here on every other digest for the slot is refused. */
  #begin(slot: Slot, digest: Uint8Array, fill: Extract<Verdict, { kind: "fill" }> | undefined): Promise<Uint8Array> {
    const name = slotName(slot);
    if (this.#working.size >= REQUESTS_IN_FLIGHT_MAX) {
      throw new SigningError({ code: "SIGN_BUSY", inFlight: this.#working.size });
    }
    const writes = fill === undefined ? [] : this.#claim({ slot, digest }, fill);
    const signing = this.#track(() => this.#complete({ slot, digest }, writes));
    this.#underWay.set(name, signing);
    const done = (): void => {
      if (this.#underWay.get(name) === signing) this.#underWay.delete(name);
    };
    signing.then(done, done);
    return signing;
  }

  #claim(filled: FilledSlot, fill: Extract<Verdict, { kind: "fill" }>): GuardWrite[] {
    const id = this.#id;
    const writes: GuardWrite[] = [{ kind: "fill", id, filled }];
    for (const name of fill.forget) this.#slots.delete(name);
    if (fill.forget.length > 0) writes.push({ kind: "forget", id, names: fill.forget });
    this.#slots.set(slotName(filled.slot), filled);
    const { watermarks, highestView } = fill;
    if (watermarks !== this.#marks.watermarks || highestView !== this.#marks.highestView) {
      this.#setMarks({ watermarks, highestView });
    }
    return writes;
  }

  async #complete(filled: FilledSlot, writes: readonly GuardWrite[]): Promise<Uint8Array> {
    const progress = { persisting: writes.length === 0 };
    try {
      await this.#record(filled.slot, writes, progress);
    } catch (thrown) {
      // What has not begun to reach the disk was never signed: the slot is free again.
      if (!progress.persisting) this.#slots.delete(slotName(filled.slot));
      throw thrown;
    }
    this.#assertRunning();
    const signature = await this.#signDigest(filled.digest);
    this.#remember({ ...filled, signature });
    return signature;
  }

  async #record(slot: Slot, writes: readonly GuardWrite[], progress: { persisting: boolean }): Promise<void> {
    const { anchor } = this.#options.backend;
    if (anchor !== undefined && slot.kind === "raftVote") {
      await this.#inLine(() => this.#recordRaftVote(anchor, writes, progress));
      return;
    }
    const isEach = this.#options.reserve === "each";
    if (anchor !== undefined && !isEach && this.#isBeyondReserve(slot)) {
      await this.#inLine(() => this.#reserve(anchor, slot, RESERVE_HEIGHTS));
    }
    this.#assertRunning();
    progress.persisting = true;
    if (writes.length > 0) await this.#persist(writes);
    // The anchor never names a height whose slot is not on the disk. When it cannot be raised, the slot stays claimed.
    if (anchor !== undefined && isEach && this.#isBeyondReserve(slot)) {
      await this.#inLine(() => this.#reserve(anchor, slot, 0));
    }
  }

  /** Raises the session first: a copy of the disk from before this vote must not pass for the latest one. */
  async #recordRaftVote(
    anchor: KeyAnchor,
    writes: readonly GuardWrite[],
    progress: { persisting: boolean },
  ): Promise<void> {
    await this.#assertSession(anchor);
    const intended = nextSession(this.#marks.session, this.#options.random ?? systemRandom);
    progress.persisting = true;
    this.#setMarks({ intended });
    await this.#persist(writes);
    await this.#stopOnFailure(() => writeAnchor(anchor, { session: intended, reserved: this.#reserved }));
    this.#setMarks({ session: intended, intended: 0 });
    await this.#persist([]);
  }

  #remember(filled: Required<FilledSlot>): void {
    const name = slotName(filled.slot);
    // Meanwhile the window may have moved on.
    if (!this.#slots.has(name)) return;
    this.#slots.set(name, filled);
    this.#commits.ride({ kind: "signature", id: this.#id, filled });
  }

  async #signDigest(digest: Uint8Array): Promise<Uint8Array> {
    const { backend, suite, signTimeoutMs = signTimeoutOf(backend.facts) } = this.#options;
    const bare = await askHome(this.#options, () => backend.signDigest(copyBytes(digest), signTimeoutMs));
    const signature = headerForm(suite, this.#prepared, this.publicKey, digest, bare);
    if (signature === undefined) {
      throw new SigningError({ code: "SIGN_SIGNATURE_WRONG", backend: backend.facts.backend });
    }
    return signature;
  }

  #isBeyondReserve(slot: Slot): boolean {
    return trackOf(slot) !== "term" && ordinalOf(slot) > this.#reserved;
  }

  async #reserve(anchor: KeyAnchor, slot: Slot, ahead: number): Promise<void> {
    if (!this.#isBeyondReserve(slot)) return;
    const found = await this.#assertSession(anchor);
    const reserved = Math.max(found.reserved, ordinalOf(slot) + ahead);
    await writeAnchor(anchor, { session: found.session, reserved }).catch((thrown) => this.#noteFailure(thrown));
    this.#reserved = reserved;
  }

  async #assertSession(anchor: KeyAnchor): Promise<AnchorValue> {
    this.#assertRunning();
    const value = await readAnchor(anchor);
    const { session } = this.#marks;
    if (value?.session === session) return value;
    const problem = { code: "SIGN_SESSION_OTHER", database: session, anchor: value?.session ?? 0 } as const;
    return this.#noteFailure(new SigningError(problem));
  }

  #setMarks(change: Partial<KeyMarks>): void {
    this.#marks = { ...this.#marks, ...change };
  }

  /**
   * Marks that have changed go along with whatever is written next, not with the request that changed them: that one may
   * wait for the anchor, or fail, while others go on under the new marks.
   */
  #persist(writes: readonly GuardWrite[]): Promise<void> {
    const marks = this.#marks;
    const changed: GuardWrite[] = marks === this.#written ? [] : [{ kind: "marks", id: this.#id, marks }];
    this.#written = marks;
    return this.#commits.persist([...changed, ...writes]).catch((thrown) => this.#noteFailure(thrown));
  }

  /** A failed write of a session may have reached the anchor or not: only a start can tell. */
  async #stopOnFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#stopped ??= reasonOf(thrown);
      throw thrown;
    }
  }

  #noteFailure(thrown: unknown): never {
    const code = reasonOf(thrown);
    if (STOPPING.has(code)) this.#stopped ??= code;
    throw thrown;
  }

  #assertRunning(): void {
    if (this.#stopped !== undefined) throw new SigningError({ code: "SIGN_STOPPED", cause: this.#stopped });
  }

  /** Whoever has waited in vain as long as the anchor may take gives way: with a token that hangs, so would all behind it. */
  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const since = performance.now();
    const turn = this.#anchorLine.then(() => {
      if (this.#closing !== undefined) throw new SigningError({ code: "SIGN_CLOSED" });
      if (performance.now() - since > ANCHOR_TIMEOUT_MS) {
        throw new SigningError({ code: "SIGN_ANCHOR_FAILED", action: "read", reason: "TIMEOUT" });
      }
      return work();
    });
    this.#anchorLine = turn.catch(() => undefined);
    return turn;
  }

  /** `close` waits for what is tracked. */
  #track<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#working.add(running);
    const done = (): void => {
      this.#working.delete(running);
    };
    running.then(done, done);
    return running;
  }
}
