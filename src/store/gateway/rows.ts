/** Values of columns of the gateway's database. Keys are bytes: node:sqlite ends a text where it holds a NUL. */
import { utf8Bytes } from "../../base/bytes.js";
import { sumOf } from "../checksum.js";
import type { ItemKind } from "./schema.js";

/** A key that begins with U+FEFF keeps it. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
const INTEGER_BYTES = 8;

export function textOf(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

export function keyBytes(key: string | Uint8Array): Uint8Array {
  return typeof key === "string" ? utf8Bytes(key) : key;
}

/** Engines may hand out Buffers, whose `slice` shares memory. */
export function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.length) : new Uint8Array(0);
}

export function integerOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

export function integerBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(INTEGER_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

export function integerIn(bytes: Uint8Array): number | undefined {
  if (bytes.length !== INTEGER_BYTES) return undefined;
  return integerOf(Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)));
}

export function itemSum(kind: ItemKind, key: Uint8Array, bytes: Uint8Array): number {
  return sumOf(`${kind} ${sumOf("key ", key)} ${bytes.length} `, bytes);
}
