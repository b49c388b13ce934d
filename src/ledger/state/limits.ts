/** How much the state tree takes and keeps. */

/** Heights whose roots, values and proofs stay readable; each keeps 0.9 MB per 1,000 changed keys of a million. */
export const STATE_HEIGHTS_MAX = 64;

/** Changes of one height; the sort packs a change's place into 20 bits. */
export const STATE_CHANGES_MAX = 1_048_576;

/** Leaves and branches of all retained heights: 67 million keys, about 9.4 GB. Node numbers would reach eight times as far. */
export const STATE_NODES_MAX = 134_217_728;

/** Leaves in one chunk of a snapshot: 1 MiB, a few milliseconds to make, write or read. */
export const SNAPSHOT_CHUNK_LEAVES = 8_192;
