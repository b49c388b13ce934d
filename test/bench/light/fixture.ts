/** The chain that the light benchmarks run on, and the encoded segments that a publisher would send. */

import { ChainIssuer, type ChainIssuerOptions } from "../../../simulator/chain/chainIssuer.js";
import type { Anchor } from "../../../src/chain/anchor.js";
import { Committees } from "../../../src/chain/committee.js";
import { reduceToQuorum } from "../../../src/chain/stretch.js";
import type { VerifyRules } from "../../../src/chain/verify.js";
import type { HashedHeader } from "../../../src/codec/hashedHeader.js";
import type { Profile } from "../../../src/codec/profile.js";
import { encodeSegment } from "../../../src/codec/wire/segment.js";
import { loadSoftSigner, loadSuite } from "../../../src/crypto/backend/select.js";
import type { SuiteName } from "../../../src/crypto/suite.js";

export const SEGMENT_HEADERS = 128;
const BLOCK_INTERVAL_MS = 1_000;

export async function makeBenchChain(
  suiteName: SuiteName,
  blocks: number,
  options: Partial<ChainIssuerOptions> = {},
): Promise<ChainIssuer> {
  const [suite, signer] = await Promise.all([loadSuite(suiteName), loadSoftSigner(suiteName)]);
  const profile: Profile = { suite: suiteName, layout: "fisco", faultModel: "bft" };
  return new ChainIssuer({
    suite,
    signer,
    profile,
    chainId: "chain0",
    groupId: "group0",
    seed: 20_260,
    sealerCount: 4,
    // Ends now, so that the newest header is fresh by the real clock.
    genesisTime: Date.now() - (blocks + 5) * BLOCK_INTERVAL_MS,
    blockIntervalMs: BLOCK_INTERVAL_MS,
    ...options,
  });
}

export function benchAnchor(chain: ChainIssuer): Anchor {
  return {
    chainId: chain.chainId,
    groupId: chain.groupId,
    profile: chain.profile,
    height: 0,
    hash: chain.genesis().hash,
    sealers: chain.sealers(0),
    acceptedAt: Date.now(),
    publishers: [],
    governors: [],
  };
}

export function benchRules(chain: ChainIssuer): VerifyRules {
  return {
    suite: chain.suite,
    profile: chain.profile,
    trustLevel: "strict",
    trustingPeriodMs: 30 * 24 * 3_600_000,
    clockDriftMs: 10_000,
  };
}

/** Segments as published: aligned, reduced to quorum signatures; the first one starts at header 1. */
export function publishedSegments(chain: ChainIssuer, to: number): Uint8Array[] {
  const committees = new Committees(chain.suite, chain.profile.faultModel);
  const wire = { suite: chain.suite, profile: chain.profile };
  const segments: Uint8Array[] = [];
  for (let from = 1; from <= to; ) {
    const last = Math.min(to, from - (from % SEGMENT_HEADERS) + SEGMENT_HEADERS - 1);
    const headers: HashedHeader[] = chain
      .headers(from, last)
      .map((header) => reduceToQuorum(header, committees.of(header.header.sealers)));
    segments.push(encodeSegment(headers, true, wire));
    from = last + 1;
  }
  return segments;
}
