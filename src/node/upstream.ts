/** What a publisher asks of the node it follows, beside headers. */
import type { LightInput } from "../chain/lightMessages.js";
import type { StateProofAnswer } from "../codec/edgeseal/stateAnswer.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { AncestorAnswer } from "../codec/wire/ancestorMessage.js";
import type { WireContext } from "../codec/wire/context.js";
import type { BlockBody, EventMessage } from "../codec/wire/eventMessage.js";
import type { HeaderSource } from "./lightService.js";

/** What became of a transaction. Sending the same bytes again does no harm: a node takes a nonce once. */
export type SendOutcome =
  | { readonly status: "proven"; readonly event: EventMessage }
  /** Not carried out, and never will be. */
  | { readonly status: "refused"; readonly code: string }
  /** Perhaps carried out, perhaps not: ask again. */
  | { readonly status: "pending" };

export interface Upstream {
  /** All transactions and receipts of a block, or undefined where the node does not have them. */
  block(number: number): Promise<BlockBody | undefined>;
  /** Transaction, receipt and both proofs, or undefined for an unknown hash. */
  proof(transactionHash: Uint8Array): Promise<EventMessage | undefined>;
  /** Hands a signed transaction in Tars form to the node, and waits a while for its block. */
  sendTransaction(transaction: Uint8Array): Promise<SendOutcome>;
  /** The block's transactions that call one of these 20-byte addresses. */
  callsTo(
    number: number,
    addresses: readonly Uint8Array[],
  ): Promise<readonly { readonly hash: Uint8Array; readonly to: Uint8Array }[]>;
  /** A header with its proof from the commitment of header `below`; undefined on chains whose headers commit to none. */
  ancestor?(number: number, below: number): Promise<AncestorAnswer | undefined>;
  /**
   * A record of the state with its proof, at `number` or at the newest height; undefined where that is not kept, and on
   * chains whose state proves nothing.
   */
  stateProof?(table: string, key: string, number: number | undefined): Promise<StateProofAnswer | undefined>;
}

/** A node of the chain as a publisher follows it: where headers come from, and what is asked of it beside them. */
export interface ChainSource extends HeaderSource, Upstream {
  /** Headers `from`.. in a row as far as the node has them. */
  headers(from: number, count: number): Promise<readonly HashedHeader[]>;
}

export interface ChainSourceParts {
  readonly chainId: string;
  readonly groupId: string;
  readonly wire: WireContext;
  readonly segmentSize: number;
  emit(input: LightInput): void;
  count(code: string): void;
}

export type ChainSourceFactory = (parts: ChainSourceParts) => ChainSource;
