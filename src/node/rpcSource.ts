/**
 * A FISCO BCOS v3 node's JSON-RPC as a source of headers, and as the publisher's upstream. The node is believed as little
 * as a broker: everything goes through the same light client.
 */
import { EMPTY_BYTES, equalBytes, to0x, toHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import { SILENT_LOGGER } from "../base/logger.js";
import type { LightInput, LightMessage } from "../chain/lightMessages.js";
import { ChainError } from "../chain/problems.js";
import { blockFromRpc } from "../codec/fisco/blockRpc.js";
import { headerFromRpc } from "../codec/fisco/headerRpc.js";
import { proofFromRpc } from "../codec/fisco/proofRpc.js";
import { receiptHash } from "../codec/fisco/receiptHash.js";
import { receiptFromRpc } from "../codec/fisco/receiptRpc.js";
import { encodeReceipt } from "../codec/fisco/receiptTars.js";
import { rpcCalls } from "../codec/fisco/rpc.js";
import { optionalField, readRecord } from "../codec/fisco/rpcFields.js";
import { numberFromRpc } from "../codec/fisco/rpcResults.js";
import { SealerSets } from "../codec/fisco/sealerSets.js";
import { transactionFromRpc } from "../codec/fisco/transactionRpc.js";
import { encodeTransaction } from "../codec/fisco/transactionTars.js";
import { type HashedHeader, hashHeader } from "../codec/hashedHeader.js";
import type { WireContext } from "../codec/wire/context.js";
import type { BlockBody, EventMessage } from "../codec/wire/eventMessage.js";
import { BLOCK_TRANSACTIONS_MAX } from "../codec/wire/limits.js";
import { RpcError } from "../link/index.js";
import { RpcSender } from "./transactions/rpcSender.js";
import type { ChainSource, ChainSourceFactory, SendOutcome } from "./upstream.js";

/** The one thing needed of the RPC client. */
export interface RpcCaller {
  call(method: string, params: readonly unknown[]): Promise<unknown>;
  callMany(calls: readonly { readonly method: string; readonly params: readonly unknown[] }[]): Promise<unknown[]>;
  stop(): Promise<void>;
}

export interface RpcSourceOptions {
  readonly name: string;
  readonly rpc: RpcCaller;
  readonly chainId: string;
  readonly groupId: string;
  readonly wire: WireContext;
  readonly segmentSize: number;
  /** Pause between two looks at the height, ms. */
  readonly pollMs: number;
  readonly logger: Logger;
  emit(input: LightInput): void;
  count(code: string): void;
}

export const POLL_DEFAULT_MS = 500;
/** A node that does not answer is asked more and more seldom. */
const POLL_BACKOFF_MAX_MS = 30_000;
/** FISCO picks a node itself when the name is empty. */
const ANY_NODE = "";

export interface RpcChainSourceOptions {
  readonly rpc: RpcCaller;
  readonly pollMs: number;
  readonly logger?: Logger;
}

/** For a publisher: the node behind a JSON-RPC client. */
export function rpcChainSource({ rpc, pollMs, logger = SILENT_LOGGER }: RpcChainSourceOptions): ChainSourceFactory {
  return (parts) => new RpcSource({ ...parts, name: "rpc", rpc, pollMs, logger });
}

export class RpcSource implements ChainSource {
  readonly name: string;
  readonly #options: RpcSourceOptions;
  readonly #sets = new SealerSets();
  readonly #sender: RpcSender;
  #timer: NodeJS.Timeout | undefined;
  #shown = -1;
  #failures = 0;
  #connected = false;
  #stopped = false;

  constructor(options: RpcSourceOptions) {
    this.#options = options;
    this.name = options.name;
    const { rpc, chainId, groupId, wire, count } = options;
    this.#sender = new RpcSender({
      rpc,
      chainId,
      groupId,
      suite: wire.suite,
      proof: (hash) => this.proof(hash),
      count,
    });
  }

  start(): void {
    void this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#sender.stop();
    await this.#options.rpc.stop();
  }

  /** Subscriptions mean nothing here: the record says that no segment is retained, so only questions come. */
  send(message: LightMessage): void {
    if (message.kind === "request") void this.#answer(message);
  }

  /** Headers `from`.. in a row as far as the node has them; structure checked, hashes computed and compared. */
  async headers(from: number, count: number): Promise<HashedHeader[]> {
    const { rpc, groupId } = this.#options;
    const numbers = Array.from({ length: count }, (_, i) => from + i);
    const results = await rpc.callMany(
      numbers.map((number) => rpcCalls.getBlockByNumber(groupId, ANY_NODE, number, true, true)),
    );
    return results.map((result, i) => this.#hashed(result, numbers[i] as number));
  }

  async block(number: number): Promise<BlockBody | undefined> {
    const { rpc, groupId, wire } = this.#options;
    const result = await rpc.call(...spread(rpcCalls.getBlockByNumber(groupId, ANY_NODE, number, false, false)));
    const { transactions = [], transactionHashes } = blockFromRpc(result, wire.suite.hash, this.#sets);
    if (transactions.length !== transactionHashes.length || transactions.length > BLOCK_TRANSACTIONS_MAX)
      return undefined;
    const receipts = await rpc.callMany(
      transactionHashes.map((hash) => rpcCalls.getTransactionReceipt(groupId, ANY_NODE, hash, false)),
    );
    return {
      number,
      transactions: transactions.map((transaction, i) =>
        encodeTransaction(transaction, transactionHashes[i] ?? EMPTY_BYTES),
      ),
      receipts: receipts.map((value) => this.#encodedReceipt(value).bytes),
    };
  }

  async proof(hash: Uint8Array): Promise<EventMessage | undefined> {
    const { rpc, groupId, wire } = this.#options;
    const [transactionValue, receiptValue] = await rpc.callMany([
      rpcCalls.getTransaction(groupId, ANY_NODE, hash, true),
      rpcCalls.getTransactionReceipt(groupId, ANY_NODE, hash, true),
    ]);
    if (transactionValue === null || receiptValue === null) return undefined;
    const { transaction, hash: computed } = transactionFromRpc(transactionValue, wire.suite.hash);
    const receipt = this.#encodedReceipt(receiptValue);
    if (!equalBytes(computed, hash) || receipt.proof === undefined) return undefined;
    return {
      number: receipt.blockNumber,
      transaction: encodeTransaction(transaction, computed),
      transactionProof: proofFromRpc(optionalField(readRecord(transactionValue, "transaction"), "txProof")),
      receipt: receipt.bytes,
      receiptProof: receipt.proof,
    };
  }

  async sendTransaction(transaction: Uint8Array): Promise<SendOutcome> {
    return await this.#sender.send(transaction);
  }

  async callsTo(number: number, addresses: readonly Uint8Array[]): Promise<{ hash: Uint8Array; to: Uint8Array }[]> {
    const { rpc, groupId, wire } = this.#options;
    const result = await rpc.call(...spread(rpcCalls.getBlockByNumber(groupId, ANY_NODE, number, false, false)));
    const { transactions = [], transactionHashes } = blockFromRpc(result, wire.suite.hash, this.#sets);
    const wanted = new Map(addresses.map((address) => [toHex(address), address]));
    return transactions.flatMap(({ data }, i) => {
      const to = wanted.get(data.to.toLowerCase().replace(/^0x/, ""));
      const hash = transactionHashes[i];
      return to === undefined || hash === undefined ? [] : [{ hash, to }];
    });
  }

  #encodedReceipt(value: unknown) {
    const { receipt, proof } = receiptFromRpc(value);
    const bytes = encodeReceipt(receipt, receiptHash(this.#options.wire.suite.hash, receipt));
    return { bytes, proof, blockNumber: receipt.blockNumber };
  }

  #hashed(result: unknown, number: number): HashedHeader {
    const { suite, profile } = this.#options.wire;
    const { signed, claimedHash } = headerFromRpc(result, this.#sets);
    const hashed = hashHeader(signed, suite, profile);
    if (hashed.header.number !== number)
      throw new ChainError({ code: "CHAIN_ANSWER_UNASKED", height: hashed.header.number });
    if (claimedHash !== undefined && !equalBytes(claimedHash, hashed.hash)) {
      const problem = { height: number, named: to0x(claimedHash), computed: to0x(hashed.hash) };
      throw new ChainError({ code: "CHAIN_HASH_MISMATCH", ...problem });
    }
    return hashed;
  }

  async #poll(): Promise<void> {
    const { rpc, groupId, pollMs } = this.#options;
    try {
      const newest = numberFromRpc(await rpc.call(...spread(rpcCalls.getBlockNumber(groupId, ANY_NODE))));
      this.#onAnswering();
      if (newest > this.#shown && newest > 0) await this.#show(newest);
      this.#failures = 0;
    } catch (thrown) {
      this.#onFailure(thrown);
    }
    if (this.#stopped) return;
    const pause = Math.min(POLL_BACKOFF_MAX_MS, pollMs * 2 ** Math.min(this.#failures, 16));
    this.#timer = setTimeout(() => void this.#poll(), pause);
  }

  async #show(newest: number): Promise<void> {
    const [header] = await this.headers(newest, 1);
    if (header === undefined) return;
    this.#shown = newest;
    this.#options.emit({ kind: "head", source: this.name, header });
  }

  #onAnswering(): void {
    if (this.#connected) return;
    this.#connected = true;
    const { chainId, groupId, wire, segmentSize, emit } = this.#options;
    emit({ kind: "connected", source: this.name });
    const record = {
      chainId,
      groupId,
      profile: wire.profile,
      segmentSize,
      firstNumber: 0,
      retainedFrom: Number.MAX_SAFE_INTEGER,
      watched: [],
    };
    emit({ kind: "record", source: this.name, record });
  }

  #onFailure(thrown: unknown): void {
    if (this.#stopped) return;
    const code = codeOf(thrown);
    this.#failures++;
    this.#options.count(code);
    this.#options.logger.debug({ source: this.name, code }, "the node's JSON-RPC did not serve");
    if (!(thrown instanceof RpcError)) {
      this.#options.emit({ kind: "malformed", source: this.name, code });
      return;
    }
    if (!this.#connected) return;
    this.#connected = false;
    this.#shown = -1;
    this.#options.emit({ kind: "disconnected", source: this.name });
  }

  async #answer({ id, question }: Extract<LightMessage, { kind: "request" }>): Promise<void> {
    const { emit, count } = this.#options;
    const key = toHex(id);
    try {
      if (question.what === "headers") {
        const headers = await this.headers(question.from, question.count);
        emit({
          kind: "headers",
          source: this.name,
          id: key,
          stretch: { headers, signed: true, signedHeaders: () => headers },
        });
      } else if (question.what === "block") {
        const body = await this.block(question.number);
        if (body === undefined) emit({ kind: "declined", source: this.name, id: key, status: "unavailable" });
        else emit({ kind: "block", source: this.name, id: key, body });
      } else emit({ kind: "declined", source: this.name, id: key, status: "unavailable" });
    } catch (thrown) {
      const code = codeOf(thrown);
      count(code);
      // The client drops the header it could not be led to; on a chain that stands still nothing newer would bring it back.
      this.#shown = -1;
      if (thrown instanceof RpcError) emit({ kind: "declined", source: this.name, id: key, status: "unavailable" });
      else emit({ kind: "malformed", source: this.name, code, id: key });
    }
  }
}

function spread({ method, params }: { method: string; params: readonly unknown[] }): [string, readonly unknown[]] {
  return [method, params];
}
