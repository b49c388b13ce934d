/**
 * The state of a chain: records, each under a table and a key. Which tables there are, and what their values mean, is the
 * business of the contracts that own them.
 */

export interface RecordName {
  /** ASCII, at most TABLE_CHARACTERS_MAX. */
  readonly table: string;
  /** Text of at most KEY_BYTES_MAX bytes in UTF-8; binary keys are written in hex by their owners. */
  readonly key: string;
}

/** The records at one height. */
export interface StateReader {
  /** Undefined where there is no such record. The bytes must not be changed. */
  get(table: string, key: string): Uint8Array | undefined;
}

/** What a block does to one record; undefined deletes it. */
export interface RecordChange extends RecordName {
  readonly value: Uint8Array | undefined;
}

export const TABLE_CHARACTERS_MAX = 64;
export const KEY_BYTES_MAX = 1_024;
/** Large enough for the code of a contract. */
export const VALUE_BYTES_MAX = 256 * 1024;
