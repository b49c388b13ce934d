/** Where the guard remembers: the port, and the shape of what is kept. */
import { toHex } from "../../base/bytes.js";
import type { SuiteName } from "../../crypto/suite.js";
import type { FilledSlot, Watermarks } from "./guardRules.js";
import type { KeyFamily } from "./port.js";

/** One key on one chain. */
export interface KeyId {
  /** 32 bytes. */
  readonly chain: Uint8Array;
  /** X || Y */
  readonly publicKey: Uint8Array;
}

export function keyName(id: KeyId): string {
  return `${toHex(id.chain)}/${toHex(id.publicKey)}`;
}

/** Everything of a key but its slots. */
export interface KeyMarks {
  readonly suite: SuiteName;
  readonly family: KeyFamily;
  /** As in the anchor; 0 before the first start. */
  readonly session: number;
  /** A session that may or may not have reached the anchor; 0 when there is none. */
  readonly intended: number;
  /** Nothing was signed since this was written. */
  readonly clean: boolean;
  readonly highestView: number;
  readonly watermarks: Watermarks;
}

export interface KeyRecord {
  readonly id: KeyId;
  readonly marks: KeyMarks;
  /** By slot name. */
  readonly slots: ReadonlyMap<string, FilledSlot>;
}

export type GuardWrite =
  | { readonly kind: "marks"; readonly id: KeyId; readonly marks: KeyMarks }
  /** A slot that is filled for the first time; a second fill of a slot is an error of the store. */
  | { readonly kind: "fill"; readonly id: KeyId; readonly filled: FilledSlot }
  /** Into a filled slot of the same digest; nothing happens where there is none. */
  | { readonly kind: "signature"; readonly id: KeyId; readonly filled: Required<FilledSlot> }
  | { readonly kind: "forget"; readonly id: KeyId; readonly names: readonly string[] };

export interface GuardStore {
  /** For people: the file. */
  readonly place: string;
  /** In no particular order. @throws SigningError `SIGN_STORE_FAILED` when any row is damaged. */
  keys(): KeyRecord[];
  /** The marks of the key must be written before its slots. @throws SigningError `SIGN_STORE_FAILED` */
  load(id: KeyId): KeyRecord | undefined;
  /**
   * All of the writes or none, on the disk when it returns.
   * @throws SigningError `SIGN_STORE_FAILED`: nothing is written any more until the store is opened anew.
   * `SIGN_SLOT_REWRITTEN`: a slot was to be filled a second time; nothing has changed.
   */
  commit(writes: readonly GuardWrite[]): void;
  close(): void;
}
