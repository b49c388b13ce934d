/** Which texts may be topic names. Narrower than MQTT allows, so that no broker in use disconnects us for one. */
import { LinkError, type TopicFault } from "./problems.js";

/** MQTT allows 65,535; brokers commonly allow far less. */
export const TOPIC_BYTES_MAX = 512;
/** aedes refuses more than 100, Mosquitto more than 200. */
export const TOPIC_LEVELS_MAX = 32;
const TOPIC_SHOWN_CHARACTERS = 64;

/**
 * C0 and C1 controls, U+FFFE and U+FFFF: MQTT 5.0 section 1.5.4 lets a receiver close the connection for them.
 * Surrogates without a partner are no UTF-8 at all.
 */
const UNFIT_CHARACTER = /[\p{Cc}\uFFFE\uFFFF]|\p{Surrogate}/u;

function faultOf(topic: string): TopicFault | undefined {
  if (topic.length === 0) return "empty";
  if (topic.length > TOPIC_BYTES_MAX || Buffer.byteLength(topic, "utf8") > TOPIC_BYTES_MAX) return "too long";
  if (topic.startsWith("$")) return "reserved";
  if (topic.includes("+") || topic.includes("#")) return "wildcard";
  if (UNFIT_CHARACTER.test(topic)) return "control character";
  let levels = 1;
  for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) === 47) levels++;
  return levels > TOPIC_LEVELS_MAX ? "too many levels" : undefined;
}

/**
 * Accepts an exact topic name: 1..TOPIC_BYTES_MAX bytes of UTF-8, no wildcard, not under `$` (broker's own topics, and a
 * reason to be disconnected when published to).
 * @throws LinkError `LINK_TOPIC_INVALID`.
 */
export function checkTopic(topic: string): void {
  const reason = faultOf(topic);
  if (reason === undefined) return;
  const shown = JSON.stringify(topic.slice(0, TOPIC_SHOWN_CHARACTERS));
  throw new LinkError({ code: "LINK_TOPIC_INVALID", reason, topic: shown });
}
