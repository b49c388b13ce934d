/** Bounds of the SKF back end. */
import type { Millis } from "../../src/base/clock.js";

/** Starting the process, loading the vendor's library and finding the key. */
export const OPEN_TIMEOUT_MS: Millis = 10_000;
/** Of its own, however slow the opening was: an attempt that is broken off cannot be repeated. */
export const PIN_TIMEOUT_MS: Millis = 10_000;
/** A signature that takes no longer is no sign of a hang, even where its caller had less patience. */
export const SIGN_HANG_MS: Millis = 1_000;
/** Between two attempts to find the token again while a call waits for it. */
export const RETRY_PAUSE_MS: Millis = 200;
/** A process that fails at its start is started this often at most, and only when somebody wants a signature. */
export const RESTART_PAUSE_MS: Millis = 500;
/** For giving the token back before the process is ended. */
export const CLOSE_TIMEOUT_MS: Millis = 1_000;
/** Calls that wait for their turn. */
export const WAITING_MAX = 64;
