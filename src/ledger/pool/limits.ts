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
/** Every nonce is kept for BLOCK_LIMIT_RANGE_BLOCKS blocks. Clients write 32 hex or up to 78 decimal digits. */
export const NONCE_CHARACTERS_MAX = 256;
