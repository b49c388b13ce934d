/** Sizes that every kind of link shares. */

/** Largest payload we send or hand on; a full header segment stays under 48 KiB. */
export const PAYLOAD_BYTES_MAX = 262_144;

/** What a packet may add to its payload: fixed header, topic, identifier and MQTT 5 properties. */
export const PACKET_OVERHEAD_BYTES = 4_096;
