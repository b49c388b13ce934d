/**
 * Sends transactions to a FISCO BCOS node by JSON-RPC and fetches what became of them, with proofs. The same transaction
 * may come any number of times (a broker repeats, a client asks again): it is sent once at a time, and one that the node
 * has had before is answered with its proofs.
 */
import { toHex } from "../../base/bytes.js";
import { codeOf, DomainError } from "../../base/error.js";
import { rpcCalls } from "../../codec/fisco/rpc.js";
import { checkedTransaction, type SignedTransaction } from "../../codec/fisco/transactionBuild.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import { TransactionError } from "../../codec/problems.js";
import type { EventMessage } from "../../codec/wire/eventMessage.js";
import type { Suite } from "../../crypto/suite.js";
import { RpcError } from "../../link/index.js";
import type { RpcCaller } from "../rpcSource.js";
import type { SendOutcome } from "../upstream.js";
import { Pauses } from "./pauses.js";

export interface RpcSenderOptions {
  readonly rpc: Pick<RpcCaller, "call">;
  readonly chainId: string;
  readonly groupId: string;
  readonly suite: Suite;
  proof(hash: Uint8Array): Promise<EventMessage | undefined>;
  count(code: string): void;
}

/** How long a transaction's block is waited for after the node has taken it. Whoever wants to wait longer asks again. */
export const BLOCK_WAIT_MS = 8_000;
export const PROOF_PAUSE_MS = 200;
const PROOF_TRIES = BLOCK_WAIT_MS / PROOF_PAUSE_MS;
const ANY_NODE = "";
/**
 * What a node says about a transaction that it may hold already, or may take later (bcos-framework/protocol/
 * TransactionStatus.h: NonceCheckFail, TxPoolIsFull, AlreadyInTxPool, TxAlreadyInChain, TransactionPoolTimeout).
 */
const PERHAPS_TAKEN: ReadonlySet<number> = new Set([10_000, 10_002, 10_004, 10_005, 10_010]);

export class RpcSender {
  readonly #options: RpcSenderOptions;
  readonly #running = new Map<string, Promise<SendOutcome>>();
  readonly #pauses = new Pauses();

  constructor(options: RpcSenderOptions) {
    this.#options = options;
  }

  /** Never rejects because of the node or the bytes: both are outcomes. */
  async send(bytes: Uint8Array): Promise<SendOutcome> {
    let signed: SignedTransaction;
    try {
      signed = this.#checked(bytes);
    } catch (thrown) {
      if (thrown instanceof DomainError) return { status: "refused", code: codeOf(thrown) };
      throw thrown;
    }
    const key = toHex(signed.hash);
    const running = this.#running.get(key);
    if (running !== undefined) return await running;
    const sending = this.#send(signed);
    this.#running.set(key, sending);
    try {
      return await sending;
    } finally {
      this.#running.delete(key);
    }
  }

  stop(): void {
    this.#pauses.stop();
  }

  /** A node would find the same; asking it costs a round, and its word about signatures is not needed. */
  #checked(bytes: Uint8Array): SignedTransaction {
    const { suite, chainId, groupId } = this.#options;
    const { transaction } = decodeTransaction(bytes);
    const { data } = transaction;
    if (data.chainId !== chainId) {
      throw new TransactionError({ code: "TRANSACTION_CHAIN_ID", found: data.chainId, expected: chainId });
    }
    if (data.groupId !== groupId) {
      throw new TransactionError({ code: "TRANSACTION_GROUP_ID", found: data.groupId, expected: groupId });
    }
    return checkedTransaction(suite, transaction);
  }

  async #send({ bytes, hash }: SignedTransaction): Promise<SendOutcome> {
    const { rpc, groupId, count } = this.#options;
    const { method, params } = rpcCalls.sendTransaction(groupId, ANY_NODE, bytes, false);
    try {
      await rpc.call(method, params);
    } catch (thrown) {
      const event = await this.#proofIfThere(hash);
      if (event !== undefined) return { status: "proven", event };
      count(codeOf(thrown));
      if (isRefusal(thrown)) return { status: "refused", code: codeOf(thrown) };
    }
    for (let tries = 0; tries < PROOF_TRIES; tries++) {
      const event = await this.#proofIfThere(hash);
      if (event !== undefined) return { status: "proven", event };
      if (!(await this.#pauses.pause(PROOF_PAUSE_MS))) break;
    }
    return { status: "pending" };
  }

  /** Nodes answer a question for an unknown hash with null or with an error, by version. */
  async #proofIfThere(hash: Uint8Array): Promise<EventMessage | undefined> {
    try {
      return await this.#options.proof(hash);
    } catch (thrown) {
      if (thrown instanceof DomainError) return undefined;
      throw thrown;
    }
  }
}

function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof RpcError)) return false;
  const { problem } = thrown;
  return problem.code === "RPC_NODE_ERROR" && !PERHAPS_TAKEN.has(problem.nodeCode);
}
