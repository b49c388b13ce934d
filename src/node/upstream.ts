/** What a publisher asks of the node it follows, beside headers. */
import type { BlockBody, EventMessage } from "../codec/wire/eventMessage.js";

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
}
