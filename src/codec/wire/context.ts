/** What a decoder has to know of a chain to rebuild what the wire form leaves out. */
import { concatBytes, copyBytes, equalBytes } from "../../base/bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { decodeCommitment, encodeCommitment, sealerSetHash } from "../edgeseal/commitment.js";
import type { SealerSet } from "../fisco/header.js";
import type { Profile } from "../profile.js";
import type { CborReader } from "./cborReader.js";
import type { WireValue } from "./cborWriter.js";
import { GENESIS_EXTRA_BYTES_MAX } from "./limits.js";
import { WireError } from "./problems.js";

export interface WireContext {
  readonly suite: Suite;
  readonly profile: Profile;
}

const ROOT_BYTES = 32;

/** Bytes of the wire form of extraData in headers that change nothing. */
export function extraWireBytes({ layout }: Profile): number {
  return layout === "edgeseal" ? 2 * ROOT_BYTES : 0;
}

/**
 * extraData as it travels: nothing in the `fisco` layout; in the `edgeseal` layout the two roots (64 bytes), followed by
 * the hash of the next sealer set (32 bytes) only where the set changes; the whole text in a genesis header.
 */
export function extraToWire(
  extraData: Uint8Array,
  number: number,
  sealers: SealerSet,
  context: WireContext,
): WireValue {
  if (number === 0 || context.profile.layout === "fisco") return extraData;
  const { historyRoot, contentRoot, nextSealersHash } = decodeCommitment(extraData);
  const unchanged = equalBytes(nextSealersHash, sealerSetHash(context.suite.hash, sealers));
  return concatBytes(unchanged ? [historyRoot, contentRoot] : [historyRoot, contentRoot, nextSealersHash]);
}

export function readExtra(reader: CborReader, number: number, sealers: SealerSet, context: WireContext): Uint8Array {
  const at = reader.offset;
  if (number === 0) return copyBytes(reader.bytes("extra data", GENESIS_EXTRA_BYTES_MAX));
  if (context.profile.layout === "fisco") return reader.fixedBytes("extra data", 0);
  const bytes = reader.bytes("extra data", 3 * ROOT_BYTES);
  if (bytes.length !== 2 * ROOT_BYTES && bytes.length !== 3 * ROOT_BYTES) {
    throw new WireError({ code: "WIRE_LENGTH", offset: at, field: "extra data", got: bytes.length });
  }
  const own = sealerSetHash(context.suite.hash, sealers);
  // One value, one spelling: the next set's hash is there only where it differs.
  if (bytes.length === 3 * ROOT_BYTES && equalBytes(bytes.subarray(2 * ROOT_BYTES), own)) {
    throw new WireError({ code: "WIRE_LENGTH", offset: at, field: "extra data", got: bytes.length });
  }
  return encodeCommitment({
    faultModel: context.profile.faultModel,
    sealerCount: sealers.nodeIds.length,
    sealersHash: own,
    nextSealersHash: bytes.length === 3 * ROOT_BYTES ? bytes.subarray(2 * ROOT_BYTES) : own,
    historyRoot: bytes.subarray(0, ROOT_BYTES),
    contentRoot: bytes.subarray(ROOT_BYTES, 2 * ROOT_BYTES),
  });
}
