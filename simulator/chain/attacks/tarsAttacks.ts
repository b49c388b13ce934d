/** Tars bytes that lie about lengths, nest without end or have two meanings. */
import { concatBytes, fromHex } from "../../../src/base/bytes.js";
import { encodeHeader } from "../../../src/codec/fisco/headerTars.js";
import { encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { TARS_BYTES_MAX } from "../../../src/codec/tars/reader.js";
import { signCall } from "../blockContent.js";
import type { Forger } from "../forger.js";
import { type Attack, attack, type Hostile } from "./attack.js";

const BOMB_DEPTH = 200_000;
/** Heads: tag 1 struct begin, tag 4 byte vector, tag 3 list, tag 8 text with a four-byte length, tag 7 int64. */
const DATA = "1a";

function header(payload: Uint8Array, ...expectedCodes: string[]): Hostile {
  return { kind: "tars", form: "header", payload, expectedCodes };
}

function hexHeader(hex: string, ...codes: string[]): () => Hostile {
  return () => header(fromHex(hex), ...codes);
}

function honest(forger: Forger): Uint8Array {
  const signed = forger.signed(forger.draft());
  return encodeHeader(signed, signed.hash);
}

export const TARS_ATTACKS: readonly Attack[] = [
  attack("tars-empty", "No bytes at all.", hexHeader("", "TARS_FIELD_MISSING")),
  attack("tars-cut", "Half of an honest header.", (forger) => {
    const bytes = honest(forger);
    return header(bytes.subarray(0, bytes.length >> 1), "TARS_CUT_SHORT", "TARS_LENGTH", "TARS_STRUCT_END");
  }),
  attack(
    "tars-bytes-claim",
    "A root that claims to be 2 GiB long.",
    hexHeader(`${DATA}4d00027fffffff`, "TARS_CUT_SHORT"),
  ),
  attack("tars-bytes-negative", "A root of length -1.", hexHeader(`${DATA}4d0000ff`, "TARS_LENGTH")),
  attack(
    "tars-text-claim",
    "A gas text that claims to be 4 GiB long.",
    hexHeader(`${DATA}87ffffffff`, "TARS_CUT_SHORT"),
  ),
  attack(
    "tars-list-claim",
    "A list that claims 2^31 - 1 parents.",
    hexHeader(`${DATA}39027fffffff`, "TARS_TOO_MANY_ITEMS"),
  ),
  attack("tars-depth", `Structs nested ${BOMB_DEPTH} deep.`, () =>
    header(new Uint8Array(BOMB_DEPTH).fill(0x1a), "TARS_TOO_DEEP"),
  ),
  attack("tars-depth-lists", `Lists nested ${BOMB_DEPTH} deep in an unknown field.`, () => {
    const bytes = new Uint8Array(3 * BOMB_DEPTH);
    for (let i = 0; i < bytes.length; i += 3) bytes.set([i === 0 ? 0xe9 : 0x09, 0x00, 0x01], i);
    return header(bytes, "TARS_TOO_DEEP");
  }),
  attack("tars-field-twice", "A header with two heights.", hexHeader(`${DATA}70017002`, "TARS_TAG_ORDER")),
  attack("tars-number-wide", "A height of 2^62.", hexHeader(`${DATA}734000000000000000`, "TARS_INTEGER_RANGE")),
  attack("tars-type", "A height that is text.", hexHeader(`${DATA}760131`, "TARS_TYPE")),
  attack("tars-not-utf8", "A gas text that is not UTF-8.", hexHeader(`${DATA}8601ff`, "TARS_TEXT_NOT_UTF8")),
  attack("tars-struct-end", "A struct that ends before it begins.", hexHeader("0b", "TARS_STRUCT_END")),
  attack("tars-struct-open", "A struct that never ends.", hexHeader(DATA, "TARS_STRUCT_END")),
  attack("tars-too-large", "More bytes than a header may have.", () =>
    header(new Uint8Array(TARS_BYTES_MAX + 1), "TARS_TOO_LARGE"),
  ),
  attack("tars-item-tag", "A list whose items are numbered.", hexHeader(`${DATA}3900011a0b`, "TARS_ITEM_TAG")),
  attack("tars-after-end", "An honest header with a second one behind it.", (forger) =>
    header(concatBytes([honest(forger), honest(forger)]), "TARS_TAG_ORDER"),
  ),
  attack("tars-transaction-signature", "A transaction with a signature of half the length.", (forger) => {
    const { issuer, stranger, random, watched } = forger;
    const context = { ...issuer.executionContext(issuer.height + 1, 0), random };
    const transaction = signCall({ from: stranger, to: watched.address, input: random.bytes(4) }, context);
    const signature = transaction.signature.subarray(0, transaction.signature.length >> 1);
    const payload = encodeTransaction({ ...transaction, signature }, random.bytes(32));
    return { kind: "tars", form: "transaction", payload, expectedCodes: ["TRANSACTION_SIGNATURE_LENGTH"] };
  }),
  attack("tars-receipt-empty", "A receipt without data.", () => {
    return { kind: "tars", form: "receipt", payload: new Uint8Array(0), expectedCodes: ["TARS_FIELD_MISSING"] };
  }),
  attack("tars-receipt-log-claim", "A receipt that claims 2^31 - 1 logs.", () => {
    const payload = fromHex(`${DATA}69027fffffff`);
    return { kind: "tars", form: "receipt", payload, expectedCodes: ["TARS_TOO_MANY_ITEMS"] };
  }),
];
