/**
 * Issues valid chains: every header really hashed and signed by the sealers of its own list, every root real where the
 * block has transactions. All of it follows from the options, the seed among them; time is counted from `genesisTime`.
 *
 * Where a block is asked for without content its roots are random: a chain of 100,000 headers then costs little more
 * than
 * its signatures, and its sizes are still honest.
 */
import { compareBytes, equalBytes, fromHex, toHex } from "../../src/base/bytes.js";
import { encodeCommitment, sealerSetHash } from "../../src/codec/edgeseal/commitment.js";
import {
  CONSENSUS_PRECOMPILE_ADDRESS,
  type ConsensusCall,
  encodeConsensusCall,
} from "../../src/codec/fisco/consensusCall.js";
import { genesisHeader } from "../../src/codec/fisco/genesis.js";
import type { Header, HeaderSignature, SealerSet } from "../../src/codec/fisco/header.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import { checkSealerSet } from "../../src/codec/fisco/headerRules.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import type { Profile } from "../../src/codec/profile.js";
import type { BlockBody, EventMessage } from "../../src/codec/wire/eventMessage.js";
import { MountainRange } from "../../src/crypto/mountainRange.js";
import { HASH_BYTES, type SoftSigner, type Suite } from "../../src/crypto/suite.js";
import { type Account, makeAccount } from "./accounts.js";
import {
  type CallRequest,
  type ExecutionContext,
  executeRequest,
  type IssuedTransaction,
  randomCalls,
  type TransactionRequest,
} from "./blockContent.js";
import { type BlockRoots, randomRoots, rootsOf } from "./blockRoots.js";
import { BODIES_KEPT_DEFAULT, IssuedBodies } from "./issuedBodies.js";
import { SimulatorError } from "./problems.js";
import { quorumWeight } from "./quorum.js";
import { applyConsensusCalls, callsOfEdits, type SealerEdit } from "./sealerEdits.js";
import { SeededRandom } from "./seededRandom.js";

export interface ChainIssuerOptions {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  readonly profile: Profile;
  readonly chainId: string;
  readonly groupId: string;
  readonly seed: number;
  readonly sealerCount: number;
  /** One per sealer in list order; 1 each by default. */
  readonly weights?: readonly bigint[];
  /** Header version, 3.1.0 or later; default 3.3.0. */
  readonly version?: number;
  /** Milliseconds since 1970; block N stands near genesisTime + N * blockIntervalMs. */
  readonly genesisTime: number;
  readonly blockIntervalMs: number;
  /** Instead of the interval: the time of a block that is issued without one of its own. Never decreases all the same. */
  readonly timeOf?: (number: number) => number;
  /** How many sign each header; default `quorum`, from a random place in the list on. */
  readonly signaturesPerBlock?: "all" | "quorum" | number;
  /** Newest headers that stay in memory; all by default. */
  readonly headersKept?: number;
  /** Newest blocks whose transactions stay in memory; BODIES_KEPT_DEFAULT by default. */
  readonly bodiesKept?: number;
  /** Gets every header, block 0 included, the moment it is issued. */
  readonly sink?: (header: HashedHeader) => void;
}

export interface BlockContent {
  /** Real transactions, or how many random ones. An empty list gives a truly empty block. */
  readonly transactions?: readonly TransactionRequest[] | number;
  /** Take effect in the next block. The calls that order them come first in this one. */
  readonly sealers?: readonly SealerEdit[];
  /** Instead of the time that the interval gives. */
  readonly timestamp?: number;
}

export const VERSION_3_3_0 = 0x0303_0000;
/** Accounts that send random traffic. */
const USERS = 4;
const NO_BYTES = new Uint8Array(0);

interface SetFrom {
  /** First height it is the list of. */
  readonly from: number;
  readonly set: SealerSet;
}

export class ChainIssuer {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  readonly profile: Profile;
  readonly chainId: string;
  readonly groupId: string;
  readonly version: number;
  /** Signs the calls that change the sealer set: name its address as a governor in the anchor. */
  readonly governor: Account;
  /** Signs events meant as evidence: name its address as a publisher in the anchor. */
  readonly publisher: Account;
  /** Some other people. */
  readonly users: readonly Account[];
  /** Draws for whoever uses the issuer, apart from the issuer's own. */
  readonly random: SeededRandom;

  readonly #options: ChainIssuerOptions;
  readonly #keyRandom: SeededRandom;
  readonly #blockRandom: SeededRandom;
  readonly #secretKeys = new Map<string, Uint8Array>();
  readonly #sets: SetFrom[] = [];
  readonly #headers = new Map<number, HashedHeader>();
  readonly #bodies: IssuedBodies;
  readonly #history: MountainRange;
  #head: HashedHeader;

  /** @throws SimulatorError `SIMULATOR_OPTION` */
  constructor(options: ChainIssuerOptions) {
    const { suite, signer, sealerCount, weights } = options;
    if (!Number.isInteger(sealerCount) || sealerCount < 1) refuse("sealerCount", "must be a positive integer");
    if (weights !== undefined && weights.length !== sealerCount) refuse("weights", "one per sealer");
    this.#options = options;
    this.suite = suite;
    this.signer = signer;
    this.profile = options.profile;
    this.chainId = options.chainId;
    this.groupId = options.groupId;
    this.version = options.version ?? VERSION_3_3_0;
    const random = new SeededRandom(options.seed);
    this.random = random.child("user");
    this.#keyRandom = random.child("keys");
    this.#blockRandom = random.child("blocks");
    this.governor = this.#account();
    this.publisher = this.#account();
    this.users = Array.from({ length: USERS }, () => this.#account());
    this.#bodies = new IssuedBodies(suite.hash, options.bodiesKept ?? BODIES_KEPT_DEFAULT);
    this.#history = MountainRange.empty(suite.hash);
    this.#sets.push({ from: 0, set: this.#firstSet(sealerCount, weights) });
    this.#head = this.#issueGenesis();
  }

  get height(): number {
    return this.#head.header.number;
  }

  get head(): HashedHeader {
    return this.#head;
  }

  genesis(): HashedHeader {
    return this.header(0);
  }

  /** The list that header `number` carries; for 0 the one in its text. One height above the head is known as well. */
  sealers(number: number): SealerSet {
    const found = this.#sets.findLast(({ from }) => from <= number);
    return (found as SetFrom).set;
  }

  /** Heights, 2 or more, whose header carries another list than the one below it. */
  get changeHeights(): number[] {
    return this.#sets.map(({ from }) => from).filter((from) => from > 0 && from <= this.height);
  }

  /** @throws SimulatorError `SIMULATOR_NOT_KEPT` */
  header(number: number): HashedHeader {
    return this.#headers.get(number) ?? notKept("header", number);
  }

  /** Headers `from`..`to`, both included. @throws SimulatorError `SIMULATOR_NOT_KEPT` */
  headers(from: number, to: number): HashedHeader[] {
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => this.header(from + i));
  }

  /**
   * Transactions of a block with their receipts; none for block 0.
   * @throws SimulatorError `SIMULATOR_NOT_KEPT` also for blocks that were issued without content.
   */
  transactions(number: number): readonly IssuedTransaction[] {
    return this.#bodies.transactions(number);
  }

  /** Whether `transactions`, `body` and `proofs` know the block. */
  hasBody(number: number): boolean {
    return this.#bodies.has(number);
  }

  /** All transactions and receipts of a block in Tars. @throws SimulatorError `SIMULATOR_NOT_KEPT` */
  body(number: number): BlockBody {
    return this.#bodies.body(number);
  }

  /**
   * One transaction with its receipt and both ways to the header's roots.
   * @throws SimulatorError `SIMULATOR_NOT_KEPT`; CryptoError `CRYPTO_LEAF_INDEX`
   */
  proofs(number: number, index: number): EventMessage {
    return this.#bodies.proofs(number, index);
  }

  /** Where a transaction stands, among the bodies still kept. */
  find(transactionHash: Uint8Array): { readonly number: number; readonly index: number } | undefined {
    return this.#bodies.find(transactionHash);
  }

  /** The secret of a sealer, present or past. @throws SimulatorError `SIMULATOR_KEY_UNKNOWN` */
  secretOf(nodeId: Uint8Array): Uint8Array {
    const key = toHex(nodeId);
    const secret = this.#secretKeys.get(key);
    if (secret === undefined) throw new SimulatorError({ code: "SIMULATOR_KEY_UNKNOWN", nodeId: key });
    return secret;
  }

  /** Signatures of the sealers at `indices` over any header that carries `sealers`. */
  sign(hash: Uint8Array, sealers: SealerSet, indices: readonly number[]): HeaderSignature[] {
    return indices.map((sealerIndex) => {
      const nodeId = sealers.nodeIds[sealerIndex] ?? refuse("indices", `no sealer ${sealerIndex}`);
      return { sealerIndex, signature: this.signer.signHeader(this.secretOf(nodeId), hash) };
    });
  }

  /** What the context of the next block is, for signing transactions outside of `issue`. */
  executionContext(number: number, importTime: number): ExecutionContext {
    const { suite, signer, chainId, groupId } = this;
    return { suite, signer, chainId, groupId, number, importTime, random: this.#blockRandom };
  }

  /** The next block. */
  issue(content: BlockContent = {}): HashedHeader {
    const number = this.height + 1;
    const timestamp = content.timestamp ?? this.#timeOf(number);
    const sealers = this.sealers(number);
    const calls = callsOfEdits(sealers, content.sealers ?? [], (given) => this.#adopt(given));
    const issued = this.#execute(content, calls, number, timestamp);
    const roots =
      issued === undefined
        ? randomRoots(this.#blockRandom, this.profile.layout)
        : rootsOf(issued, this.suite.hash, this.profile.layout);
    const next = calls.length === 0 ? sealers : applyConsensusCalls(sealers, calls);
    const header: Header = {
      version: this.version,
      parents: [{ number: number - 1, hash: this.#head.hash }],
      txsRoot: roots.txsRoot,
      receiptsRoot: roots.receiptsRoot,
      stateRoot: this.#blockRandom.bytes(HASH_BYTES),
      number,
      gasUsed: roots.gasUsed,
      timestamp,
      sealer: number % sealers.nodeIds.length,
      sealers,
      extraData: this.#extraData(sealers, next, roots),
    };
    const hash = headerHash(this.suite.hash, header);
    const signatures = this.sign(hash, sealers, this.#signers(sealers));
    if (next !== sealers) this.#sets.push({ from: number + 1, set: next });
    if (issued !== undefined) this.#bodies.keep(number, issued);
    return this.#keepHeader({ header, signatures, hash });
  }

  /** `count` blocks of the same content. Returns the last one. */
  issueMany(count: number, content: BlockContent = {}): HashedHeader {
    for (let i = 0; i < count; i++) this.issue(content);
    return this.#head;
  }

  #account(): Account {
    return makeAccount(this.#keyRandom, this.suite, this.signer);
  }

  /** A sealer's key, remembered for good: removed sealers are needed for attacks. */
  #adopt(given?: Account): Account {
    const account = given ?? this.#account();
    this.#secretKeys.set(toHex(account.publicKey), account.secretKey);
    return account;
  }

  #firstSet(count: number, weights: readonly bigint[] | undefined): SealerSet {
    const nodeIds = Array.from({ length: count }, () => this.#adopt().publicKey).sort(compareBytes);
    const set = { nodeIds, weights: weights ?? nodeIds.map(() => 1n) };
    checkSealerSet(set, 1);
    return set;
  }

  #issueGenesis(): HashedHeader {
    const { version, chainId, groupId, profile } = this;
    const set = this.sealers(0);
    const header = genesisHeader({
      smCrypto: profile.suite === "sm",
      chainId,
      groupId,
      consensusType: profile.faultModel === "bft" ? "pbft" : "raft",
      blockTxCountLimit: 1_000n,
      leaderPeriod: 1n,
      compatibilityVersion: `${version >>> 24}.${(version >>> 16) & 255}.${(version >>> 8) & 255}`,
      gasLimit: 3_000_000_000n,
      isWasm: false,
      isAuthCheck: false,
      authAdminAccount: "",
      isSerialExecute: true,
      // Part of the text from 3.5.0 on.
      ...(version >= 0x0305_0000 ? { epochSealerNum: 4n, epochBlockNum: 1_000n } : {}),
      features: [],
      nodes: set.nodeIds.map((nodeId, i) => ({ nodeId, weight: set.weights[i] ?? 1n })),
    });
    return this.#keepHeader({ header, signatures: [], hash: headerHash(this.suite.hash, header) });
  }

  #timeOf(number: number): number {
    const { genesisTime, blockIntervalMs, timeOf } = this.#options;
    if (timeOf !== undefined) return Math.max(timeOf(number), this.#head.header.timestamp);
    // Real blocks come a little early or late; a quarter of the interval keeps the order.
    const jitter = this.#blockRandom.below(Math.max(1, Math.floor(blockIntervalMs / 4)));
    return Math.max(genesisTime + number * blockIntervalMs + jitter, this.#head.header.timestamp);
  }

  #execute(
    content: BlockContent,
    calls: readonly ConsensusCall[],
    number: number,
    importTime: number,
  ): readonly IssuedTransaction[] | undefined {
    const { transactions } = content;
    if (transactions === undefined && calls.length === 0) return undefined;
    const context = this.executionContext(number, importTime);
    const others =
      typeof transactions === "number" ? randomCalls(this.#blockRandom, this.users, transactions) : transactions;
    const requests = [...calls.map((call) => this.#governorCall(call)), ...(others ?? [])];
    return requests.map((request) => executeRequest(request, context));
  }

  #governorCall(call: ConsensusCall): CallRequest {
    return {
      from: this.governor,
      to: fromHex(CONSENSUS_PRECOMPILE_ADDRESS),
      input: encodeConsensusCall(this.suite.hash, call),
      // The precompile answers with an int256, 0 for success.
      outcome: { output: new Uint8Array(32) },
    };
  }

  #extraData(sealers: SealerSet, next: SealerSet, roots: BlockRoots): Uint8Array {
    if (this.profile.layout === "fisco") return NO_BYTES;
    return encodeCommitment({
      faultModel: this.profile.faultModel,
      sealerCount: sealers.nodeIds.length,
      sealersHash: sealerSetHash(this.suite.hash, sealers),
      nextSealersHash: sealerSetHash(this.suite.hash, next),
      historyRoot: this.#history.root(),
      contentRoot: roots.contentRoot,
    });
  }

  #signers(sealers: SealerSet): number[] {
    const wanted = this.#options.signaturesPerBlock ?? "quorum";
    const count = sealers.nodeIds.length;
    if (wanted === "all") return sealers.nodeIds.map((_, index) => index);
    const first = this.#blockRandom.below(count);
    const indices: number[] = [];
    const quorum = quorumWeight(sealers.weights, this.profile.faultModel);
    let weight = 0n;
    for (let i = 0; i < count; i++) {
      if (wanted === "quorum" ? weight >= quorum : indices.length >= wanted) break;
      const index = (first + i) % count;
      indices.push(index);
      weight += sealers.weights[index] ?? 0n;
    }
    return indices;
  }

  #keepHeader(header: HashedHeader): HashedHeader {
    const { number } = header.header;
    this.#head = header;
    this.#headers.set(number, header);
    this.#headers.delete(number - (this.#options.headersKept ?? Number.POSITIVE_INFINITY));
    // Only commitments need the history, and they come with the `edgeseal` layout.
    if (this.profile.layout === "edgeseal") this.#history.append(header.hash);
    this.#options.sink?.(header);
    return header;
  }
}

/** Index of a node in a set, or -1. */
export function sealerIndexOf(set: SealerSet, nodeId: Uint8Array): number {
  return set.nodeIds.findIndex((id) => equalBytes(id, nodeId));
}

function refuse(option: string, reason: string): never {
  throw new SimulatorError({ code: "SIMULATOR_OPTION", option, reason });
}

function notKept(what: "header", number: number): never {
  throw new SimulatorError({ code: "SIMULATOR_NOT_KEPT", what, number });
}
