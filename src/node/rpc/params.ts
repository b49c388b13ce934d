/** The kinds of parameters that methods have. All are strict: a value of another type is refused, never converted. */
import { ADDRESS_BYTES, HASH_BYTES } from "../../crypto/suite.js";
import type { Param, Schema } from "./method.js";
import { refuseGroup, refuseNode, refuseParams } from "./refusals.js";
import { ADDRESS, BYTES, FLAG, HASH, HEIGHT, TEXT } from "./schemas.js";

/** UTF-16 units of a name or key. */
export const TEXT_PARAM_LENGTH_MAX = 1_024;
const HEX = /^[0-9a-fA-F]*$/;

/** The chain's group. Left out it means the node's only one, as in some of FISCO's own examples. */
export const group: Param<string> = {
  name: "groupID",
  description: "The group; a node of edgeseal has one.",
  schema: TEXT,
  required: true,
  read: (value, { view }) => {
    const { groupId } = view.identity;
    if (value === undefined) return groupId;
    const named = readText(value, "groupID");
    return named === groupId ? groupId : refuseGroup(named);
  },
};

/** The node's name, or "" for any. */
export const nodeName: Param<string> = {
  name: "nodeName",
  description: "The node's name, or empty for any node of the group.",
  schema: TEXT,
  required: false,
  read: (value, { node }) => {
    const named = value === undefined ? "" : readText(value, "nodeName");
    return named === "" || named === node.name ? named : refuseNode();
  },
};

export function text(name: string, description: string): Param<string> {
  return { name, description, schema: TEXT, required: true, read: (value) => readText(value, name) };
}

/** "" where it is left out. */
export function optionalText(name: string, description: string): Param<string> {
  return {
    name,
    description,
    schema: TEXT,
    required: false,
    read: (value) => (value === undefined ? "" : readText(value, name)),
  };
}

export function flag(name: string, description: string, missing: boolean): Param<boolean> {
  return {
    name,
    description,
    schema: { ...FLAG, default: missing },
    required: false,
    read: (value) => {
      if (value === undefined) return missing;
      return typeof value === "boolean" ? value : refuseParams(name);
    },
  };
}

export function height(name: string, description: string): Param<number> {
  return { name, description, schema: HEIGHT, required: true, read: (value) => readHeight(value, name) };
}

export function optionalHeight(name: string, description: string): Param<number | undefined> {
  return {
    name,
    description,
    schema: HEIGHT,
    required: false,
    read: (value) => (value === undefined ? undefined : readHeight(value, name)),
  };
}

export function hash(name: string, description: string): Param<Uint8Array> {
  return sized(name, description, HASH, HASH_BYTES);
}

/** Hex with or without 0x. */
export function bytes(name: string, description: string): Param<Uint8Array> {
  return { name, description, schema: BYTES, required: true, read: (value) => readBytes(value, name) };
}

/** Empty where it is left out. */
export function optionalBytes(name: string, description: string): Param<Uint8Array> {
  return { ...bytes(name, description), required: false, read: (value) => readBytes(value ?? "", name) };
}

/** 40 hex digits in lower case without 0x. */
export function address(name: string, description: string): Param<string> {
  return { name, description, schema: ADDRESS, required: true, read: (value) => readAddress(value, name) };
}

/** Any JSON object, for the method to take apart. */
export function record(name: string, description: string, schema: Schema): Param<Readonly<Record<string, unknown>>> {
  return {
    name,
    description,
    schema,
    required: true,
    read: (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return refuseParams(name);
      return value as Readonly<Record<string, unknown>>;
    },
  };
}

export function readText(value: unknown, name: string): string {
  if (typeof value !== "string" || value.length > TEXT_PARAM_LENGTH_MAX) return refuseParams(name);
  return value;
}

export function readHeight(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return refuseParams(name);
  return value;
}

export function readAddress(value: unknown, name: string): string {
  const read = readBytes(value, name);
  if (read.length !== ADDRESS_BYTES) return refuseParams(name);
  return (value as string).replace(/^0[xX]/, "").toLowerCase();
}

/** Memory of their own. Node's decoder is several times faster than ours, but takes a character for its lowest byte. */
export function readBytes(value: unknown, name: string): Uint8Array {
  if (typeof value !== "string") return refuseParams(name);
  const digits = value.startsWith("0x") || value.startsWith("0X") ? value.slice(2) : value;
  if (digits.length % 2 !== 0 || !HEX.test(digits)) return refuseParams(name);
  const bytes = Buffer.allocUnsafeSlow(digits.length / 2);
  bytes.write(digits, "hex");
  return new Uint8Array(bytes.buffer);
}

export function readHash(value: unknown, name: string): Uint8Array {
  const read = readBytes(value, name);
  return read.length === HASH_BYTES ? read : refuseParams(name);
}

function sized(name: string, description: string, schema: Schema, length: number): Param<Uint8Array> {
  return {
    name,
    description,
    schema,
    required: true,
    read: (value) => {
      const read = readBytes(value, name);
      return read.length === length ? read : refuseParams(name);
    },
  };
}
