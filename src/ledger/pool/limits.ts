/** Limits of the transaction pool. */

/** Transactions that wait; FISCO's default txpool.limit (bcos-tool/NodeConfig.cpp). */
export const POOL_TRANSACTIONS_MAX = 15_000;
/** Encoded bytes of all that wait. With the decoded values and the indices memory is about twice that, and 1.5 KiB each. */
export const POOL_BYTES_MAX = 32 * 1024 * 1024;
/** The part of either limit that one sender may hold. Keys cost nothing, so this bounds a busy sender, not an attacker. */
export const SENDER_SHARE = 1 / 4;
/**
 * A transaction is valid for the blocks above `height` up to its block limit, which lies at most so many above `height`;
 * FISCO's default chain.block_limit.
 */
export const BLOCK_LIMIT_RANGE_BLOCKS = 1_000;
/**
 * UTF-8 bytes of a nonce: a u256 in decimal has 78 digits, in hex with 0x 66. Every nonce is kept for
 * BLOCK_LIMIT_RANGE_BLOCKS blocks, so this bounds the memory of a NonceWindow.
 */
export const NONCE_BYTES_MAX = 78;
