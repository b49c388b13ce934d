/** What the rest of a node sees of signing: structured requests in, checked signatures out. */
import type { Header } from "../../codec/fisco/header.js";
import type { TransactionData } from "../../codec/fisco/transaction.js";
import type { SuiteName } from "../../crypto/suite.js";

/** A key serves one family for its whole life. */
export type KeyFamily = "sealer" | "account" | "device";

export type SignRequest =
  /** A FISCO block header: the certificate of an executed block. One digest per height for ever. */
  | { readonly purpose: "header"; readonly header: Header }
  | { readonly purpose: "vote"; readonly vote: Vote }
  | { readonly purpose: "raftVote"; readonly term: number; readonly candidate: Uint8Array }
  | { readonly purpose: "transaction"; readonly data: TransactionData }
  /** A statement of a device about itself: 32-byte subject and 32-byte content hash. */
  | { readonly purpose: "attestation"; readonly subject: Uint8Array; readonly content: Uint8Array }
  /** Head of a batch of receipts. */
  | { readonly purpose: "receiptHead"; readonly epoch: number; readonly sequence: number; readonly root: Uint8Array };

export interface Vote {
  readonly height: number;
  readonly view: number;
  readonly phase: "prepare" | "commit" | "checkpoint" | "viewChange";
  /** 32 bytes: what is voted for. */
  readonly proposal: Uint8Array;
}

export interface Signed {
  /** Header form of the suite (65 or 64 bytes); transaction form (65 or 128) for transactions. */
  readonly signature: Uint8Array;
  /** The 32 bytes that were signed. */
  readonly digest: Uint8Array;
  /** The request had been signed before and this is the same signature again. */
  readonly repeated: boolean;
}

export interface GuardedSigner {
  readonly suite: SuiteName;
  readonly family: KeyFamily;
  /** X || Y */
  readonly publicKey: Uint8Array;
  /** @throws SigningError with a code for every refusal; never signs two digests for one slot. */
  sign(request: SignRequest): Promise<Signed>;
  close(): Promise<void>;
}
