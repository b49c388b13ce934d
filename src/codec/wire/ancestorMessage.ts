/**
 * A header with the proof that it lies below a certified one:  [ header, [sibling...], [peak...] ]
 *
 * `header` is a segment of that one header (docs/protocol.md), siblings and peaks are 32 bytes each, as
 * `verifyMountainProof` takes them. Only headers of the `edgeseal` layout commit to those below them.
 */
import { copyBytes } from "../../base/bytes.js";
import { type MountainProof, verifyMountainProof } from "../../crypto/mountainRange.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { decodeCommitment } from "../edgeseal/commitment.js";
import type { HashedHeader } from "../hashedHeader.js";
import { CborReader } from "./cborReader.js";
import { encodeWire } from "./cborWriter.js";
import type { WireContext } from "./context.js";
import { MOUNTAIN_NODES_MAX, PAYLOAD_BYTES_MAX } from "./limits.js";
import { WireError } from "./problems.js";
import { decodeSegment, encodeSegment } from "./segment.js";

export interface AncestorAnswer {
  /** Its hash is computed, its structure checked; whether it is an ancestor is not. */
  readonly header: HashedHeader;
  readonly proof: MountainProof;
}

export function encodeAncestor({ header, proof }: AncestorAnswer, wire: WireContext): Uint8Array {
  return encodeWire([encodeSegment([header], true, wire), proof.siblings, proof.peaks]);
}

/** @throws WireError, HeaderError, CommitmentError */
export function decodeAncestor(bytes: Uint8Array, wire: WireContext): AncestorAnswer {
  if (bytes.length > PAYLOAD_BYTES_MAX) {
    throw new WireError({ code: "WIRE_TOO_LARGE", size: bytes.length, limit: PAYLOAD_BYTES_MAX });
  }
  const reader = new CborReader(copyBytes(bytes));
  reader.fixedArray("ancestor", 3);
  const segment = reader.bytes("header", PAYLOAD_BYTES_MAX);
  const nodes = (field: string): Uint8Array[] =>
    Array.from({ length: reader.array(field, MOUNTAIN_NODES_MAX) }, () => reader.fixedBytes(field, HASH_BYTES));
  const proof = { siblings: nodes("siblings"), peaks: nodes("peaks") };
  reader.end();
  const { headers } = decodeSegment(segment, wire);
  const [header] = headers;
  if (header === undefined || headers.length !== 1) {
    throw new WireError({ code: "WIRE_RANGE", field: "header", got: String(headers.length) });
  }
  return { header, proof };
}

/** Whether the answer's header is the one of its number below `certified`, by the commitment of that one. */
export function isAncestor({ header, proof }: AncestorAnswer, certified: HashedHeader, wire: WireContext): boolean {
  const { number } = certified.header;
  if (wire.profile.layout !== "edgeseal" || header.header.number >= number) return false;
  const { historyRoot } = decodeCommitment(certified.header.extraData);
  return verifyMountainProof(wire.suite.hash, historyRoot, number, header.header.number, header.hash, proof);
}
