/**
 * How long a thread stands still for an answer about the ledger. A disk that takes so long is broken, and a thread that is
 * gone never answers.
 */
export const ANSWER_WAIT_MS = 60_000;
