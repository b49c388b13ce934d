/** A header whose structure was checked and whose hash was computed by us, never taken from a peer. */

import type { Suite } from "../crypto/suite.js";
import { checkCommitment } from "./edgeseal/commitment.js";
import type { SignedHeader } from "./fisco/header.js";
import { headerHash } from "./fisco/headerHash.js";
import { checkHeader } from "./fisco/headerRules.js";
import type { Profile } from "./profile.js";

export interface HashedHeader extends SignedHeader {
  readonly hash: Uint8Array;
}

/**
 * The one way from a decoded header to one that may be verified: structural rules, the commitment of the `edgeseal`
 * layout, then the hash.
 * @throws HeaderError, CommitmentError
 */
export function hashHeader(signed: SignedHeader, suite: Suite, profile: Profile): HashedHeader {
  const { header, signatures } = signed;
  checkHeader(header, profile);
  if (profile.layout === "edgeseal" && header.number > 0) checkCommitment(suite.hash, header, profile);
  return { header, signatures, hash: headerHash(suite.hash, header) };
}
