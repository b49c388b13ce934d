/**
 * Other histories, old headers and wrong times. Those with a quorum need sealers who lie; they are here to show the
 * alarm.
 */
import { writeJson } from "../../../src/codec/json.js";
import type { Forger } from "../forger.js";
import { type Attack, asJson, attack, onHead } from "./attack.js";

/** Further than any clock drift, whatever time the simulated chain lives in. */
const FAR_FUTURE_MS = 100 * 365 * 24 * 3_600_000;

/** A header beside the head: same height and parent, other content. */
function besideHead(forger: Forger) {
  const { header } = forger.head;
  return forger.draft({
    number: header.number,
    parents: header.parents,
    timestamp: header.timestamp,
    sealers: header.sealers,
    extraData: forger.extraData(header.sealers, forger.issuer.profile.layout),
  });
}

export const HISTORY_ATTACKS: readonly Attack[] = [
  attack(
    "fork",
    "A second header at the head's height, validly signed by a quorum of sealers who lie.",
    (forger) => {
      const header = besideHead(forger);
      return onHead(forger.headPayload(forger.signed(header, forger.quorum(header.sealers))), "CHAIN_FORK");
    },
    { halts: true },
  ),
  attack(
    "fork-short",
    "A second header at the head's height, signed by as many liars as a chain tolerates.",
    (forger) => {
      const header = besideHead(forger);
      return onHead(forger.headPayload(forger.signed(header, forger.belowQuorum(header.sealers))), "CHAIN_QUORUM");
    },
  ),
  attack("fork-of-strangers", "A second header at the head's height, signed by a stranger's sealers.", (forger) => {
    const header = besideHead(forger);
    const sealers = forger.ownSealers;
    const extraData = forger.extraData(sealers, forger.issuer.profile.layout);
    return onHead(forger.headPayload(forger.signed({ ...header, sealers, sealer: 0, extraData })), "CHAIN_TRUST_SHORT");
  }),
  attack(
    "long-range",
    "Another header 1, signed by all first sealers long after their keys were stolen.",
    (forger) => {
      const sealers = forger.issuer.sealers(1);
      const first = forger.issuer.genesis();
      const header = forger.draft({
        number: 1,
        parents: [{ number: 0, hash: first.hash }],
        sealers,
        extraData: forger.extraData(sealers, forger.issuer.profile.layout),
      });
      return onHead(forger.headPayload(forger.signed(header)), "CHAIN_ROLLBACK", "CHAIN_FORK");
    },
    // A client that was there at height 1 sees two certified headers, and that is a fork.
    { halts: true, appliesTo: (forger) => forger.head.header.number > 1 },
  ),
  attack(
    "rollback",
    "The true header before the head, sent again as the newest.",
    (forger) => {
      const old = forger.issuer.header(forger.head.header.number - 1);
      return onHead(forger.headPayload(old), "HEADERS_DUPLICATE", "CHAIN_ROLLBACK");
    },
    { appliesTo: (forger) => forger.head.header.number > 1 },
  ),
  attack("replay", "The head itself, once more.", (forger) =>
    onHead(forger.headPayload(forger.head), "HEADERS_DUPLICATE"),
  ),
  attack("parent-hash", "A next header on another parent, signed by a quorum of liars.", (forger) => {
    const { number } = forger.head.header;
    const parents = [{ number, hash: forger.random.bytes(32) }];
    return onHead(forger.headPayload(forger.signed(forger.draft({ parents }))), "CHAIN_PARENT_HASH");
  }),
  attack("parent-none", "A next header without a parent.", (forger) =>
    onHead(forger.headPayload(forger.signed(forger.draft({ parents: [] }))), "HEADER_PARENT_COUNT"),
  ),
  attack("parent-number", "A next header whose parent has another number.", (forger) => {
    const { header, hash } = forger.head;
    const signed = forger.signed(forger.draft({ parents: [{ number: header.number - 1, hash }] }));
    return asJson(writeJson(forger.rpcHeader(signed)), "HEADER_PARENT_NUMBER");
  }),
  attack("parent-two", "A next header with two parents.", (forger) => {
    const { header, hash } = forger.head;
    const parent = { number: header.number, hash };
    const signed = forger.signed(forger.draft({ parents: [parent, parent] }));
    return asJson(writeJson(forger.rpcHeader(signed)), "HEADER_PARENT_COUNT");
  }),
  attack("number-huge", "A header at height 2^53 - 1, signed by a stranger's sealers.", (forger) => {
    const header = forger.draftAt(Number.MAX_SAFE_INTEGER, { sealers: forger.ownSealers });
    return onHead(forger.headPayload(forger.signed(header)), "CHAIN_TRUST_SHORT", "CHAIN_ANSWER_MISSING");
  }),
  attack("time-future", "A next header from a hundred years ahead, signed by a quorum of liars.", (forger) => {
    const timestamp = forger.head.header.timestamp + FAR_FUTURE_MS;
    return onHead(forger.headPayload(forger.signed(forger.draft({ timestamp }))), "CHAIN_HEADER_FROM_FUTURE");
  }),
  attack("time-decreasing", "A next header that is older than the head, signed by a quorum of liars.", (forger) => {
    const timestamp = forger.head.header.timestamp - 1;
    return onHead(forger.headPayload(forger.signed(forger.draft({ timestamp }))), "CHAIN_TIME_DECREASING");
  }),
  attack("time-too-large", "A next header whose time is 2^63 - 1.", (forger) => {
    const rpc = forger.rpcHeader(forger.signed(forger.draft()), { timestamp: 2n ** 63n - 1n });
    return asJson(writeJson(rpc), "RPC_NUMBER_RANGE");
  }),
];
