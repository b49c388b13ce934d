/** Lists of sealers that nobody vouches for, and lists that are none. */
import { compareBytes } from "../../../src/base/bytes.js";
import type { SealerSet } from "../../../src/codec/fisco/header.js";
import { writeJson } from "../../../src/codec/json.js";
import { bigInteger, type WireValue } from "../../../src/codec/wire/cborWriter.js";
import { allOf, type Forger, WIRE_FIELD } from "../forger.js";
import { type Attack, asJson, attack, type Hostile, onHead } from "./attack.js";

/** What a client says of an adjacent header whose list the trusted sealers do not stand behind, by layout. */
const NOT_VOUCHED = ["CHAIN_TRUST_SHORT", "CHAIN_SEALERS_NOT_COMMITTED", "CHAIN_CHANGE_UNPROVEN"] as const;
/** Further up it asks for a header in between, which nobody can give. */
const NOT_REACHED = ["CHAIN_TRUST_SHORT", "CHAIN_ANSWER_MISSING"] as const;
const FAR_HEIGHTS = 1_000;
const HUGE_WEIGHT = 1_000_000n;

/** The next honest list with one more sealer, the forger's; and that one's index. */
function withStranger(forger: Forger, weight: bigint): { readonly set: SealerSet; readonly index: number } {
  const own = forger.ownSealers.nodeIds[0] as Uint8Array;
  const { nodeIds, weights } = forger.nextSealers;
  const entries = nodeIds.map((nodeId, i) => ({ nodeId, weight: weights[i] ?? 1n }));
  entries.push({ nodeId: own, weight });
  entries.sort((a, b) => compareBytes(a.nodeId, b.nodeId));
  const set = { nodeIds: entries.map(({ nodeId }) => nodeId), weights: entries.map((entry) => entry.weight) };
  return { set, index: entries.findIndex(({ nodeId }) => nodeId === own) };
}

/** The list in office before the last change, where less than a quorum of the present weight was in it. */
function retiredSet(forger: Forger): SealerSet | undefined {
  const { issuer } = forger;
  const now = issuer.sealers(issuer.height);
  const changed = issuer.changeHeights.at(-1);
  if (changed === undefined) return undefined;
  const before = issuer.sealers(changed - 1);
  let kept = 0n;
  for (const [i, nodeId] of now.nodeIds.entries()) {
    if (before.nodeIds.some((id) => compareBytes(id, nodeId) === 0)) kept += now.weights[i] ?? 0n;
  }
  const total = now.weights.reduce((sum, weight) => sum + weight, 0n);
  return 3n * kept < total ? before : undefined;
}

/** A list that breaks the rules, on the wire, with a bitmap of the right length and no signatures. */
function brokenList(forger: Forger, set: SealerSet, ...codes: string[]): Hostile {
  const signed = forger.signed(forger.draft(), []);
  const ids = new Uint8Array(set.nodeIds.length * 64);
  set.nodeIds.forEach((nodeId, i) => {
    ids.set(nodeId, 64 * i);
  });
  const [first] = set.weights;
  const even = first !== undefined && set.weights.every((weight) => weight === first);
  const weights: WireValue = even ? bigInteger(first) : set.weights.map(bigInteger);
  const bitmap = new Uint8Array(Math.ceil(set.nodeIds.length / 8));
  const replaced = {
    [WIRE_FIELD.sealers]: [ids, weights],
    [WIRE_FIELD.signatures]: [bitmap, new Uint8Array(0)],
  };
  return onHead(forger.headPayload(signed, replaced), ...codes);
}

export const SEALER_ATTACKS: readonly Attack[] = [
  attack("sealers-of-attacker", "A stranger's own list of sealers, validly signed by all of them.", (forger) =>
    onHead(forger.headPayload(forger.signed(forger.draft({ sealers: forger.ownSealers }))), ...NOT_VOUCHED),
  ),
  attack("sealers-of-attacker-far", "The same far above the head, where no parent is known.", (forger) => {
    const number = forger.head.header.number + FAR_HEIGHTS;
    const header = forger.draftAt(number, { sealers: forger.ownSealers });
    return onHead(forger.headPayload(forger.signed(header)), ...NOT_REACHED);
  }),
  attack(
    "sealers-borrowed-names",
    "The true list and one stranger with nearly all the weight, who signs alone.",
    (forger) => {
      const total = forger.nextSealers.weights.reduce((sum, weight) => sum + weight, 0n);
      const { set, index } = withStranger(forger, 4n * total);
      return onHead(forger.headPayload(forger.signed(forger.draft({ sealers: set }), [index])), ...NOT_VOUCHED);
    },
  ),
  attack(
    "sealers-reweighted",
    "The true list with nearly all the weight given to those who collude.",
    (forger) => {
      const { nodeIds, weights } = forger.nextSealers;
      const colluders = forger.belowQuorum(forger.nextSealers);
      const set = { nodeIds, weights: weights.map((w, i) => (colluders.includes(i) ? HUGE_WEIGHT * w : w)) };
      return onHead(forger.headPayload(forger.signed(forger.draft({ sealers: set }), colluders)), ...NOT_VOUCHED);
    },
    { appliesTo: (forger) => forger.belowQuorum(forger.nextSealers).length > 0 },
  ),
  attack(
    "sealers-reduced-to-colluders",
    "A list of only those true sealers who collude.",
    (forger) => {
      const { nodeIds, weights } = forger.nextSealers;
      const colluders = forger.belowQuorum(forger.nextSealers);
      const set = {
        nodeIds: colluders.map((i) => nodeIds[i] as Uint8Array),
        weights: colluders.map((i) => weights[i] ?? 1n),
      };
      return onHead(forger.headPayload(forger.signed(forger.draft({ sealers: set }))), ...NOT_VOUCHED);
    },
    { appliesTo: (forger) => forger.belowQuorum(forger.nextSealers).length > 0 },
  ),
  attack(
    "sealers-not-committed",
    "All true sealers sign a header with one more in its list, which the header below did not announce.",
    (forger) => {
      const { set, index } = withStranger(forger, 1n);
      const signers = allOf(set).filter((i) => i !== index);
      const signed = forger.signed(forger.draft({ sealers: set }), signers);
      return onHead(forger.headPayload(signed), "CHAIN_SEALERS_NOT_COMMITTED");
    },
    // Elsewhere a quorum of the sealers in office may take in whom it likes.
    { appliesTo: (forger) => forger.issuer.profile.layout === "edgeseal" },
  ),
  attack(
    "sealers-retired",
    "Sealers who were removed sign a new header together with their old list.",
    (forger) => {
      const sealers = retiredSet(forger) as SealerSet;
      return onHead(forger.headPayload(forger.signed(forger.draft({ sealers }))), ...NOT_VOUCHED);
    },
    { appliesTo: (forger) => retiredSet(forger) !== undefined },
  ),
  attack("sealers-skipped-change", "A header two above, as if a change of all sealers stood in between.", (forger) => {
    const number = forger.head.header.number + 2;
    const header = forger.draftAt(number, { sealers: forger.ownSealers });
    return onHead(forger.headPayload(forger.signed(header)), ...NOT_REACHED);
  }),
  attack("sealers-none", "A header with an empty list, which any signature count satisfies.", (forger) =>
    brokenList(forger, { nodeIds: [], weights: [] }, "HEADER_SEALER_LIST_EMPTY", "WIRE_LENGTH"),
  ),
  attack(
    "sealers-unsorted",
    "The true list in another order, which would move every index.",
    (forger) => {
      const { nodeIds, weights } = forger.nextSealers;
      const set = { nodeIds: nodeIds.toReversed(), weights: weights.toReversed() };
      return brokenList(forger, set, "HEADER_NODE_ID_ORDER");
    },
    { appliesTo: (forger) => forger.nextSealers.nodeIds.length > 1 },
  ),
  attack("weights-zero", "The true list with weights of zero, whose quorum is zero.", (forger) =>
    brokenList(
      forger,
      { ...forger.nextSealers, weights: forger.nextSealers.weights.map(() => 0n) },
      "HEADER_WEIGHT_RANGE",
    ),
  ),
  attack("weights-two-to-63", "Weights of 2^63, negative for a node.", (forger) =>
    brokenList(
      forger,
      { ...forger.nextSealers, weights: forger.nextSealers.weights.map(() => 2n ** 63n) },
      "HEADER_WEIGHT_RANGE",
    ),
  ),
  attack("weights-missing", "One weight less than there are sealers.", (forger) => {
    const signed = forger.signed(forger.draft());
    const consensusWeights = forger.rpcHeader(signed).consensusWeights.slice(1);
    return asJson(writeJson(forger.rpcHeader(signed, { consensusWeights })), "HEADER_WEIGHT_COUNT");
  }),
  attack("node-id-short", "A node id of 63 bytes.", (forger) => {
    const signed = forger.signed(forger.draft());
    const sealerList = forger.rpcHeader(signed).sealerList.map((id, i) => (i === 0 ? id.slice(0, -2) : id));
    return asJson(writeJson(forger.rpcHeader(signed, { sealerList })), "HEADER_NODE_ID_LENGTH");
  }),
  attack("leader-outside-list", "A proposer that is not in the list.", (forger) => {
    const sealers = forger.nextSealers;
    const header = forger.draft({ sealer: sealers.nodeIds.length });
    return onHead(forger.headPayload(forger.signed(header, allOf(sealers))), "HEADER_SEALER_RANGE");
  }),
];
