/** A node's JSON-RPC as a way to the chain. */
import { codeOf, DomainError } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { LightInput } from "../../chain/lightMessages.js";
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import { rpcCalls } from "../../codec/fisco/rpc.js";
import { stateProofFromRpc } from "../../codec/fisco/stateProofRpc.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { WireContext } from "../../codec/wire/context.js";
import type { EventMessage } from "../../codec/wire/eventMessage.js";
import { type RpcCaller, RpcSource } from "../rpcSource.js";
import type { SendOutcome } from "../upstream.js";
import type { Carrier } from "./carrier.js";

export interface RpcCarrierOptions {
  readonly name: string;
  readonly rpc: RpcCaller;
  readonly chainId: string;
  readonly groupId: string;
  readonly wire: WireContext;
  readonly segmentSize: number;
  readonly pollMs: number;
  readonly logger: Logger;
  count(code: string): void;
}

export function rpcCarrier(options: RpcCarrierOptions): Carrier {
  return new RpcCarrier(options);
}

class RpcCarrier implements Carrier {
  readonly name: string;
  readonly #options: RpcCarrierOptions;
  readonly #source: RpcSource;
  #emit: (input: LightInput) => void = () => {};

  constructor(options: RpcCarrierOptions) {
    this.#options = options;
    this.name = options.name;
    this.#source = new RpcSource({ ...options, emit: (input) => this.#emit(input) });
  }

  source(emit: (input: LightInput) => void): RpcSource {
    this.#emit = emit;
    return this.#source;
  }

  async headers(from: number, count: number): Promise<readonly HashedHeader[]> {
    try {
      return await this.#source.headers(from, count);
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      this.#options.count(codeOf(thrown));
      return [];
    }
  }

  send(transaction: Uint8Array): Promise<SendOutcome> {
    return this.#source.sendTransaction(transaction);
  }

  async proof(transactionHash: Uint8Array): Promise<EventMessage | undefined> {
    try {
      return await this.#source.proof(transactionHash);
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      this.#options.count(codeOf(thrown));
      return undefined;
    }
  }

  /** FISCO's JSON-RPC has no such proof: headers are linked down by their parent hashes instead. */
  async ancestor(): Promise<undefined> {}

  async stateProof(table: string, key: string, number: number | undefined): Promise<StateProofAnswer | undefined> {
    const { rpc, groupId, count } = this.#options;
    try {
      const { method, params } = rpcCalls.getStateProof(groupId, "", table, key, number);
      return stateProofFromRpc(await rpc.call(method, params));
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) throw thrown;
      count(codeOf(thrown));
      return undefined;
    }
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }
}
