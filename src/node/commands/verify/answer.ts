/** What a JSON-RPC answer holds, whether somebody saved the whole response or its result alone. */
import { equalBytes, fromHex, to0x } from "../../../base/bytes.js";
import { rpcResult } from "../../../codec/fisco/rpc.js";
import type { JsonObject } from "../../jsonObject.js";
import { VerifyError } from "../problems.js";

/**
 * The result of a whole response object; any other object is a result already.
 * @throws codec RpcShapeError for a response that carries an error or no result
 */
export function resultIn(input: JsonObject): unknown {
  if (!["jsonrpc", "result", "error"].some((name) => Object.hasOwn(input, name))) return input;
  // There is no request left with which the id could be compared.
  return rpcResult({ jsonrpc: "2.0", ...input, id: 0 }, 0);
}

/** The text under `name` where the answer names one; undefined where it is absent or null. */
export function namedValue(record: JsonObject, name: string): unknown {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return value === null ? undefined : value;
}

/** Whether a named hex value is these bytes; anything that is not even hex is not. */
export function namesBytes(named: unknown, bytes: Uint8Array): boolean {
  if (typeof named !== "string" || named.length > 2 * bytes.length + 2) return false;
  try {
    return equalBytes(fromHex(named), bytes);
  } catch {
    return false;
  }
}

const SHOWN_LENGTH_MAX = 140;

/** A named value for an error message. */
export function shown(named: unknown): string {
  return typeof named === "string" ? named.slice(0, SHOWN_LENGTH_MAX) : `a ${typeof named}`;
}

/**
 * A hash that the answer names must be the computed one.
 * @throws VerifyError `VERIFY_HASH_MISMATCH`
 */
export function checkNamedHash(kind: string, record: JsonObject, computed: Uint8Array): void {
  const named = namedValue(record, "hash");
  if (named === undefined || namesBytes(named, computed)) return;
  throw new VerifyError({ code: "VERIFY_HASH_MISMATCH", kind, named: shown(named), computed: to0x(computed) });
}
