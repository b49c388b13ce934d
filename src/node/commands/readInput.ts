/** JSON objects that people hand to commands, from a file or from standard input. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { codeOf } from "../../base/error.js";
import { JSON_LENGTH_MAX, parseJson } from "../../codec/json.js";
import { JsonError } from "../../codec/problems.js";
import { isJsonObject, type JsonObject } from "../jsonObject.js";
import { InputError } from "./problems.js";

/** UTF-8 needs at most three bytes for each UTF-16 unit that the JSON reader counts. */
export const INPUT_BYTES_MAX = 3 * JSON_LENGTH_MAX;
export const STANDARD_INPUT = "-";

/**
 * The bytes of a file, or of standard input for `-`.
 * @throws InputError `INPUT_UNREADABLE`, `INPUT_TOO_LARGE`
 */
export async function readInput(name: string, standardInput: Readable = process.stdin): Promise<Uint8Array> {
  const stream = name === STANDARD_INPUT ? standardInput : createReadStream(name);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes: Uint8Array = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > INPUT_BYTES_MAX) throw new InputError({ code: "INPUT_TOO_LARGE", name, limit: INPUT_BYTES_MAX });
      chunks.push(bytes);
    }
  } catch (thrown) {
    if (thrown instanceof InputError) throw thrown;
    throw new InputError({ code: "INPUT_UNREADABLE", name, reason: reasonOf(thrown) }, { cause: thrown });
  }
  return Buffer.concat(chunks);
}

/**
 * A JSON object. Integers beyond 2^53-1 are bigints.
 * @throws InputError
 */
export function parseObject(bytes: Uint8Array, name: string): JsonObject {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    const reason = thrown instanceof JsonError ? codeOf(thrown) : "not UTF-8";
    throw new InputError({ code: "INPUT_NOT_JSON", name, reason }, { cause: thrown });
  }
  if (!isJsonObject(value)) throw new InputError({ code: "INPUT_NOT_OBJECT", name });
  return value;
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.message;
}
