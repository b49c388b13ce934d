/**
 * One header that stands alone: [ version, number, parent hash, three roots joined, gas used, timestamp, sealer,
 * sealer set, extra, signatures ]. The parent's number is number - 1 and not sent.
 */

import type { Header, SignedHeader } from "../fisco/header.js";
import { headerHash } from "../fisco/headerHash.js";
import { checkHeader } from "../fisco/headerRules.js";
import type { HashedHeader } from "../hashedHeader.js";
import type { CborReader } from "./cborReader.js";
import { bigInteger, integer, type WireValue } from "./cborWriter.js";
import { extraToWire, readExtra, type WireContext } from "./context.js";
import { SEALERS_MAX } from "./limits.js";
import { readSealerSet, sealerSetToWire } from "./sealerSet.js";
import { readSignatures, signaturesToWire } from "./signatures.js";

export const ROOT_BYTES = 32;
export const ROOTS_BYTES = 3 * ROOT_BYTES;
const HASH_BYTES = 32;
const VERSION_MAX = 0x7fff_ffff;
const HEADER_ITEMS = 10;

export function joinRoots(header: Header): Uint8Array {
  const roots = new Uint8Array(ROOTS_BYTES);
  roots.set(header.txsRoot, 0);
  roots.set(header.receiptsRoot, 32);
  roots.set(header.stateRoot, 64);
  return roots;
}

export function headerToWire({ header, signatures }: SignedHeader, context: WireContext): WireValue {
  return [
    header.version,
    integer(header.number),
    header.parents[0]?.hash ?? null,
    joinRoots(header),
    bigInteger(BigInt(header.gasUsed)),
    integer(header.timestamp),
    header.sealer,
    sealerSetToWire(header.sealers),
    extraToWire(header.extraData, header.number, header.sealers, context),
    signaturesToWire(signatures, header.sealers.nodeIds.length),
  ];
}

/**
 * Reads, checks the structure (fisco-formats rule set, see headerRules.ts) and hashes. Byte fields are views of the payload.
 * @throws WireError, HeaderError
 */
export function readHeader(reader: CborReader, context: WireContext): HashedHeader {
  reader.fixedArray("header", HEADER_ITEMS);
  const version = reader.uint("version", VERSION_MAX);
  const number = reader.uint("number");
  const parentHash = reader.tryNull() ? undefined : reader.fixedBytes("parent hash", HASH_BYTES);
  reader.enterBytes("roots", ROOTS_BYTES);
  const txsRoot = reader.part(ROOT_BYTES);
  const receiptsRoot = reader.part(ROOT_BYTES);
  const stateRoot = reader.part(ROOT_BYTES);
  const gasUsed = reader.decimal();
  const timestamp = reader.uint("timestamp");
  const sealer = reader.uint("sealer", SEALERS_MAX);
  const sealers = readSealerSet(reader);
  const header: Header = {
    version,
    parents: parentHash === undefined ? [] : [{ number: number - 1, hash: parentHash }],
    txsRoot,
    receiptsRoot,
    stateRoot,
    number,
    gasUsed,
    timestamp,
    sealer,
    sealers,
    extraData: readExtra(reader, number, sealers, context),
  };
  checkHeader(header, context.profile);
  const signatures = readSignatures(reader, sealers.nodeIds.length, context.suite.headerSignatureBytes);
  return { header, signatures, hash: headerHash(context.suite.hash, header) };
}
