/** A 32-byte hash of one byte string; the result is a fresh array, the argument is neither changed nor kept. */
export type HashFunction = (data: Uint8Array) => Uint8Array;
