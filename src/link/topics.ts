/** Which texts may be topic names and filters. Narrower than MQTT allows, so that no broker in use disconnects us for one. */
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

const ANY_LEVEL = "+";

/** What is wrong with a topic name, ours or one that came in; undefined: nothing. */
export function topicFault(topic: string): TopicFault | undefined {
  if (topic.includes(ANY_LEVEL)) return "wildcard";
  return filterFault(topic);
}

function filterFault(filter: string): TopicFault | undefined {
  if (filter.length === 0) return "empty";
  if (filter.length > TOPIC_BYTES_MAX || Buffer.byteLength(filter, "utf8") > TOPIC_BYTES_MAX) return "too long";
  if (filter.startsWith("$")) return "reserved";
  if (filter.includes("#")) return "wildcard";
  if (UNFIT_CHARACTER.test(filter)) return "control character";
  const levels = filter.split("/");
  if (levels.length > TOPIC_LEVELS_MAX) return "too many levels";
  if (!filter.includes(ANY_LEVEL)) return undefined;
  const isWhole = levels.every((level) => level === ANY_LEVEL || !level.includes(ANY_LEVEL));
  return isWhole && levels.some((level) => level !== ANY_LEVEL) ? undefined : "wildcard";
}

/**
 * Accepts an exact topic name: 1..TOPIC_BYTES_MAX bytes of UTF-8, no wildcard, not under `$` (broker's own topics, and a
 * reason to be disconnected when published to).
 * @throws LinkError `LINK_TOPIC_INVALID`.
 */
export function checkTopic(topic: string): void {
  refuse(topic, topicFault(topic));
}

/**
 * Accepts a topic name, or a filter in which one or more whole levels, but not all of them, are `+`. Never `#`: what it
 * lets in has no bound.
 * @throws LinkError `LINK_TOPIC_INVALID`.
 */
export function checkFilter(filter: string): void {
  refuse(filter, filterFault(filter));
}

function refuse(topic: string, reason: TopicFault | undefined): void {
  if (reason === undefined) return;
  const shown = JSON.stringify(topic.slice(0, TOPIC_SHOWN_CHARACTERS));
  throw new LinkError({ code: "LINK_TOPIC_INVALID", reason, topic: shown });
}

/** Of a filter that `checkFilter` accepts: whether it is one, or an exact topic. */
export function hasWildcard(filter: string): boolean {
  return filter.includes(ANY_LEVEL);
}

/** Whether a topic name is one that the filter means: as many levels, and each the same or `+`. */
export function filterMatches(filter: string, topic: string): boolean {
  if (topic.startsWith("$")) return false;
  let inFilter = 0;
  let inTopic = 0;
  for (;;) {
    const filterEnd = levelEnd(filter, inFilter);
    const topicEnd = levelEnd(topic, inTopic);
    const level = filter.slice(inFilter, filterEnd);
    if (level !== ANY_LEVEL && level !== topic.slice(inTopic, topicEnd)) return false;
    const isLast = filterEnd === filter.length;
    if (isLast || topicEnd === topic.length) return isLast && topicEnd === topic.length;
    inFilter = filterEnd + 1;
    inTopic = topicEnd + 1;
  }
}

function levelEnd(text: string, from: number): number {
  const slash = text.indexOf("/", from);
  return slash < 0 ? text.length : slash;
}
