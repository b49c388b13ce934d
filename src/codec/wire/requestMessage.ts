/**
 * Questions and answers, correlated in the envelope because MQTT 3.1.1 has no properties for it.
 *
 *   request  [ kind 6, id (8 bytes), client name, what, ...arguments ]
 *     what 1: headers            first number, count
 *     what 2: block body         number            (all transactions and receipts, for a sealer-set change)
 *     what 3: transaction proof  transaction hash
 *     what 4: send transaction   encoded transaction
 *     what 5: state record       table, key (its UTF-8 bytes), number | null for the newest height
 *     what 6: ancestor           number, number of the header whose commitment it is proven by
 *   response [ kind 7, id, status, body | null ]
 *     status 0: done; 1: not available; 2: too busy, ask later; 3: refused for good
 *     body: the encoded segment, block body, event message, state or ancestor answer as one byte string
 */

import { copyBytes, utf8Bytes } from "../../base/bytes.js";
import { CborReader } from "./cborReader.js";
import { encodeWire, integer, type WireValue } from "./cborWriter.js";
import { MESSAGE_KIND } from "./kinds.js";
import {
  NAME_CHARS_MAX,
  PAYLOAD_BYTES_MAX,
  RECORD_KEY_BYTES_MAX,
  REQUEST_ID_BYTES,
  SEGMENT_HEADERS_MAX,
  TABLE_CHARS_MAX,
  TRANSACTION_BYTES_MAX,
} from "./limits.js";
import { openMessage } from "./openMessage.js";
import { WireError } from "./problems.js";
import { checkName } from "./topics.js";

export type Question =
  | { readonly what: "headers"; readonly from: number; readonly count: number }
  | { readonly what: "block"; readonly number: number }
  | { readonly what: "proof"; readonly transactionHash: Uint8Array }
  | { readonly what: "send"; readonly transaction: Uint8Array }
  | { readonly what: "state"; readonly table: string; readonly key: string; readonly number: number | undefined }
  | { readonly what: "ancestor"; readonly number: number; readonly below: number };

export interface Request {
  readonly id: Uint8Array;
  readonly client: string;
  readonly question: Question;
}

export type ResponseStatus = "done" | "unavailable" | "busy" | "refused";

export interface Response {
  readonly id: Uint8Array;
  readonly status: ResponseStatus;
  /** Present exactly when status is `done`; a view of the payload. */
  readonly body: Uint8Array | undefined;
}

const STATUSES: readonly ResponseStatus[] = ["done", "unavailable", "busy", "refused"];
const HASH_BYTES = 32;
const WHAT = { headers: 1, block: 2, proof: 3, send: 4, state: 5, ancestor: 6 } as const;
/** Items of a question, its number included. */
const ITEMS: Readonly<Record<number, number>> = { [WHAT.headers]: 3, [WHAT.state]: 4, [WHAT.ancestor]: 3 };
const ITEMS_OTHERWISE = 2;

export function encodeRequest({ id, client, question }: Request): Uint8Array {
  return encodeWire([MESSAGE_KIND.request, id, checkName("client", client), ...questionToWire(question)]);
}

function questionToWire(question: Question): WireValue[] {
  switch (question.what) {
    case "headers":
      return [WHAT.headers, integer(question.from), question.count];
    case "block":
      return [WHAT.block, integer(question.number)];
    case "proof":
      return [WHAT.proof, question.transactionHash];
    case "send":
      return [WHAT.send, question.transaction];
    case "state": {
      const { table, key, number } = question;
      return [WHAT.state, table, utf8Bytes(key), number === undefined ? null : integer(number)];
    }
    case "ancestor":
      return [WHAT.ancestor, integer(question.number), integer(question.below)];
  }
}

/** @throws WireError */
export function decodeRequest(payload: Uint8Array): Request {
  const reader = new CborReader(payload.length > PAYLOAD_BYTES_MAX ? tooLarge(payload.length) : payload);
  const items = reader.array("message", 7);
  const kind = reader.uint("kind");
  if (kind !== MESSAGE_KIND.request)
    throw new WireError({ code: "WIRE_KIND", expected: MESSAGE_KIND.request, got: kind });
  const id = copyBytes(reader.fixedBytes("id", REQUEST_ID_BYTES));
  const client = checkName("client", reader.text("client", NAME_CHARS_MAX));
  const question = readQuestion(reader, items - 3);
  reader.end();
  return { id, client, question };
}

function readQuestion(reader: CborReader, items: number): Question {
  const what = reader.uint("what", WHAT.ancestor);
  const expected = ITEMS[what] ?? ITEMS_OTHERWISE;
  if (items !== expected)
    throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "request", got: items });
  switch (what) {
    case WHAT.headers: {
      const from = reader.uint("from");
      const count = reader.uint("count", SEGMENT_HEADERS_MAX);
      if (count === 0) throw new WireError({ code: "WIRE_RANGE", field: "count", got: "0" });
      return { what: "headers", from, count };
    }
    case WHAT.block:
      return { what: "block", number: reader.uint("number") };
    case WHAT.proof:
      return { what: "proof", transactionHash: copyBytes(reader.fixedBytes("transaction hash", HASH_BYTES)) };
    case WHAT.send:
      return { what: "send", transaction: copyBytes(reader.bytes("transaction", TRANSACTION_BYTES_MAX)) };
    case WHAT.state: {
      const table = reader.text("table", TABLE_CHARS_MAX);
      const key = textOf(reader.bytes("key", RECORD_KEY_BYTES_MAX));
      return { what: "state", table, key, number: reader.tryNull() ? undefined : reader.uint("number") };
    }
    case WHAT.ancestor:
      return { what: "ancestor", number: reader.uint("number"), below: reader.uint("below") };
    default:
      throw new WireError({ code: "WIRE_RANGE", field: "what", got: String(what) });
  }
}

/** Keys of records are any text; other texts here are names of printable ASCII. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WireError({ code: "WIRE_TEXT", field: "key" });
  }
}

function tooLarge(size: number): never {
  throw new WireError({ code: "WIRE_TOO_LARGE", size, limit: PAYLOAD_BYTES_MAX });
}

export function encodeResponse(id: Uint8Array, status: ResponseStatus, body?: Uint8Array): Uint8Array {
  return encodeWire([MESSAGE_KIND.response, id, STATUSES.indexOf(status), body ?? null]);
}

/** @throws WireError */
export function decodeResponse(payload: Uint8Array): Response {
  const reader = openMessage(payload, MESSAGE_KIND.response, 4);
  const id = copyBytes(reader.fixedBytes("id", REQUEST_ID_BYTES));
  const status = STATUSES[reader.uint("status", STATUSES.length - 1)] as ResponseStatus;
  const body = reader.tryNull() ? undefined : reader.bytes("body", PAYLOAD_BYTES_MAX);
  if ((status === "done") !== (body !== undefined)) {
    throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "body", got: body?.length ?? 0 });
  }
  reader.end();
  return { id, status, body };
}
