/** One header by itself, or against a set of sealers the caller trusts: what `edgeseal verify header` says. */
import { equalBytes, to0x } from "../base/bytes.js";
import { genesisSealers, readGenesis } from "../codec/fisco/genesis.js";
import type { SealerSet, SignedHeader } from "../codec/fisco/header.js";
import { checkSignedHeader } from "../codec/fisco/headerRules.js";
import { equalSealerSets } from "../codec/fisco/sealerSets.js";
import { type HashedHeader, hashHeader } from "../codec/hashedHeader.js";
import type { Profile } from "../codec/profile.js";
import type { Suite } from "../crypto/suite.js";
import { type Certificate, checkSignatures, checkSigners } from "./certificate.js";
import { Committee } from "./committee.js";
import { ChainError } from "./problems.js";

export interface VerifyHeaderOptions {
  readonly suite: Suite;
  readonly profile: Profile;
  /**
   * Sealers and weights the caller trusts. The header must carry exactly these (block 0: list them in its text). Without,
   * the header is only checked against its own list: consistent, which anybody can be, not trusted.
   */
  readonly trust?: SealerSet;
  /** A hash the header is said to have. */
  readonly claimedHash?: Uint8Array;
}

export interface VerifiedHeader extends HashedHeader {
  readonly certificate: Certificate;
  /** Whether `trust` was given and met. */
  readonly anchored: boolean;
}

const NO_CERTIFICATE: Certificate = { signers: [], weight: 0n, quorum: 0n };

/**
 * Structure, commitment, hash, every listed signature, quorum. Block 0 has no signatures and is valid by structure and hash.
 * @throws HeaderError, CommitmentError; ChainError CHAIN_HASH_MISMATCH, CHAIN_SEALERS_DIFFER, CHAIN_SIGNER_RANGE,
 * CHAIN_SIGNER_DUPLICATE, CHAIN_QUORUM, CHAIN_SIGNATURE_INVALID; GenesisError where block 0 must list sealers and does not
 */
export function verifyHeader(signed: SignedHeader, options: VerifyHeaderOptions): VerifiedHeader {
  const { suite, profile, trust, claimedHash } = options;
  checkSignedHeader(signed, profile);
  const hashed = hashHeader(signed, suite, profile);
  const { header, hash } = hashed;
  if (claimedHash !== undefined && !equalBytes(claimedHash, hash)) {
    const problem = { height: header.number, named: to0x(claimedHash), computed: to0x(hash) };
    throw new ChainError({ code: "CHAIN_HASH_MISMATCH", ...problem });
  }
  const genesis = header.number === 0;
  if (trust !== undefined) {
    const carried = genesis ? genesisSealers(readGenesis(header.extraData)) : header.sealers;
    if (!equalSealerSets(carried, trust)) throw new ChainError({ code: "CHAIN_SEALERS_DIFFER", height: header.number });
  }
  if (genesis) return { ...hashed, certificate: NO_CERTIFICATE, anchored: trust !== undefined };
  const committee = new Committee(header.sealers, suite, profile.faultModel);
  const certificate = checkSigners(hashed, committee);
  checkSignatures(hashed, committee);
  return { ...hashed, certificate, anchored: trust !== undefined };
}
