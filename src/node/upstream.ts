/** What a publisher asks of the node it follows, beside headers. */
import type { BlockBody, EventMessage } from "../codec/wire/eventMessage.js";

export interface Upstream {
  /** All transactions and receipts of a block, or undefined where the node does not have them. */
  block(number: number): Promise<BlockBody | undefined>;
  /** Transaction, receipt and both proofs, or undefined for an unknown hash. */
  proof(transactionHash: Uint8Array): Promise<EventMessage | undefined>;
  /** The block's transactions that call one of these 20-byte addresses. */
  callsTo(
    number: number,
    addresses: readonly Uint8Array[],
  ): Promise<readonly { readonly hash: Uint8Array; readonly to: Uint8Array }[]>;
}
