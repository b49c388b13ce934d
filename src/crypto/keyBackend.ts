/**
 * The port of a home of keys: an encrypted file, a PKCS#11 token, a U-shield. Only the guard (src/node/signing) may hold
 * one: raw digests exist nowhere else.
 */
import type { Millis } from "../base/clock.js";

/** `secp256k1` and `p256` sign 32-byte digests with ECDSA, `sm2` signs e = SM3(Z || message), `ed25519` the message itself. */
export type KeyAlgorithm = "secp256k1" | "sm2" | "p256" | "ed25519";

/**
 * Whether the secret can leave its home; read back from the home, not assumed. `once`: not now, but the home cannot say that
 * it never could, as with a key that was imported.
 */
export type Extractable = "yes" | "once" | "no" | "unknown";

export interface KeyFacts {
  /** "keystore", "pkcs11", "shield", "skf". */
  readonly backend: string;
  readonly algorithm: KeyAlgorithm;
  /** As the token names it, for people: "CKM_ECDSA", "SKF_ECCSignData"... */
  readonly mechanism: string;
  readonly extractable: Extractable;
  /** A person has to agree to every signature, by a button for instance. */
  readonly presence?: boolean;
  /** Serial number or file, for people. */
  readonly home: string;
}

/** What the guard keeps outside the disk. Both numbers only ever rise. */
export interface AnchorValue {
  /** Raised at every start. */
  readonly session: number;
  /** Nothing above this height (or sequence) is signed before it is raised. */
  readonly reserved: number;
}

export interface KeyAnchor {
  /** Undefined before the first write. */
  read(): Promise<AnchorValue | undefined>;
  /** Durable in the token when it resolves. Rejects a value that lowers anything, where the token can. */
  write(value: AnchorValue): Promise<void>;
}

export interface KeyBackend {
  readonly facts: KeyFacts;
  /** X || Y (64 bytes), or 32 bytes for ed25519. */
  publicKey(): Promise<Uint8Array>;
  /**
   * r || s (64 bytes), s as the token gives it; for ed25519 the signature of `digest` as message.
   * Rejects with a typed error within `timeoutMs`, whatever the token does; the same backend recovers by itself when the
   * token comes back. May be called several times at once.
   */
  signDigest(digest: Uint8Array, timeoutMs: Millis): Promise<Uint8Array>;
  /** Absent where the home has no memory of its own; such a back end may hold sealer keys in development only. */
  readonly anchor?: KeyAnchor;
  close(): Promise<void>;
}
