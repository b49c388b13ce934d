/** A way to the chain: a broker with a publisher behind it, or a node's JSON-RPC. Believed in nothing. */
import type { LightInput } from "../../chain/lightMessages.js";
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { AncestorAnswer } from "../../codec/wire/ancestorMessage.js";
import type { EventMessage } from "../../codec/wire/eventMessage.js";
import type { HeaderSource } from "../lightService.js";
import type { SendOutcome } from "../upstream.js";

export interface Carrier {
  readonly name: string;
  /** Headers in a row, fewer where the other side has fewer; empty when it did not answer. Hashes are computed. */
  headers(from: number, count: number): Promise<readonly HashedHeader[]>;
  /** One try; `pending` when no answer came. */
  send(transaction: Uint8Array): Promise<SendOutcome>;
  /** A transaction with its receipt and both proofs; undefined when nothing came. Not checked. */
  proof(transactionHash: Uint8Array): Promise<EventMessage | undefined>;
  /** A header with its proof from the commitment of header `below`; undefined when nothing came. Not checked. */
  ancestor(number: number, below: number): Promise<AncestorAnswer | undefined>;
  /** A record with its proof, at `number` or the newest height; undefined when nothing came. Not checked. */
  stateProof(table: string, key: string, number: number | undefined): Promise<StateProofAnswer | undefined>;
  /** The same way as a source of a light client. Called once. */
  source(emit: (input: LightInput) => void, count: (code: string) => void): HeaderSource;
  /** Also where no source was made of it. */
  stop(): Promise<void>;
}
