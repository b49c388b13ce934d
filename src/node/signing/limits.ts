/** Every number the guard promises, in one place. */

/** Heights (or sequence numbers) by which the anchor runs ahead of what is signed. */
export const RESERVE_HEIGHTS = 1_024;
/** Remembered slots per key; when there are more, the lowest go and the watermark takes their place. */
export const WINDOW_SLOTS = 2_048;
/** Slots that go at once when the window is full, so that not every signature deletes a row. */
export const WINDOW_PRUNED_SLOTS = 256;
/** Requests of one key that are being persisted or signed at a time. */
export const REQUESTS_IN_FLIGHT_MAX = 1_024;
/** How long a key's home may take for one signature. */
export const SIGN_TIMEOUT_MS = 5_000;
/** The same where a person has to press a button: a shield waits 30 s for it (docs/operating/shield-protocol.md). */
export const PRESENCE_TIMEOUT_MS = 35_000;
/** How long it may take to read or write the anchor; flash in tokens is slow. */
export const ANCHOR_TIMEOUT_MS = 10_000;
/**
 * A new session lies 1 to this many above the last one, by chance: two instances that start in the same moment from one
 * copy then hold different sessions, and one of them finds out.
 */
export const SESSION_STEP_MAX = 1_024;
/** Receipt heads count epoch * 2^32 + sequence, which must stay an exact number. */
export const SEQUENCE_MAX = 0xffff_ffff;
export const EPOCH_MAX = 0xf_ffff;
/** Heights, views and terms: far from the end of exact numbers, so that reserving never reaches it. */
export const HEIGHT_MAX = 2 ** 52;
/** Commits after which the log of the signing database is copied into it. */
export const COMMITS_PER_LOG_COPY = 500;
/** A history file of some dozen keys with full windows. */
export const HISTORY_CHARACTERS_MAX = 64 * 1024 * 1024;
