/**
 * A quorum certificate: signatures of *distinct* members of one committee over one header hash, of at least quorum weight.
 */
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { Committee } from "./committee.js";
import { ChainError } from "./problems.js";

export interface Certificate {
  /** Indices in the header's own list, ascending. */
  readonly signers: readonly number[];
  readonly weight: bigint;
  readonly quorum: bigint;
}

/**
 * Checks the shape of the certificate: indices in range, none twice, listed weight at least the quorum. No signature is
 * looked at yet: everything cheap comes first, so that a liar costs us as little as possible.
 * @throws ChainError CHAIN_SIGNER_RANGE, CHAIN_SIGNER_DUPLICATE, CHAIN_QUORUM
 */
export function checkSigners(header: HashedHeader, committee: Committee): Certificate {
  const height = header.header.number;
  const signers: number[] = [];
  let weight = 0n;
  for (const { sealerIndex } of header.signatures) {
    if (!Number.isSafeInteger(sealerIndex) || sealerIndex < 0 || sealerIndex >= committee.size) {
      throw new ChainError({ code: "CHAIN_SIGNER_RANGE", height, index: sealerIndex, sealers: committee.size });
    }
    if (signers.includes(sealerIndex)) {
      throw new ChainError({ code: "CHAIN_SIGNER_DUPLICATE", height, index: sealerIndex });
    }
    signers.push(sealerIndex);
    weight += committee.weight(sealerIndex);
  }
  if (weight < committee.quorum) {
    throw new ChainError({ code: "CHAIN_QUORUM", height, got: String(weight), need: String(committee.quorum) });
  }
  return { signers: signers.sort((a, b) => a - b), weight, quorum: committee.quorum };
}

/**
 * Verifies every listed signature; one bad signature refuses the header, so that nothing unverified is ever stored or
 * passed on beside what was verified.
 * @throws ChainError CHAIN_SIGNATURE_INVALID
 */
export function checkSignatures(header: HashedHeader, committee: Committee): void {
  for (const { sealerIndex, signature } of header.signatures) {
    if (!committee.verify(sealerIndex, header.hash, signature)) {
      throw new ChainError({ code: "CHAIN_SIGNATURE_INVALID", height: header.header.number, index: sealerIndex });
    }
  }
}
