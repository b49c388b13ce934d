/** A block as it comes out of execution: everything of its header but the signatures. */
import { EMPTY_BYTES } from "../base/bytes.js";
import { contentRoot, encodeCommitment, sealerSetHash } from "../codec/edgeseal/commitment.js";
import type { Header, SealerSet } from "../codec/fisco/header.js";
import { encodeReceipt } from "../codec/fisco/receiptTars.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { Profile } from "../codec/profile.js";
import type { HashFunction } from "../crypto/hashFunction.js";
import { merkleRoot } from "../crypto/merkle.js";
import type { ExecutedCall } from "./execution.js";

export interface BlockParts {
  readonly parent: HashedHeader;
  readonly version: number;
  /** Milliseconds, not before the parent's. */
  readonly timestamp: number;
  /** Index of the proposer in `sealers`. */
  readonly sealer: number;
  readonly sealers: SealerSet;
  /** Of the block above. */
  readonly nextSealers: SealerSet;
  readonly calls: readonly ExecutedCall[];
  readonly stateRoot: Uint8Array;
  /** Root of the mountain range over all headers below. */
  readonly historyRoot: Uint8Array;
}

export function headerOf(parts: BlockParts, profile: Profile, hash: HashFunction): Header {
  const { parent, calls, sealers } = parts;
  return {
    version: parts.version,
    parents: [{ number: parent.header.number, hash: parent.hash }],
    txsRoot: merkleRoot(
      hash,
      calls.map((call) => call.hash),
    ),
    receiptsRoot: merkleRoot(
      hash,
      calls.map((call) => call.receiptHash),
    ),
    stateRoot: parts.stateRoot,
    number: parent.header.number + 1,
    gasUsed: String(calls.reduce((sum, { receipt }) => sum + BigInt(receipt.gasUsed), 0n)),
    timestamp: parts.timestamp,
    sealer: parts.sealer,
    sealers,
    extraData: profile.layout === "fisco" ? EMPTY_BYTES : commitmentOf(parts, profile, hash),
  };
}

/** Messages are for people and may be worded anew in any release, so no commitment covers them. */
function wordlessReceipt({ receipt, receiptHash, receiptBytes }: ExecutedCall): Uint8Array {
  return receipt.message === "" ? receiptBytes : encodeReceipt({ ...receipt, message: "" }, receiptHash);
}

function commitmentOf(parts: BlockParts, profile: Profile, hash: HashFunction): Uint8Array {
  const { sealers, nextSealers, historyRoot, calls } = parts;
  return encodeCommitment({
    faultModel: profile.faultModel,
    sealerCount: sealers.nodeIds.length,
    sealersHash: sealerSetHash(hash, sealers),
    nextSealersHash: sealerSetHash(hash, nextSealers),
    historyRoot,
    contentRoot: contentRoot(
      hash,
      calls.map(({ bytes }) => bytes),
      calls.map(wordlessReceipt),
    ),
  });
}
