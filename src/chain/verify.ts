/**
 * Header verification as two functions of all their inputs (after CometBFT light/verifier.go).
 *
 * A new header must meet the quorum of its own list AND carry distinct signers of the *trusted* set with at least that
 * set's quorum (docs/architecture.md, "Trust"). The header's own list alone proves nothing: anybody can write one.
 * Order of checks, cheapest first, signatures last: (a) trust still valid, (b) height and parent, (c) times, (d) shape of
 * the certificate, (e) overlap with the trusted set as far as indices tell, (f) signatures.
 *
 * Structure (codec/fisco/headerRules) and hash are checked by whoever decoded the header: a HashedHeader has both behind it.
 */
import { copyBytes, equalBytes, to0x } from "../base/bytes.js";
import type { Millis } from "../base/clock.js";
import { decodeCommitment, sealerSetHash } from "../codec/edgeseal/commitment.js";
import type { SealerSet } from "../codec/fisco/header.js";
import { authenticatedTimestamp } from "../codec/fisco/headerRules.js";
import { equalSealerSets } from "../codec/fisco/sealerSets.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { Profile } from "../codec/profile.js";
import type { Suite } from "../crypto/suite.js";
import { type Certificate, checkSignatures, checkSigners } from "./certificate.js";
import type { Committee, Committees } from "./committee.js";
import { ChainError } from "./problems.js";

/** What is believed about one header; the start of every further step. */
export interface Trusted {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly sealers: SealerSet;
  /** H(next sealers), known after a header of the `edgeseal` layout. */
  readonly nextSealersHash?: Uint8Array;
  /** Undefined where no hash covers it (rc4 chains) and for anchors. */
  readonly timestamp?: number;
  /** From when trust ages: the header's time, or when the operator accepted the anchor. */
  readonly vouchedAt: Millis;
  /** Roots of the trusted block itself; unknown for anchors. */
  readonly roots?: { readonly transactions: Uint8Array; readonly receipts: Uint8Array };
}

/** `strict`: quorum of the trusted set. `third`: more than a third of its weight, `bft` chains only. */
export type TrustLevel = "strict" | "third";

export interface VerifyRules {
  readonly suite: Suite;
  readonly profile: Profile;
  readonly trustLevel: TrustLevel;
  /** Default 30 days. */
  readonly trustingPeriodMs: number;
  /** How far a header may be ahead of our clock. Default 10 s. */
  readonly clockDriftMs: number;
}

export const TRUSTING_PERIOD_DEFAULT_MS = 30 * 24 * 3_600_000;
export const CLOCK_DRIFT_DEFAULT_MS = 10_000;

export interface Verified {
  readonly trusted: Trusted;
  readonly certificate: Certificate;
  /** The list differs from the trusted one. */
  readonly sealersChanged: boolean;
}

export interface VerifyInput {
  readonly trusted: Trusted;
  readonly untrusted: HashedHeader;
  readonly now: Millis;
  readonly rules: VerifyRules;
  readonly committees: Committees;
}

/**
 * The header directly above the trusted one, bound to it by the parent hash.
 * @throws ChainError CHAIN_TRUST_EXPIRED, CHAIN_NOT_ADJACENT, CHAIN_PARENT_HASH, CHAIN_HEADER_FROM_FUTURE,
 * CHAIN_TIME_DECREASING, CHAIN_SEALERS_NOT_COMMITTED, CHAIN_GENESIS_SEALERS, CHAIN_SIGNER_*, CHAIN_QUORUM,
 * CHAIN_TRUST_SHORT, CHAIN_SIGNATURE_INVALID
 */
export function verifyAdjacent(input: VerifyInput): Verified {
  checkTrustAge(input);
  checkParent(input);
  checkTimes(input);
  return checkCertificate(input, true);
}

/**
 * A header any distance above the trusted one.
 * @throws ChainError as verifyAdjacent, with CHAIN_NOT_ABOVE for the height. CHAIN_TRUST_SHORT asks for a header in between.
 */
export function verifySkipping(input: VerifyInput): Verified {
  const { trusted, untrusted } = input;
  if (untrusted.header.number === trusted.number + 1) return verifyAdjacent(input);
  checkTrustAge(input);
  if (untrusted.header.number <= trusted.number) {
    throw new ChainError({ code: "CHAIN_NOT_ABOVE", height: untrusted.header.number, trusted: trusted.number });
  }
  checkTimes(input);
  return checkCertificate(input, false);
}

/**
 * The adjacent header when its sealer list was proven or accepted in another way (a replayed change, the operator's word):
 * everything of verifyAdjacent but the overlap with the trusted set.
 */
export function verifyAdjacentWithSealers(input: VerifyInput, proven: SealerSet): Verified {
  checkTrustAge(input);
  checkParent(input);
  checkTimes(input);
  const { untrusted } = input;
  if (!equalSealerSets(untrusted.header.sealers, proven)) {
    throw new ChainError({ code: "CHAIN_SEALERS_DIFFER", height: untrusted.header.number });
  }
  const committee = input.committees.of(untrusted.header.sealers);
  const certificate = checkSigners(untrusted, committee);
  checkSignatures(untrusted, committee);
  return verified(input, certificate);
}

function checkTrustAge({ trusted, now, rules }: VerifyInput): void {
  const ageMs = now - trusted.vouchedAt;
  if (ageMs > rules.trustingPeriodMs) {
    throw new ChainError({
      code: "CHAIN_TRUST_EXPIRED",
      trusted: trusted.number,
      ageMs,
      periodMs: rules.trustingPeriodMs,
    });
  }
}

function checkParent({ trusted, untrusted }: VerifyInput): void {
  const { number, parents } = untrusted.header;
  if (number !== trusted.number + 1) {
    throw new ChainError({ code: "CHAIN_NOT_ADJACENT", height: number, trusted: trusted.number });
  }
  const named = parents[0]?.hash;
  if (named === undefined || !equalBytes(named, trusted.hash)) {
    const shown = named === undefined ? "none" : to0x(named);
    throw new ChainError({ code: "CHAIN_PARENT_HASH", height: number, named: shown, trusted: to0x(trusted.hash) });
  }
}

function checkTimes({ trusted, untrusted, now, rules }: VerifyInput): void {
  const timestamp = authenticatedTimestamp(untrusted.header);
  if (timestamp === undefined) return;
  const height = untrusted.header.number;
  const aheadMs = timestamp - now;
  if (aheadMs > rules.clockDriftMs) {
    throw new ChainError({ code: "CHAIN_HEADER_FROM_FUTURE", height, aheadMs, driftMs: rules.clockDriftMs });
  }
  const byMs = (trusted.timestamp ?? 0) - timestamp;
  if (byMs > 0) throw new ChainError({ code: "CHAIN_TIME_DECREASING", height, byMs });
}

function checkCertificate(input: VerifyInput, adjacent: boolean): Verified {
  const { trusted, untrusted, committees } = input;
  const own = committees.of(untrusted.header.sealers);
  const known = committees.of(trusted.sealers);
  const certificate = checkSigners(untrusted, own);
  // Where the list is the trusted set itself, the trusted quorum is the one already met.
  if (own !== known || trusted.nextSealersHash !== undefined) checkOverlap(input, own, known, certificate, adjacent);
  checkSignatures(untrusted, own);
  return verified(input, certificate);
}

/** How much of the trusted set stands behind the header's signers; see `Trust` in docs/architecture.md for each layout. */
function checkOverlap(
  { trusted, untrusted, rules }: VerifyInput,
  own: Committee,
  known: Committee,
  certificate: Certificate,
  adjacent: boolean,
): void {
  const height = untrusted.header.number;
  if (trusted.nextSealersHash !== undefined) {
    // The trusted header commits to the set of the next height. A list that hashes to it *is* the trusted set.
    if (equalBytes(sealerSetHash(rules.suite.hash, untrusted.header.sealers), trusted.nextSealersHash)) return;
    if (adjacent) throw new ChainError({ code: "CHAIN_SEALERS_NOT_COMMITTED", height });
    // The old set lost its authority one block up; what followed has to be fetched first.
    const stillInOffice = equalBytes(sealerSetHash(rules.suite.hash, trusted.sealers), trusted.nextSealersHash);
    if (!stillInOffice) trustShort(untrusted, trusted, 0n, known.quorum);
  }
  // Block 1 of a chain anchored at block 0 shows the genesis list itself, nothing else.
  if (trusted.number === 0 && adjacent && !equalSealerSets(own.sealers, known.sealers))
    throw new ChainError({ code: "CHAIN_GENESIS_SEALERS", height });
  let weight = 0n;
  for (const index of certificate.signers) weight += known.weightOfNode(own.sealers.nodeIds[index] as Uint8Array);
  const third = rules.trustLevel === "third" && rules.profile.faultModel === "bft";
  const enough = third ? 3n * weight > known.totalWeight : weight >= known.quorum;
  if (!enough) trustShort(untrusted, trusted, weight, third ? known.totalWeight / 3n + 1n : known.quorum);
}

function trustShort(untrusted: HashedHeader, trusted: Trusted, got: bigint, need: bigint): never {
  throw new ChainError({
    code: "CHAIN_TRUST_SHORT",
    height: untrusted.header.number,
    trusted: trusted.number,
    got: String(got),
    need: String(need),
  });
}

function verified({ trusted, untrusted, now, rules }: VerifyInput, certificate: Certificate): Verified {
  return {
    trusted: trustedFrom(untrusted, rules.profile, now),
    certificate,
    sealersChanged: !equalSealerSets(untrusted.header.sealers, trusted.sealers),
  };
}

/**
 * The trusted value of a header that was verified at `now`.
 * Byte fields are copied: a trusted header outlives the network buffer it came in.
 */
export function trustedFrom({ header, hash }: HashedHeader, profile: Profile, now: Millis): Trusted {
  const timestamp = authenticatedTimestamp(header);
  const commits = profile.layout === "edgeseal" && header.number > 0;
  return {
    number: header.number,
    hash,
    sealers: header.sealers,
    ...(commits ? { nextSealersHash: copyBytes(decodeCommitment(header.extraData).nextSealersHash) } : {}),
    ...(timestamp === undefined ? {} : { timestamp }),
    // Where no hash covers the time (rc4), trust ages from the moment of our own verification.
    vouchedAt: timestamp ?? now,
    roots: { transactions: copyBytes(header.txsRoot), receipts: copyBytes(header.receiptsRoot) },
  };
}
