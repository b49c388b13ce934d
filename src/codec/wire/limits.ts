/** Limits of everything that comes over a content network. A decoder checks them before it allocates. */

/** Largest payload looked at, any topic. */
export const PAYLOAD_BYTES_MAX = 262_144;
/** A full segment stays under this, so that brokers with small packet limits carry it. */
export const SEGMENT_BYTES_MAX = 49_152;
export const SEGMENT_HEADERS_MAX = 128;
export const SEALERS_MAX = 1_024;
/** Heights in the change index; older changes are found by bisection. */
export const CHANGE_INDEX_MAX = 4_096;
/** Longest chain, group, and client name. */
export const NAME_CHARS_MAX = 64;
/** Extra data of a genesis header: the whole genesis configuration as text. */
export const GENESIS_EXTRA_BYTES_MAX = 196_608;
export const TRANSACTION_BYTES_MAX = 131_072;
export const BLOCK_TRANSACTIONS_MAX = 4_096;
export const PROOF_DEPTH_MAX = 32;
export const REQUEST_ID_BYTES = 8;
/** Siblings or peaks in a proof from a mountain range: 2^48 headers make 48 levels. */
export const MOUNTAIN_NODES_MAX = 48;
/** Name of a table of the state, and key of a record in it. */
export const TABLE_CHARS_MAX = 64;
export const RECORD_KEY_BYTES_MAX = 1_024;
