/**
 * The structural rules that make a FISCO v3 header hash mean one header only.
 *
 * The hash joins its fields without lengths (TarsHashable.h), so a dishonest source can cut the same signed bytes into
 * other fields: three of four node ids moved into extraData leave a header with one sealer and the same hash. Fixed
 * lengths for everything but gasUsed (1..20 digits, shorter than one sealer's 72 bytes) leave one reading.
 */
import { compareBytes, isZeroBytes } from "../../base/bytes.js";
import { HASH_BYTES, PUBLIC_KEY_BYTES } from "../../crypto/suite.js";
import { HeaderError, type HeaderRoot } from "../problems.js";
import type { Profile } from "../profile.js";
import type { Header, SealerSet, SignedHeader } from "./header.js";
import { VERSION_RC4 } from "./headerHash.js";

/** FISCO chains have some hundred sealers at most; the limit bounds memory and verification time per header. */
export const SEALERS_MAX = 1024;
/** Block 0 carries its configuration as text, about 140 bytes per sealer. */
export const GENESIS_EXTRA_DATA_BYTES_MAX = 192 * 1024;
/** Length of extraData of block N > 0 on an `edgeseal` chain (src/codec/edgeseal/commitment.ts). */
export const COMMITMENT_BYTES = 172;
/** gasUsed fits 64 bits; a longer text could swallow a neighbour. */
export const GAS_USED_DIGITS_MAX = 20;

const VERSION_MIN = 0x0300_0000;
const VERSION_MAX = 0x03ff_ffff;
/** Before 3.1.0 block 0 carried version 0 (or 4 for 3.0.0-rc4). */
const GENESIS_VERSION_MIN = 0x0301_0000;
const WEIGHT_MAX = 0x7fff_ffff_ffff_ffffn;
const UINT32_MAX = 0xffff_ffff;
const HEADER_SIGNATURE_BYTES = { ecdsa: 65, sm: 64 } as const;

/** Sets already found good. They are never changed once made, so a thousand headers that share one pay once. */
const GOOD_SETS = new WeakSet<SealerSet>();
/** Good sets in which every weight also fits 32 bits, as rc4 hashes need. */
const GOOD_RC4_SETS = new WeakSet<SealerSet>();

/**
 * @throws HeaderError with the code of the first rule that does not hold.
 */
export function checkHeader(header: Header, profile: Profile): void {
  if (!Number.isSafeInteger(header.number) || header.number < 0) {
    throw new HeaderError({ code: "HEADER_NUMBER", number: header.number });
  }
  if (header.number === 0) checkGenesisHeader(header);
  else checkLaterHeader(header, profile);
}

/**
 * `checkHeader`, and the shape of the signatures: indices of this header's list, the suite's length, none in block 0.
 * An index may occur twice; whoever counts weight must count it once.
 * @throws HeaderError
 */
export function checkSignedHeader(signed: SignedHeader, profile: Profile): void {
  const { header, signatures } = signed;
  checkHeader(header, profile);
  const number = header.number;
  if (number === 0) {
    if (signatures.length > 0) throw new HeaderError({ code: "HEADER_GENESIS_SIGNATURES", count: signatures.length });
    return;
  }
  const max = header.sealers.nodeIds.length;
  if (signatures.length > max) {
    throw new HeaderError({ code: "HEADER_SIGNATURE_COUNT", number, count: signatures.length, max });
  }
  const expected = HEADER_SIGNATURE_BYTES[profile.suite];
  for (const { sealerIndex, signature } of signatures) {
    if (!Number.isSafeInteger(sealerIndex) || sealerIndex < 0 || sealerIndex >= max) {
      throw new HeaderError({ code: "HEADER_SIGNATURE_INDEX", number, sealerIndex });
    }
    if (signature.length !== expected) {
      throw new HeaderError({ code: "HEADER_SIGNATURE_LENGTH", number, length: signature.length, expected });
    }
  }
}

/**
 * The block time in milliseconds where the hash covers it. Undefined for rc4 headers: their hash covers only the low 32
 * bits, so the time may be shown but must not decide about age or drift.
 */
export function authenticatedTimestamp(header: Header): number | undefined {
  return header.version === VERSION_RC4 ? undefined : header.timestamp;
}

/**
 * The part of the rules that concerns the sealer list and weights of a block N > 0, also for sets from other sources.
 * @throws HeaderError; `number` only names the block in the error.
 */
export function checkSealerSet(set: SealerSet, number: number): void {
  if (GOOD_SETS.has(set)) return;
  const { nodeIds, weights } = set;
  if (nodeIds.length === 0) throw new HeaderError({ code: "HEADER_SEALER_LIST_EMPTY", number });
  if (nodeIds.length > SEALERS_MAX) {
    throw new HeaderError({ code: "HEADER_SEALER_LIST_TOO_LONG", number, count: nodeIds.length, max: SEALERS_MAX });
  }
  if (weights.length !== nodeIds.length) {
    throw new HeaderError({
      code: "HEADER_WEIGHT_COUNT",
      number,
      weights: weights.length,
      sealers: nodeIds.length,
    });
  }
  let previous: Uint8Array | undefined;
  for (const [index, nodeId] of nodeIds.entries()) {
    if (nodeId.length !== PUBLIC_KEY_BYTES) {
      throw new HeaderError({ code: "HEADER_NODE_ID_LENGTH", number, index, length: nodeId.length });
    }
    const order = previous === undefined ? -1 : compareBytes(previous, nodeId);
    if (order === 0) throw new HeaderError({ code: "HEADER_NODE_ID_DUPLICATE", number, index });
    if (order > 0) throw new HeaderError({ code: "HEADER_NODE_ID_ORDER", number, index });
    previous = nodeId;
  }
  for (const [index, weight] of weights.entries()) {
    if (weight <= 0n || weight > WEIGHT_MAX) throw new HeaderError({ code: "HEADER_WEIGHT_RANGE", number, index });
  }
  GOOD_SETS.add(set);
}

/** rc4 hashes cover the low 32 bits of each weight only; a raised upper half would turn one signer into a quorum. */
function checkRc4Weights(set: SealerSet, number: number): void {
  if (GOOD_RC4_SETS.has(set)) return;
  for (const [index, weight] of set.weights.entries()) {
    if (weight > BigInt(UINT32_MAX)) throw new HeaderError({ code: "HEADER_WEIGHT_RANGE", number, index });
  }
  GOOD_RC4_SETS.add(set);
}

function checkLaterHeader(header: Header, profile: Profile): void {
  const { number, version, sealers } = header;
  const rc4 = version === VERSION_RC4;
  if (!rc4 && !isReleasedVersion(version)) throw new HeaderError({ code: "HEADER_VERSION", number, version });
  // The height's upper half is not covered by an rc4 hash either.
  if (rc4 && number > UINT32_MAX) throw new HeaderError({ code: "HEADER_NUMBER", number });
  checkParent(header);
  checkRootLength(number, "txsRoot", header.txsRoot);
  checkRootLength(number, "receiptsRoot", header.receiptsRoot);
  checkRootLength(number, "stateRoot", header.stateRoot);
  if (!isCanonicalGas(header.gasUsed)) throw new HeaderError({ code: "HEADER_GAS_USED", number });
  // A safe integer has a zero first byte, which is what keeps the timestamp from being shifted into gasUsed.
  if (!Number.isSafeInteger(header.timestamp) || header.timestamp < 0) {
    throw new HeaderError({ code: "HEADER_TIMESTAMP", number, timestamp: header.timestamp });
  }
  checkSealerSet(sealers, number);
  if (rc4) checkRc4Weights(sealers, number);
  const count = sealers.nodeIds.length;
  if (!Number.isSafeInteger(header.sealer) || header.sealer < 0 || header.sealer >= count) {
    throw new HeaderError({ code: "HEADER_SEALER_RANGE", number, sealer: header.sealer, sealers: count });
  }
  const expected = profile.layout === "edgeseal" ? COMMITMENT_BYTES : 0;
  if (header.extraData.length !== expected) {
    throw new HeaderError({ code: "HEADER_EXTRA_DATA", number, length: header.extraData.length, expected });
  }
}

function checkParent(header: Header): void {
  const { number, parents } = header;
  const parent = parents[0];
  if (parent === undefined || parents.length !== 1) {
    throw new HeaderError({ code: "HEADER_PARENT_COUNT", number, count: parents.length });
  }
  if (parent.number !== number - 1) {
    throw new HeaderError({ code: "HEADER_PARENT_NUMBER", number, parentNumber: parent.number });
  }
  if (parent.hash.length !== HASH_BYTES) {
    throw new HeaderError({ code: "HEADER_PARENT_HASH_LENGTH", number, length: parent.hash.length });
  }
}

function checkRootLength(number: number, root: HeaderRoot, bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES) {
    throw new HeaderError({ code: "HEADER_ROOT_LENGTH", number, root, length: bytes.length });
  }
}

function checkGenesisHeader(header: Header): void {
  const { version, sealers, extraData } = header;
  const known = version === 0 || version === VERSION_RC4;
  if (!known && !(isReleasedVersion(version) && version >= GENESIS_VERSION_MIN)) {
    throw new HeaderError({ code: "HEADER_GENESIS_VERSION", version });
  }
  if (header.parents.length > 0) {
    throw new HeaderError({ code: "HEADER_GENESIS_PARENTS", count: header.parents.length });
  }
  checkGenesisRoot("txsRoot", header.txsRoot);
  checkGenesisRoot("receiptsRoot", header.receiptsRoot);
  checkGenesisRoot("stateRoot", header.stateRoot);
  if (header.gasUsed !== "0") throw new HeaderError({ code: "HEADER_GENESIS_GAS_USED" });
  if (header.timestamp !== 0) throw new HeaderError({ code: "HEADER_GENESIS_TIMESTAMP" });
  if (header.sealer !== 0) throw new HeaderError({ code: "HEADER_GENESIS_SEALER" });
  if (sealers.nodeIds.length > 0) {
    throw new HeaderError({ code: "HEADER_GENESIS_SEALER_LIST", count: sealers.nodeIds.length });
  }
  if (sealers.weights.length > 0) {
    throw new HeaderError({ code: "HEADER_GENESIS_WEIGHTS", count: sealers.weights.length });
  }
  if (extraData.length > GENESIS_EXTRA_DATA_BYTES_MAX) {
    throw new HeaderError({
      code: "HEADER_GENESIS_EXTRA_DATA",
      length: extraData.length,
      max: GENESIS_EXTRA_DATA_BYTES_MAX,
    });
  }
}

function checkGenesisRoot(root: HeaderRoot, bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES || !isZeroBytes(bytes)) throw new HeaderError({ code: "HEADER_GENESIS_ROOT", root });
}

function isReleasedVersion(version: number): boolean {
  return Number.isSafeInteger(version) && version >= VERSION_MIN && version <= VERSION_MAX;
}

/** Decimal digits without a leading zero, at most GAS_USED_DIGITS_MAX of them. */
export function isCanonicalGas(text: string): boolean {
  if (text.length === 0 || text.length > GAS_USED_DIGITS_MAX) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 48 || unit > 57) return false;
  }
  return text.length === 1 || text.charCodeAt(0) !== 48;
}
