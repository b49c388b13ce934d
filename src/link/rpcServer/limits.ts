/** What a JSON-RPC server lets itself be asked for. Each has an option of its own in options.ts where it is worth one. */

/** A transaction's hex twice over, and the envelope. */
export const RPC_SERVER_BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Of one answer, all of a batch together. */
export const RPC_SERVER_ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** Bodies that are being read and answers that have not left, over all connections. */
export const RPC_SERVER_HELD_BYTES_MAX = 128 * 1024 * 1024;
export const RPC_SERVER_BATCH_ITEMS_MAX = 256;
export const RPC_SERVER_CONNECTIONS_MAX = 512;
/** HTTP requests that are being read, carried out or answered at once. */
export const RPC_SERVER_REQUESTS_MAX = 256;
export const RPC_SERVER_HEADER_BYTES_MAX = 16 * 1024;
/** From the first byte of a request, or from the connection's beginning, until the header is whole. */
export const RPC_SERVER_HEADER_WAIT_MS = 10_000;
/** The same until the body is whole. */
export const RPC_SERVER_BODY_WAIT_MS = 30_000;
export const RPC_SERVER_HANDSHAKE_WAIT_MS = 10_000;
/** A kept connection without a request. */
export const RPC_SERVER_IDLE_MAX_MS = 30_000;
/** For a client to take its answer. */
export const RPC_SERVER_DRAIN_WAIT_MS = 30_000;
/** For requests that are being carried out when the server is stopped. */
export const RPC_SERVER_STOP_WAIT_MS = 5_000;
export const RPC_SERVER_ORIGINS_MAX = 64;
/** A token of fewer characters can be guessed. */
export const RPC_SERVER_TOKEN_CHARACTERS_MIN = 24;
export const RPC_SERVER_TOKEN_CHARACTERS_MAX = 512;
