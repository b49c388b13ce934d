/** What the node and the library's process say to each other, over the pipe only the two of them have. */

/** What a token is asked for by name. */
export interface SkfAddress {
  readonly module: string;
  /** Name in the list of devices; the only one there where it is left out. */
  readonly device?: string;
  readonly application: string;
  readonly container: string;
}

export type SkfRequest =
  | { readonly kind: "open"; readonly address: SkfAddress }
  | { readonly kind: "verifyPin"; readonly pin: Uint8Array }
  /** `e` as SM2 signs it. */
  | { readonly kind: "sign"; readonly e: Uint8Array }
  /** Closes whatever is open; the library stays loaded. */
  | { readonly kind: "giveBack" };

export interface OpenedToken {
  readonly serial: string;
  /** X || Y */
  readonly publicKey: Uint8Array;
  readonly triesLeft: number;
}

export interface SkfAnswers {
  readonly open: OpenedToken;
  /** The SAR code. */
  readonly verifyPin: number;
  /** r || s */
  readonly sign: Uint8Array;
  readonly giveBack: undefined;
}
