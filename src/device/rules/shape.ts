/**
 * Canonical bytes from one description that both writes and reads: a record is a CBOR array in the order of its fields, so
 * that there is one byte string for a value and one value for a byte string (RFC 8949 section 4.2).
 *
 * Texts stand as UTF-8 in byte strings, booleans as 0 and 1, what is absent as null.
 */
import { EMPTY_BYTES, utf8Bytes } from "../../base/bytes.js";
import { CborReader } from "../../codec/wire/cborReader.js";
import { encodeWire, integer, type WireValue } from "../../codec/wire/cborWriter.js";
import { WireError } from "../../codec/wire/problems.js";
import type { DeviceValue } from "../value.js";

export interface Shape<T> {
  write(value: T): WireValue;
  /** @throws WireError */
  read(reader: CborReader, field: string): T;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeShape<T>(shape: Shape<T>, value: T): Uint8Array {
  return encodeWire(shape.write(value));
}

/** @throws WireError for anything but the canonical bytes of one value. */
export function decodeShape<T>(shape: Shape<T>, bytes: Uint8Array, field: string): T {
  const reader = new CborReader(bytes);
  const value = shape.read(reader, field);
  reader.end();
  return value;
}

export function uint(max = Number.MAX_SAFE_INTEGER): Shape<number> {
  return { write: integer, read: (reader, field) => reader.uint(field, max) };
}

export const int: Shape<number> = { write: (value) => integer(value + 0), read: (reader, field) => reader.int(field) };

export const flag: Shape<boolean> = {
  write: (value) => (value ? 1 : 0),
  read: (reader, field) => reader.uint(field, 1) === 1,
};

/** @param charactersMax UTF-16 units. */
export function text(charactersMax: number): Shape<string> {
  return { write: (value) => utf8Bytes(value), read: (reader, field) => readText(reader, field, charactersMax) };
}

function readText(reader: CborReader, field: string, charactersMax: number): string {
  const bytes = reader.bytes(field, 3 * charactersMax);
  let value: string;
  try {
    value = UTF8.decode(bytes);
  } catch (thrown) {
    throw new WireError({ code: "WIRE_NAME", field }, { cause: thrown });
  }
  if (value.length > charactersMax) throw new WireError({ code: "WIRE_RANGE", field, got: String(value.length) });
  return value;
}

export function bytesOf(length: number): Shape<Uint8Array> {
  return {
    write: (value) => value,
    read: (reader, field) => (length === 0 ? EMPTY_BYTES : new Uint8Array(reader.fixedBytes(field, length))),
  };
}

export function oneOf<T extends string>(...names: readonly T[]): Shape<T> {
  return {
    write: (value) => names.indexOf(value),
    read: (reader, field) => names[reader.uint(field, names.length - 1)] as T,
  };
}

export function list<T>(item: Shape<T>, max: number): Shape<readonly T[]> {
  return {
    write: (values) => values.map((value) => item.write(value)),
    read: (reader, field) => {
      const values: T[] = [];
      for (let left = reader.array(field, max); left > 0; left--) values.push(item.read(reader, field));
      return values;
    },
  };
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    write: (value) => (value === undefined ? null : shape.write(value)),
    read: (reader, field) => (reader.tryNull() ? undefined : shape.read(reader, field)),
  };
}

export type Fields<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const entries = Object.entries(fields) as [keyof T & string, Shape<T[keyof T]>][];
  return {
    write: (value) => entries.map(([name, shape]) => shape.write(value[name])),
    read: (reader, field) => {
      reader.fixedArray(field, entries.length);
      const value: Partial<T> = {};
      for (const [name, shape] of entries) {
        const part = shape.read(reader, `${field}.${name}`);
        if (part !== undefined) value[name] = part as T[keyof T & string];
      }
      return value as T;
    },
  };
}

/** `[number of the kind, fields]`; the fields do not hold `kind` itself. */
export function union<T extends { readonly kind: string }>(
  variants: { readonly [Kind in T["kind"]]: Fields<Omit<Extract<T, { kind: Kind }>, "kind">> },
): Shape<T> {
  const kinds = Object.keys(variants) as T["kind"][];
  const shapes = kinds.map((kind) => record<object>(variants[kind]));
  return {
    write: (value) => {
      const index = kinds.indexOf(value.kind);
      return [index, (shapes[index] as Shape<object>).write(value)];
    },
    read: (reader, field) => {
      reader.fixedArray(field, 2);
      const index = reader.uint(field, kinds.length - 1);
      const rest = (shapes[index] as Shape<object>).read(reader, field);
      return { kind: kinds[index], ...rest } as unknown as T;
    },
  };
}

/** For shapes that hold themselves; `depth` is how often, so that bytes cannot make the reader recurse for ever. */
export function nested<T>(make: (inner: Shape<T>) => Shape<T>, depth: number): Shape<T> {
  const bottom: Shape<T> = {
    write: () => null,
    read: (reader, field) => {
      throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field, got: depth });
    },
  };
  let shape = bottom;
  for (let level = 0; level < depth; level++) shape = make(shape);
  return shape;
}

/** Integers as such, booleans as an array of one 0 or 1, texts as byte strings. */
export const deviceValue: Shape<DeviceValue> = {
  write: (value) =>
    typeof value === "boolean" ? [value ? 1 : 0] : typeof value === "number" ? integer(value + 0) : utf8Bytes(value),
  read: (reader, field) => {
    if (reader.atArray) {
      reader.fixedArray(field, 1);
      return reader.uint(field, 1) === 1;
    }
    return reader.atBytes ? readText(reader, field, 256) : reader.int(field);
  },
};
