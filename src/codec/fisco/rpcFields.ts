/**
 * Reading fields of a JSON value that came from a node. Values may be from `parseJson` or from JSON.parse: own
 * properties only, exact types, limits before allocation. Every function throws RpcShapeError naming the field's path.
 */
import { fromHex } from "../../base/bytes.js";
import { RpcShapeError } from "../problems.js";

/** Elements of any list in an answer. */
export const RPC_LIST_MAX = 65_536;
/** Bytes of one hex field: input of a deployment, block 0's text. */
export const RPC_BYTES_MAX = 4 * 1024 * 1024;
/** UTF-16 units of one text field, such as an ABI. */
export const RPC_TEXT_MAX = 1024 * 1024;

export type RpcRecord = Readonly<Record<string, unknown>>;

const HEX_DIGITS_ONLY = /^(?:0[xX])?[0-9a-fA-F]*$/;
const INTEGER_TEXT = /^(?:0[xX][0-9a-fA-F]{1,16}|(?:0|[1-9]\d{0,19}))$/;
const INT64_MAX = 0x7fff_ffff_ffff_ffffn;

export function readRecord(value: unknown, path: string): RpcRecord {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as RpcRecord;
  throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path, expected: "object" });
}

/** Undefined when the record has no such own field. */
export function optionalField(record: RpcRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export function requiredField(record: RpcRecord, name: string, path: string): unknown {
  const value = optionalField(record, name);
  if (value === undefined) throw new RpcShapeError({ code: "RPC_FIELD_MISSING", path: join(path, name) });
  return value;
}

export function readList<T>(
  record: RpcRecord,
  name: string,
  path: string,
  readItem: (item: unknown, path: string) => T,
  max: number = RPC_LIST_MAX,
): T[] {
  const list = requiredField(record, name, path);
  const listPath = join(path, name);
  if (!Array.isArray(list)) throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path: listPath, expected: "array" });
  if (list.length > max)
    throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path: listPath, length: list.length, max });
  return list.map((item, index) => readItem(item, `${listPath}[${index}]`));
}

/** A safe integer >= 0. FISCO prints numbers; decimal and 0x texts are taken as well. */
export function readNumber(record: RpcRecord, name: string, path: string): number {
  return toNumber(requiredField(record, name, path), join(path, name));
}

export function toNumber(value: unknown, path: string): number {
  const wide = toInt64(value, path);
  const narrow = Number(wide);
  if (!Number.isSafeInteger(narrow)) throw new RpcShapeError({ code: "RPC_NUMBER_RANGE", path });
  return narrow;
}

/**
 * An integer of 0..2^63-1. A JavaScript number beyond 2^53-1 is refused: JSON.parse has rounded it already. `parseJson`
 * hands such literals over as bigints.
 */
export function toInt64(value: unknown, path: string): bigint {
  let wide: bigint;
  if (typeof value === "bigint") wide = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) wide = BigInt(value);
  else if (typeof value === "number") throw new RpcShapeError({ code: "RPC_NUMBER_RANGE", path });
  else if (typeof value === "string" && INTEGER_TEXT.test(value)) wide = BigInt(value);
  else throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path, expected: "integer" });
  if (wide < 0n || wide > INT64_MAX) throw new RpcShapeError({ code: "RPC_NUMBER_RANGE", path });
  return wide;
}

export function readInt64(record: RpcRecord, name: string, path: string): bigint {
  return toInt64(requiredField(record, name, path), join(path, name));
}

export function readText(record: RpcRecord, name: string, path: string, max: number = RPC_TEXT_MAX): string {
  return toText(requiredField(record, name, path), join(path, name), max);
}

/** An absent or null field reads as `missing`. */
export function readTextOr(record: RpcRecord, name: string, path: string, missing: string): string {
  const value = optionalField(record, name);
  return value === undefined || value === null ? missing : toText(value, join(path, name));
}

export function toText(value: unknown, path: string, max: number = RPC_TEXT_MAX): string {
  if (typeof value !== "string") throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path, expected: "text" });
  if (value.length > max) throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path, length: value.length, max });
  return value;
}

export function readBytes(record: RpcRecord, name: string, path: string, max: number = RPC_BYTES_MAX): Uint8Array {
  return toBytes(requiredField(record, name, path), join(path, name), max);
}

/** Hex with or without 0x, of at most `max` bytes. */
export function toBytes(value: unknown, path: string, max: number = RPC_BYTES_MAX): Uint8Array {
  if (typeof value !== "string") throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path, expected: "hex" });
  const length = value.length >> 1;
  // One byte more than the limit for the 0x.
  if (length > max + 1) throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path, length, max });
  if (value.length % 2 !== 0 || !HEX_DIGITS_ONLY.test(value)) {
    throw new RpcShapeError({ code: "RPC_FIELD_TYPE", path, expected: "hex" });
  }
  const bytes = fromHex(value);
  if (bytes.length > max) throw new RpcShapeError({ code: "RPC_FIELD_LENGTH", path, length: bytes.length, max });
  return bytes;
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
