/**
 * A stretch of consecutive headers, the unit of transfer and of storage:
 *
 *   [ kind 3, first number, parent hash of the first, first timestamp,
 *     versions [[offset, version]...], sealer sets [[offset, set]...], rows, signatures | null ]
 *   row (fisco)    = [ roots, gas used, timestamp minus the row before's, sealer ]
 *   row (edgeseal) = the same and extra
 *
 * Parent hashes inside are not sent: the receiver has to compute every hash anyway, and each one is the next header's
 * parent. Versions and sealer sets are listed where they change. `signatures` is the last item, so that a linked segment
 * (no signatures) is the same bytes with one null in its place.
 */
import { fromHex } from "../../base/bytes.js";
import type { Header, HeaderSignature, SealerSet, SignedHeader } from "../fisco/header.js";
import { headerHash } from "../fisco/headerHash.js";
import { checkHeader } from "../fisco/headerRules.js";
import { equalSealerSets } from "../fisco/sealerSets.js";
import type { HashedHeader } from "../hashedHeader.js";
import { CborReader } from "./cborReader.js";
import { bigInteger, encodeWire, integer, type WireValue } from "./cborWriter.js";
import { extraToWire, readExtra, type WireContext } from "./context.js";
import { joinRoots, ROOT_BYTES, ROOTS_BYTES } from "./headerWire.js";
import { MESSAGE_KIND } from "./kinds.js";
import { PAYLOAD_BYTES_MAX, SEALERS_MAX, SEGMENT_BYTES_MAX, SEGMENT_HEADERS_MAX } from "./limits.js";
import { WireError } from "./problems.js";
import { readSealerSet, sealerSetToWire } from "./sealerSet.js";
import { readSignatures, signaturesToWire, skipSignatures } from "./signatures.js";

const SEGMENT_ITEMS = 8;
const HASH_BYTES = 32;
const VERSION_MAX = 0x7fff_ffff;
const NULL_ITEM = fromHex("f6");

export interface Segment {
  /** Number of the first header. */
  readonly start: number;
  /** Ascending, each the parent of the next by construction; without signatures, for whoever only links. */
  readonly headers: readonly HashedHeader[];
  /** Whether signatures came with it. */
  readonly signed: boolean;
  /** The same headers with the signatures that came with them (none where there were none). */
  readonly signedHeaders: () => readonly HashedHeader[];
  /** The encoded form with signatures left out, for storing as linked. */
  readonly linkedBytes: () => Uint8Array;
}

/**
 * Headers per segment for a chain of `sealerCount` sealers: the largest power of two whose full segment, reduced to
 * quorum signatures, stays under SEGMENT_BYTES_MAX (128 at 4 sealers, 8 at 100).
 */
export function segmentSizeFor(sealerCount: number, signatureBytes: number, extraBytes: number): number {
  const quorum = sealerCount - Math.floor((sealerCount - 1) / 3);
  const perHeader = ROOTS_BYTES + 12 + extraBytes + quorum * signatureBytes + Math.ceil(sealerCount / 8) + 6;
  const shared = 2 * (sealerCount * 64 + 16);
  let size = SEGMENT_HEADERS_MAX;
  while (size > 1 && shared + size * perHeader > SEGMENT_BYTES_MAX) size /= 2;
  return size;
}

/** @param headers consecutive, at least one and at most SEGMENT_HEADERS_MAX. */
export function encodeSegment(
  headers: readonly SignedHeader[],
  withSignatures: boolean,
  context: WireContext,
): Uint8Array {
  const first = headers[0];
  if (first === undefined || headers.length > SEGMENT_HEADERS_MAX) {
    throw new WireError({ code: "WIRE_SEGMENT_SHAPE", reason: `${headers.length} headers` });
  }
  const versions: WireValue[] = [];
  const sets: WireValue[] = [];
  const rows: WireValue[] = [];
  let before: Header | undefined;
  headers.forEach(({ header }, offset) => {
    if (before === undefined || header.version !== before.version) versions.push([offset, header.version]);
    if (before === undefined || !equalSealerSets(header.sealers, before.sealers)) {
      sets.push([offset, sealerSetToWire(header.sealers)]);
    }
    const row: WireValue[] = [
      joinRoots(header),
      bigInteger(BigInt(header.gasUsed)),
      integer(header.timestamp - (before?.timestamp ?? first.header.timestamp)),
      header.sealer,
    ];
    const needsExtra = context.profile.layout === "edgeseal" || header.number === 0;
    rows.push(needsExtra ? [...row, extraToWire(header.extraData, header.number, header.sealers, context)] : row);
    before = header;
  });
  const signatures = withSignatures
    ? headers.map(({ header, signatures: own }) => signaturesToWire(own, header.sealers.nodeIds.length))
    : null;
  const { number, parents, timestamp } = first.header;
  return encodeWire([
    MESSAGE_KIND.segment,
    integer(number),
    parents[0]?.hash ?? null,
    integer(timestamp),
    versions,
    sets,
    rows,
    signatures,
  ]);
}

/**
 * Decodes, checks every header's structure and computes every hash; nothing is said about signatures yet.
 * @throws WireError, HeaderError
 */
export function decodeSegment(bytes: Uint8Array, context: WireContext): Segment {
  if (bytes.length > PAYLOAD_BYTES_MAX) {
    throw new WireError({ code: "WIRE_TOO_LARGE", size: bytes.length, limit: PAYLOAD_BYTES_MAX });
  }
  const reader = new CborReader(bytes);
  reader.fixedArray("segment", SEGMENT_ITEMS);
  const kind = reader.uint("kind");
  if (kind !== MESSAGE_KIND.segment)
    throw new WireError({ code: "WIRE_KIND", expected: MESSAGE_KIND.segment, got: kind });
  const start = reader.uint("number");
  const parentHash = reader.tryNull() ? undefined : reader.fixedBytes("parent hash", HASH_BYTES);
  const timestamp = reader.uint("timestamp");
  const versions = readSteps(reader, "versions", () => reader.uint("version", VERSION_MAX), Object.is);
  const sets = readSteps(reader, "sealer sets", () => readSealerSet(reader), equalSealerSets);
  const headers = readRows(reader, { start, parentHash, timestamp, versions, sets }, context);
  const signaturesAt = reader.offset;
  const signed = !reader.tryNull();
  const { headerSignatureBytes } = context.suite;
  if (signed) {
    const count = reader.array("signatures", SEGMENT_HEADERS_MAX);
    if (count !== headers.length) shape(`${count} lists of signatures for ${headers.length} headers`);
    for (const { header } of headers) skipSignatures(reader, header.sealers.nodeIds.length, headerSignatureBytes);
  }
  reader.end();
  const signedHeaders = (): readonly HashedHeader[] => {
    if (!signed) return headers;
    const again = new CborReader(bytes, signaturesAt);
    again.array("signatures", SEGMENT_HEADERS_MAX);
    return headers.map(({ header, hash }) => ({
      header,
      hash,
      signatures: readSignatures(again, header.sealers.nodeIds.length, headerSignatureBytes),
    }));
  };
  const linkedBytes = (): Uint8Array => {
    const linked = new Uint8Array(signaturesAt + NULL_ITEM.length);
    linked.set(bytes.subarray(0, signaturesAt));
    linked.set(NULL_ITEM, signaturesAt);
    return linked;
  };
  return { start, headers, signed, signedHeaders, linkedBytes };
}

interface SegmentFrame {
  readonly start: number;
  readonly parentHash: Uint8Array | undefined;
  readonly timestamp: number;
  readonly versions: readonly Step<number>[];
  readonly sets: readonly Step<SealerSet>[];
}

const NO_SIGNATURES: readonly HeaderSignature[] = [];

function readRows(reader: CborReader, frame: SegmentFrame, context: WireContext): HashedHeader[] {
  const count = reader.array("rows", SEGMENT_HEADERS_MAX);
  if (count === 0) shape("no headers");
  // Added in this order, because a sum beyond 2^53 rounds and would come back below it.
  const lastNumber = frame.start + (count - 1);
  if (!Number.isSafeInteger(lastNumber)) shape("numbers beyond 2^53 - 1");
  const rows: HashedHeader[] = [];
  let parent = frame.parentHash;
  let timestamp = frame.timestamp;
  let versionStep = 0;
  let setStep = 0;
  for (let offset = 0; offset < count; offset++) {
    const number = frame.start + offset;
    if (frame.versions[versionStep + 1]?.offset === offset) versionStep++;
    if (frame.sets[setStep + 1]?.offset === offset) setStep++;
    const sealers = (frame.sets[setStep] as Step<SealerSet>).value;
    const withExtra = context.profile.layout === "edgeseal" || number === 0;
    reader.fixedArray("row", withExtra ? 5 : 4);
    reader.enterBytes("roots", ROOTS_BYTES);
    const txsRoot = reader.part(ROOT_BYTES);
    const receiptsRoot = reader.part(ROOT_BYTES);
    const stateRoot = reader.part(ROOT_BYTES);
    const gasUsed = reader.decimal();
    timestamp += reader.int("timestamp step");
    const sealer = reader.uint("sealer", SEALERS_MAX);
    const header: Header = {
      version: (frame.versions[versionStep] as Step<number>).value,
      parents: parent === undefined ? [] : [{ number: number - 1, hash: parent }],
      txsRoot,
      receiptsRoot,
      stateRoot,
      number,
      gasUsed,
      timestamp,
      sealer,
      sealers,
      extraData: withExtra ? readExtra(reader, number, sealers, context) : NO_EXTRA,
    };
    checkHeader(header, context.profile);
    const hash = headerHash(context.suite.hash, header);
    rows.push({ header, hash, signatures: NO_SIGNATURES });
    parent = hash;
  }
  if (versionStep !== frame.versions.length - 1) shape("a version that no row uses");
  if (setStep !== frame.sets.length - 1) shape("a sealer set that no row uses");
  return rows;
}

const NO_EXTRA = new Uint8Array(0);

interface Step<T> {
  readonly offset: number;
  readonly value: T;
}

/** Values listed where they change, and only there: [[0, value], [offset, value]...] with ascending offsets. */
function readSteps<T>(
  reader: CborReader,
  field: string,
  readValue: () => T,
  equal: (a: T, b: T) => boolean,
): Step<T>[] {
  const count = reader.array(field, SEGMENT_HEADERS_MAX);
  if (count === 0) shape(`no ${field}`);
  const steps: Step<T>[] = [];
  let previous = -1;
  for (let i = 0; i < count; i++) {
    reader.fixedArray(field, 2);
    const offset = reader.uint(field, SEGMENT_HEADERS_MAX);
    if (offset <= previous || (i === 0 && offset !== 0)) shape(`${field} out of order`);
    const value = readValue();
    const before = steps.at(-1);
    if (before !== undefined && equal(before.value, value)) shape(`${field} that do not change`);
    steps.push({ offset, value });
    previous = offset;
  }
  return steps;
}

function shape(reason: string): never {
  throw new WireError({ code: "WIRE_SEGMENT_SHAPE", reason });
}
