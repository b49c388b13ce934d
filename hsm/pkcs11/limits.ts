/** Numbers of the PKCS#11 back end. */

export const SESSIONS_DEFAULT = 4;
export const SESSIONS_MAX = 16;
/** Calls that the token's process holds or will be given; a caller that gives up makes no room. */
export const CALLS_OPEN_MAX = 256;
/** In the token's process, for a session to sign with. */
export const SIGNATURES_WAITING_MAX = CALLS_OPEN_MAX;
/** Who has waited is served only with this many times left what the last signature took. */
export const SIGNATURE_MARGIN = 2;
/** From a finished signature to whoever asked for it. */
export const ANSWER_MARGIN_MS = 10;
/** Loading a vendor's module, login and search on a slow smart card. */
export const OPEN_TIMEOUT_MS = 20_000;
export const ANCHOR_TIMEOUT_MS = 10_000;
/** An RSA-era smart card takes its time for a key. */
export const GENERATE_TIMEOUT_MS = 60_000;
/** From asking the process to end until it is ended. */
export const CLOSE_TIMEOUT_MS = 1_000;
/** A token that is away is looked for this often at most, and only when somebody wants a signature. */
export const RESTART_PAUSE_MS = 500;
export const SLOTS_MAX = 256;
export const OBJECTS_MAX = 64;
/** DER of the largest signature, with room for modules that ask for more than they fill. */
export const SIGNATURE_BUFFER_BYTES = 256;
export const KEY_ID_BYTES_MAX = 64;
