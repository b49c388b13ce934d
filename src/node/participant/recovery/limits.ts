/** Limits of signature recovery. */

/** Transactions that wait or are in work; a full pool and a block on top of it. */
export const RECOVERY_TRANSACTIONS_MAX = 32_768;
/** Their encoded bytes. */
export const RECOVERY_BYTES_MAX = 64 * 1024 * 1024;
/** Workers, however many processors there are: the calling thread decodes and hashes for all of them. */
export const RECOVERY_WORKERS_MAX = 16;
/** Signatures in one message to a worker at least, where there are that many: below, the message costs too much. */
export const PIECE_SIGNATURES_MIN = 8;
/** At most: the calling thread stands still while it decodes and hashes one piece, about 0.4 ms. */
export const PIECE_SIGNATURES_MAX = 64;
/** Without workers the calling thread stands still for a piece: about 1 ms, with SM2 about 6 ms. */
export const PIECE_SIGNATURES_INLINE_MAX = 16;
/** Pieces a worker has before it: about 60 ms of work, so that it goes on while the calling thread carries out a block. */
export const PIECES_PER_WORKER = 16;
/** Workers that may die over one piece; then the calling thread does it. */
export const PIECE_DEATHS_MAX = 2;
/** Workers in a row that end without having done anything, after which none is started in that place any more. */
export const WORKER_STARTS_MAX = 3;
