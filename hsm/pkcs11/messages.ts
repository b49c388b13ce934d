/** What the node and the token's process say to each other, over the pipe only the two of them have. */
import type { AnchorValue, KeyAlgorithm, KeyFacts } from "../../src/crypto/keyBackend.js";
import type { VendorSm2 } from "./algorithms.js";

export interface TokenSelection {
  readonly label?: string;
  readonly serial?: string;
}

export interface KeySelection {
  readonly algorithm: KeyAlgorithm;
  /** CKA_ID in hex. */
  readonly keyId: string;
  readonly sm2?: VendorSm2;
}

export interface OpenRequest {
  readonly kind: "open";
  /** Checked, links resolved. */
  readonly modulePath: string;
  readonly token: TokenSelection;
  readonly key: KeySelection;
  readonly sessions: number;
  readonly pin: Uint8Array;
  /** Known from an earlier start: nothing else is accepted under this id. */
  readonly expectedKey: Uint8Array | undefined;
  readonly allowExtractable: boolean;
  /** False where the key is about to be generated. */
  readonly findKey: boolean;
}

export interface OpenedKey {
  readonly facts: KeyFacts;
  readonly publicKey: Uint8Array;
}

export type TokenRequest =
  | OpenRequest
  | { readonly kind: "sign"; readonly digest: Uint8Array }
  | { readonly kind: "readAnchor" }
  | { readonly kind: "writeAnchor"; readonly value: AnchorValue }
  | { readonly kind: "generate"; readonly label: string }
  | { readonly kind: "close" };

/** A process that ends between the two has left a login unanswered. */
export type LoginNote = "login begun" | "login answered";
