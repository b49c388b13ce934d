import type { ChainProblem } from "../../chain/problems.js";
import type { Texts } from "../texts.js";

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
const days = (ms: number): string => `${Math.round(ms / 8_640_000) / 10} days`;

export const chainTexts: Texts<ChainProblem> = {
  CHAIN_SIGNER_RANGE: {
    says: (p) => `Header ${p.height} names signer ${p.index}, but has only ${p.sealers} sealers.`,
  },
  CHAIN_SIGNER_DUPLICATE: { says: (p) => `Header ${p.height} counts the signer ${p.index} more than once.` },
  CHAIN_SIGNATURE_INVALID: { says: (p) => `The signature of sealer ${p.index} on header ${p.height} is not valid.` },
  CHAIN_QUORUM: {
    says: (p) => `Header ${p.height} carries signatures of weight ${p.got}; its quorum is ${p.need}.`,
  },
  CHAIN_HASH_MISMATCH: {
    says: (p) => `Header ${p.height} is said to have the hash ${p.named}, but its hash is ${p.computed}.`,
  },
  CHAIN_SEALERS_DIFFER: { says: (p) => `Header ${p.height} does not carry exactly the trusted sealers and weights.` },
  CHAIN_NOT_ADJACENT: { says: (p) => `Header ${p.height} is not the one after the trusted header ${p.trusted}.` },
  CHAIN_NOT_ABOVE: { says: (p) => `Header ${p.height} is not above the trusted header ${p.trusted}.` },
  CHAIN_PARENT_HASH: {
    says: (p) => `Header ${p.height} names the parent ${p.named}, but the trusted header before it is ${p.trusted}.`,
  },
  CHAIN_TRUST_SHORT: {
    says: (p) =>
      `Header ${p.height} is signed by weight ${p.got} of the sealers trusted since header ${p.trusted}; ${p.need} is needed.`,
    advice: "The sealers changed in between; the client looks for the headers where they did.",
  },
  CHAIN_SEALERS_NOT_COMMITTED: {
    says: (p) => `Header ${p.height} carries a sealer list that the header before it did not commit to.`,
  },
  CHAIN_GENESIS_SEALERS: { says: (p) => `Header ${p.height} does not carry exactly the sealers that block 0 lists.` },
  CHAIN_TRUST_EXPIRED: {
    says: (p) => `The trusted header ${p.trusted} is ${days(p.ageMs)} old; trust ends after ${days(p.periodMs)}.`,
    advice: "Get a recent height, hash and sealer list from the operator of the chain and run `edgeseal anchor set`.",
  },
  CHAIN_CLOCK_UNSET: {
    says: (p) => `The clock of this device (${new Date(p.now).toISOString()}) is not set.`,
    advice: "Start time synchronisation; headers are followed again as soon as the clock is right.",
  },
  CHAIN_HEADER_FROM_FUTURE: {
    says: (p) =>
      `Header ${p.height} is ${seconds(p.aheadMs)} ahead of this device's clock; ${seconds(p.driftMs)} is allowed.`,
    advice: "Check the clock of this device first, then the clocks of the sealers.",
  },
  CHAIN_TIME_DECREASING: { says: (p) => `Header ${p.height} is ${seconds(p.byMs)} older than the header before it.` },
  CHAIN_FORK: {
    says: (p) => `There are two certified headers at height ${p.height}: ${p.ours} and ${p.theirs}.`,
    advice:
      "More sealers than the fault model allows have signed both, or keys are stolen. Both headers are kept as evidence; ask the alliance which chain is right and run `edgeseal anchor set`.",
  },
  CHAIN_SEALERS_RETIRED: {
    says: (p) => `A second header at height ${p.height} is signed by sealers most of whom have left office since.`,
    advice: "Keys of former sealers may be stolen. The chain goes on; tell the alliance.",
  },
  CHAIN_LINK_BROKEN: {
    says: (p) => `Header ${p.height} should have the hash ${p.expected}, but hashes to ${p.computed}.`,
  },
  CHAIN_SEGMENT_UNSIGNED: { says: (p) => `Headers from ${p.height} came without signatures where they are needed.` },
  CHAIN_ANSWER_UNASKED: { says: (p) => `An answer about height ${p.height} came that nobody asked for.` },
  CHAIN_ANSWER_MISSING: { says: (p) => `No answer about height ${p.height} came in time.` },
  CHAIN_ROLLBACK: { says: (p) => `A source shows header ${p.height} as newest; ${p.trusted} is already certified.` },
  CHAIN_CHANGE_UNPROVEN: {
    says: (p) => `The sealers changed after header ${p.height} and nothing proves it: ${p.reason}.`,
    advice: "Compare the new sealer list with the operator of the chain, then run `edgeseal anchor accept`.",
  },
  CHAIN_PROOF_UNANCHORED: { says: (p) => `Header ${p.height}, which a proof needs, is not known.` },
  CHAIN_PROOF_INVALID: { says: (p) => `A proof for block ${p.height} does not hold: ${p.reason}.` },
  ANCHOR_MALFORMED: {
    says: (p) => `The anchor's field "${p.field}" is missing or malformed.`,
    advice: "Compare the file with docs/operating/provisioning.md.",
  },
  ANCHOR_NEEDS_SEALERS: {
    says: (p) => `An anchor at height ${p.height} needs the sealer list of that height.`,
    advice: "Only block 0 of a chain that lists its sealers there can be trusted by its hash alone.",
  },
  ANCHOR_TRUST_LEVEL_ON_CRASH: {
    says: () => "Trust-level mode cannot be used on a chain with the crash fault model.",
    advice: "Remove `trustLevel` from edgeseal.yaml.",
  },
};
