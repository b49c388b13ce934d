/** Every bound of the gateway's core, with its unit. */

/** Commands that one device has not answered yet. */
export const COMMANDS_PER_DEVICE_MAX = 16;
/** Commands of all devices together. */
export const COMMANDS_MAX = 4_096;
/** Life of a command whose sender names no other. */
export const COMMAND_LIFE_MS = 30_000;
export const COMMAND_LIFE_MS_MAX = 24 * 3_600_000;
/** The first repetition of a command that was not answered; each further pause is twice as long. */
export const COMMAND_REPEAT_MS = 2_000;
export const COMMAND_REPEAT_MS_MAX = 30_000;
/** Numbers that one write reserves: so many commands go out until the next reservation. */
export const COMMAND_SEQUENCES_RESERVED = 1_000;

export const JOIN_WINDOW_MS_MAX = 15 * 60_000;
/** Births heard while nobody may join, and interviews under way; the oldest makes room. */
export const CANDIDATES_MAX = 64;
export const INTERVIEW_MS = 10_000;

/** Messages of one device: the bucket's size and what runs into it each second. */
export const DEVICE_BURST_MESSAGES = 120;
export const DEVICE_MESSAGES_PER_SECOND = 20;
/** Refused messages within a minute after which a device is no longer listened to. */
export const FAULTS_PER_MINUTE_MAX = 30;
export const ISOLATION_MS = 5 * 60_000;

/** A device with a key of which somebody says that it is gone has so long to answer for itself. */
export const DOUBT_MS = 3_000;
/** The first look after a device that has gone silent; each further pause is twice as long. */
export const PROBE_MS = 5_000;
export const PROBE_MS_MAX = 30 * 60_000;

/**
 * How often what changed in the shadow and was not written with a command is written. It serves the first picture after a
 * restart, which the devices themselves correct within seconds.
 */
export const SHADOW_FLUSH_MS = 600_000;
/** In one transaction, about. */
export const SHADOW_FLUSH_BYTES = 1_048_576;
/** Readings waiting for the telemetry's next write, and bytes of them at most; then they are written earlier. */
export const TELEMETRY_WAITING_MAX = 16_384;
export const TELEMETRY_PIECE_BYTES_MAX = 524_288;
export const TELEMETRY_FLUSH_MS = 60_000;
