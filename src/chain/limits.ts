/** Limits of the light client. Every queue, cache and wait has one. */

/** Newest headers whose hashes and roots stay in memory, for proofs and fork checks. */
export const RECENT_HEADERS_MAX = 1_024;
/** Sources (broker connections or RPC endpoints groups) of one client. */
export const SOURCES_MAX = 16;
/** Sealer-change headers kept while climbing. */
export const CHANGES_CACHED_MAX = 64;
/** Topics asked for in one subscription. */
export const SUBSCRIBE_TOPICS_MAX = 32;
/** Segments asked for ahead while filling. */
export const FILL_AHEAD_SEGMENTS = 4;
/** Stretches of missing ancestors remembered. */
export const GAPS_MAX = 1_024;
/** Stretches asked for ahead while verifying every header. */
export const CLIMB_AHEAD_STRETCHES = 4;
/** Proofs that wait for their header. */
export const PENDING_EVENTS_MAX = 64;
/** How long an answer to a request may take. */
export const ANSWER_WAIT_MS = 10_000;
/** How long a retained message may take to arrive before it counts as not there. */
export const RETAINED_WAIT_MS = 3_000;
/** Pause before a source whose answer did not help is asked again. */
export const RETRY_PAUSE_MS = 1_000;
/** Pause before an unprovable sealer change is tried again. */
export const UNPROVEN_RETRY_MS = 60_000;
export const STALE_AFTER_DEFAULT_MS = 5 * 60_000;

export const SCORE_FULL = 100;
/** Below this a source is left alone for a while. */
export const SCORE_USABLE_MIN = 20;
export const QUARANTINE_MIN_MS = 5_000;
export const QUARANTINE_MAX_MS = 10 * 60_000;
