/**
 * An issuer's chain as JSON-RPC sees any chain. A submitted transaction passes the checks of a node's pool (bcos-txpool)
 * and gets a block of its own at once.
 */
import { EMPTY_BYTES, equalBytes } from "../../src/base/bytes.js";
import { DomainError } from "../../src/base/error.js";
import { CONSENSUS_PRECOMPILE_ADDRESS } from "../../src/codec/fisco/consensusCall.js";
import { readGenesis } from "../../src/codec/fisco/genesis.js";
import type { Transaction } from "../../src/codec/fisco/transaction.js";
import { checkTransaction } from "../../src/codec/fisco/transactionRules.js";
import { transactionSender } from "../../src/codec/fisco/transactionSender.js";
import { POOL_REFUSALS, type PoolRefusal } from "../../src/codec/fisco/transactionStatus.js";
import { decodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { type Outcome, STATUS } from "../../src/ledger/engine.js";
import type { ChainIdentity, ChainView, Place, SubmitOutcome } from "../../src/node/participant/chainView.js";
import { BLOCK_LIMIT_AHEAD, type CallOutcome } from "./blockContent.js";
import type { ChainIssuer } from "./chainIssuer.js";
import { SimulatorError } from "./problems.js";

export interface IssuerViewOptions {
  /** What the called contract does with a submitted transaction; by default it succeeds silently. */
  readonly execute?: (transaction: Transaction, sender: Uint8Array) => CallOutcome;
  /** Milliseconds, for the block that a submitted transaction makes; by default the issuer's interval counts. */
  readonly now?: () => number;
}

/** Nonces of submitted transactions that are remembered. */
export const NONCES_KEPT_MAX = 65_536;

/** No contract is anywhere on a simulated chain. */
const NO_CONTRACT: Outcome = {
  status: STATUS.callAddressError,
  output: EMPTY_BYTES,
  gasUsed: 0,
  logs: [],
  contractAddress: "",
  message: "",
};

export class IssuerView implements ChainView {
  readonly identity: ChainIdentity;
  readonly #issuer: ChainIssuer;
  readonly #options: IssuerViewOptions;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #nonces = new Set<string>();

  constructor(issuer: ChainIssuer, options: IssuerViewOptions = {}) {
    const { chainId, groupId, profile, suite } = issuer;
    const genesis = readGenesis(issuer.genesis().header.extraData);
    const [nodeId = EMPTY_BYTES] = issuer.sealers(0).nodeIds;
    this.identity = { chainId, groupId, profile, suite, genesis, nodeId };
    this.#issuer = issuer;
    this.#options = options;
    this.#settings = new Map([
      ["tx_count_limit", String(genesis.blockTxCountLimit)],
      ["consensus_leader_period", String(genesis.leaderPeriod)],
      ["tx_gas_limit", String(genesis.gasLimit)],
      ["compatibility_version", genesis.compatibilityVersion],
    ]);
  }

  head(): HashedHeader {
    return this.#issuer.head;
  }

  header(number: number): HashedHeader | undefined {
    try {
      return this.#issuer.header(number);
    } catch (thrown) {
      if (thrown instanceof SimulatorError) return undefined;
      throw thrown;
    }
  }

  /** Linear, because nobody who has the choice asks a simulator by hash for more than the newest blocks. */
  numberOf(blockHash: Uint8Array): number | undefined {
    for (let number = this.#issuer.height; number >= 0; number--) {
      const header = this.header(number);
      if (header === undefined) return undefined;
      if (equalBytes(header.hash, blockHash)) return number;
    }
    return undefined;
  }

  transactions(number: number): ReturnType<ChainView["transactions"]> {
    if (number === 0) return [];
    return this.#issuer.hasBody(number) ? this.#issuer.transactions(number) : undefined;
  }

  place(transactionHash: Uint8Array): Place | undefined {
    return this.#issuer.find(transactionHash);
  }

  proofs({ number, index }: Place): ReturnType<ChainView["proofs"]> {
    return this.#issuer.proofs(number, index);
  }

  sealers(): ReturnType<ChainView["sealers"]> {
    const set = this.#issuer.sealers(this.#issuer.height + 1);
    return { ...set, termWeights: set.weights.map(() => 0n) };
  }

  observers(): readonly Uint8Array[] {
    return [];
  }

  setting(key: string): ReturnType<ChainView["setting"]> {
    const value = this.#settings.get(key);
    return value === undefined ? undefined : { value, from: 0 };
  }

  counts(): ReturnType<ChainView["counts"]> {
    let transactions = 0;
    let failed = 0;
    for (let number = 1; number <= this.#issuer.height; number++) {
      const body = this.transactions(number) ?? [];
      transactions += body.length;
      failed += body.filter(({ receipt }) => receipt.status !== STATUS.success).length;
    }
    return { transactions, failed, pending: 0 };
  }

  call(): Outcome {
    return NO_CONTRACT;
  }

  code(): Uint8Array {
    return EMPTY_BYTES;
  }

  abi(): string {
    return "";
  }

  async submit(bytes: Uint8Array): Promise<SubmitOutcome> {
    const checked = this.#checked(bytes);
    if ("refusal" in checked) return { kind: "refused", ...checked.refusal };
    const { transaction, sender } = checked;
    const { nonce, to } = transaction.data;
    if (this.#nonces.size >= NONCES_KEPT_MAX) this.#nonces.clear();
    this.#nonces.add(nonce);
    const forConsensus = to.replace(/^0x/, "") === CONSENSUS_PRECOMPILE_ADDRESS;
    // The keys of sealers that a stranger names are not ours to sign with.
    const outcome = forConsensus
      ? { status: STATUS.precompiledError }
      : (this.#options.execute?.(transaction, sender) ?? {});
    const timestamp = this.#options.now?.();
    const { header } = this.#issuer.issue({
      transactions: [{ transaction, outcome }],
      ...(timestamp === undefined ? {} : { timestamp }),
    });
    return { kind: "included", place: { number: header.number, index: 0 } };
  }

  /** The state root of a simulated block is random, so nothing can be proved by it. */
  /** Nodes of the range over its headers are not kept. */
  ancestorProof(): undefined {}

  stateProof(): undefined {
    return undefined;
  }

  #checked(
    bytes: Uint8Array,
  ): { readonly transaction: Transaction; readonly sender: Uint8Array } | { readonly refusal: PoolRefusal } {
    const { chainId, groupId, suite, height } = this.#issuer;
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(bytes).transaction;
      checkTransaction(transaction, { chainId, groupId, suite: suite.name });
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      if (thrown.code === "TRANSACTION_CHAIN_ID") return { refusal: POOL_REFUSALS.invalidChainId };
      if (thrown.code === "TRANSACTION_GROUP_ID") return { refusal: POOL_REFUSALS.invalidGroupId };
      return { refusal: POOL_REFUSALS.malformed };
    }
    const { blockLimit, nonce } = transaction.data;
    if (blockLimit <= height || blockLimit > height + 2 * BLOCK_LIMIT_AHEAD) {
      return { refusal: POOL_REFUSALS.blockLimitCheckFail };
    }
    if (this.#nonces.has(nonce)) return { refusal: POOL_REFUSALS.nonceCheckFail };
    try {
      return { transaction, sender: transactionSender({ chain: suite, web3: suite }, transaction) };
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      return { refusal: POOL_REFUSALS.invalidSignature };
    }
  }
}
