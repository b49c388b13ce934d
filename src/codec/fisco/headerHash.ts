/**
 * The block header hash of FISCO BCOS v3.
 *
 * Source: FISCO-BCOS bcos-tars-protocol/impl/TarsHashable.h; one rule from 3.0.0 to 3.16.4. Fields are joined without
 * lengths or separators, so a hash means something only after `checkHeader` (headerRules.ts) has passed.
 */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Header, SealerSet } from "./header.js";

/** Header version of chains born on 3.0.0-rc4, whose integers are hashed in another way. */
export const VERSION_RC4 = 4;

const TWO_POW_32 = 0x1_0000_0000;
const LOW_32_BITS = 0xffff_ffffn;

interface SetBytes {
  readonly nodeIds: Uint8Array;
  readonly weights: Uint8Array;
  readonly rc4Weights: Uint8Array;
  /** nodeIds || weights: what stands there when nothing comes between, in nearly every header of a `fisco` chain. */
  readonly joined: Uint8Array;
}

/** A set rarely changes while headers come by the thousand; its share of the preimage is built once per object. */
const SET_BYTES = new WeakMap<SealerSet, SetBytes>();

function setBytes(set: SealerSet): SetBytes {
  const known = SET_BYTES.get(set);
  if (known !== undefined) return known;
  let length = 0;
  for (const nodeId of set.nodeIds) length += nodeId.length;
  const nodeIds = new Uint8Array(length);
  let offset = 0;
  for (const nodeId of set.nodeIds) {
    nodeIds.set(nodeId, offset);
    offset += nodeId.length;
  }
  const weights = new Uint8Array(8 * set.weights.length);
  const rc4Weights = new Uint8Array(8 * set.weights.length);
  const view = new DataView(weights.buffer);
  const rc4View = new DataView(rc4Weights.buffer);
  for (const [i, weight] of set.weights.entries()) {
    view.setBigInt64(8 * i, weight);
    rc4View.setUint32(8 * i, Number(weight & LOW_32_BITS));
  }
  const made = { nodeIds, weights, rc4Weights, joined: concatBytes([nodeIds, weights]) };
  SET_BYTES.set(set, made);
  return made;
}

/** `long` of the v3 rule: 8 bytes, big-endian, two's complement. */
function putLong(view: DataView, offset: number, value: number): number {
  view.setInt32(offset, Math.floor(value / TWO_POW_32));
  view.setUint32(offset + 4, value >>> 0);
  return offset + 8;
}

/**
 * Any integer of the rc4 rule: the low 32 bits big-endian, then four zero bytes (a byte-order slip of that release
 * which became part of its chains). The upper half is therefore not covered by the hash.
 */
function putRc4Integer(view: DataView, offset: number, value: number): number {
  view.setUint32(offset, value >>> 0);
  view.setUint32(offset + 4, 0);
  return offset + 8;
}

/**
 * The bytes whose hash is the header's hash. Signatures and the claimed hash are no part of them.
 *
 * In block 0 the three roots and gasUsed are left out: FISCO never sets them there, and only the RPC prints zeros.
 * The sealer set object must not be changed after its first use here.
 */
export function headerPreimage(header: Header): Uint8Array {
  const set = setBytes(header.sealers);
  const bytes = new Uint8Array(preimageLength(header, set));
  writePreimage(bytes, new DataView(bytes.buffer), header, set);
  return bytes;
}

/** 32-byte hash of a header by the chain's own hash function. */
export function headerHash(hash: HashFunction, header: Header): Uint8Array {
  const set = setBytes(header.sealers);
  const length = preimageLength(header, set);
  if (length > desk.bytes.length) desk = makeDesk(2 * length);
  writePreimage(desk.bytes, desk.view, header, set);
  return hash(front(desk, length));
}

interface Desk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Its first n bytes, by n: preimages of one chain have a handful of lengths. */
  readonly fronts: Map<number, Uint8Array>;
}

function makeDesk(length: number): Desk {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer), fronts: new Map() };
}

/**
 * Where `headerHash` lays its preimages out. Headers are hashed by the hundred thousand and one after the other; fresh
 * memory for each costs as much as the rest of building it.
 */
let desk = makeDesk(4_096);

const FRONTS_MAX = 64;

function front({ bytes, fronts }: Desk, length: number): Uint8Array {
  const known = fronts.get(length);
  if (known !== undefined) return known;
  if (fronts.size >= FRONTS_MAX) fronts.clear();
  const made = bytes.subarray(0, length);
  fronts.set(length, made);
  return made;
}

function preimageLength(header: Header, set: SetBytes): number {
  let length = (header.version === VERSION_RC4 ? 8 : 4) + 24;
  length += set.nodeIds.length + header.extraData.length + set.weights.length;
  for (const parent of header.parents) length += 8 + parent.hash.length;
  if (header.number === 0) return length;
  return (
    length + header.txsRoot.length + header.receiptsRoot.length + header.stateRoot.length + asciiLength(header.gasUsed)
  );
}

function writePreimage(bytes: Uint8Array, view: DataView, header: Header, set: SetBytes): void {
  const rc4 = header.version === VERSION_RC4;
  const genesis = header.number === 0;
  const putInteger = rc4 ? putRc4Integer : putLong;
  let at = 0;
  if (rc4) at = putRc4Integer(view, at, header.version);
  else {
    view.setInt32(at, header.version);
    at += 4;
  }
  for (const parent of header.parents) {
    at = putInteger(view, at, parent.number);
    at = putBytes(bytes, at, parent.hash);
  }
  if (!genesis) {
    at = putBytes(bytes, at, header.txsRoot);
    at = putBytes(bytes, at, header.receiptsRoot);
    at = putBytes(bytes, at, header.stateRoot);
  }
  at = putInteger(view, at, header.number);
  if (!genesis) at = putText(bytes, at, header.gasUsed);
  at = putInteger(view, at, header.timestamp);
  at = putInteger(view, at, header.sealer);
  if (!rc4 && header.extraData.length === 0) {
    bytes.set(set.joined, at);
    return;
  }
  at = putBytes(bytes, at, set.nodeIds);
  at = putBytes(bytes, at, header.extraData);
  putBytes(bytes, at, rc4 ? set.rc4Weights : set.weights);
}

function putBytes(target: Uint8Array, offset: number, bytes: Uint8Array): number {
  target.set(bytes, offset);
  return offset + bytes.length;
}

/** Length in bytes; gasUsed is ASCII digits in every header that passes the rules, anything else takes the slow way. */
function asciiLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return utf8Bytes(text).length;
  return text.length;
}

function putText(target: Uint8Array, offset: number, text: string): number {
  if (asciiLength(text) !== text.length) return putBytes(target, offset, utf8Bytes(text));
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
  return offset + text.length;
}
