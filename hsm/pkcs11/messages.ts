/** What the node and the token's process say to each other, over the pipe only the two of them have. */
import type { Millis } from "../../src/base/clock.js";
import type { AnchorValue, KeyAlgorithm, KeyFacts } from "../../src/crypto/keyBackend.js";
import type { VendorSm2 } from "./algorithms.js";
import type { Pkcs11Problem } from "./problems.js";

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

/** The node sends a list of these, what came up in one turn. */
export interface TokenMessage {
  readonly id: number;
  /** How long the caller will wait from when this arrives: the two clocks need not agree. */
  readonly timeLeftMs: Millis;
  readonly request: TokenRequest;
}

export type TokenAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: Pkcs11Problem };

/** Said at once: a process that ends between the two has left a login unanswered. */
export interface LoginReport {
  readonly login: "begun" | "answered";
}

/** The token's process sends a list of these. */
export type TokenReport = TokenAnswer | LoginReport;
