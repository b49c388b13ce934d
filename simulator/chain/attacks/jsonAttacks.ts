/** JSON answers of wrong types, and JSON that programs read in different ways. */
import { JSON_ITEMS_MAX, writeJson } from "../../../src/codec/json.js";
import type { Forger } from "../forger.js";
import { type Attack, asJson, attack } from "./attack.js";

const BOMB_DEPTH = 200_000;

function withFields(forger: Forger, replaced: Readonly<Record<string, unknown>>): string {
  return writeJson(forger.rpcHeader(forger.signed(forger.draft()), replaced));
}

/** A field of a wrong type or value, and what it is refused for. */
const FIELDS: readonly (readonly [name: string, field: string, value: unknown, title: string, code: string])[] = [
  ["number-true", "number", true, "A height that is true.", "RPC_FIELD_TYPE"],
  ["number-null", "number", null, "A height that is null.", "RPC_FIELD_TYPE"],
  ["number-array", "number", [1], "A height in an array.", "RPC_FIELD_TYPE"],
  ["number-object", "number", { valueOf: 1 }, "A height that is an object.", "RPC_FIELD_TYPE"],
  ["number-fraction", "number", 1.5, "A height of one and a half.", "RPC_NUMBER_RANGE"],
  ["number-negative", "number", -1, "A negative height.", "RPC_NUMBER_RANGE"],
  ["number-wide", "number", 2n ** 64n, "A height of 2^64.", "RPC_NUMBER_RANGE"],
  ["gas-number", "gasUsed", 21_000, "Gas as a number.", "RPC_FIELD_TYPE"],
  ["root-number", "txsRoot", 0, "A root that is a number.", "RPC_FIELD_TYPE"],
  ["root-not-hex", "txsRoot", `0x${"zz".repeat(32)}`, "A root that is not hexadecimal.", "RPC_FIELD_TYPE"],
  ["root-odd", "txsRoot", `0x${"a".repeat(63)}`, "A root of an odd number of digits.", "RPC_FIELD_TYPE"],
  ["root-huge", "txsRoot", `0x${"aa".repeat(1024 * 1024)}`, "A root of a megabyte.", "RPC_FIELD_LENGTH"],
  ["list-object", "sealerList", { length: 4 }, "A sealer list that is an object with a length.", "RPC_FIELD_TYPE"],
  ["list-text", "sealerList", "0x00", "A sealer list that is text.", "RPC_FIELD_TYPE"],
  ["list-huge", "sealerList", new Array(100_000).fill("0x00"), "A list of 100,000 sealers.", "RPC_FIELD_LENGTH"],
  ["weights-fraction", "consensusWeights", [0.1, 0.1, 0.1, 0.1], "Weights below one.", "RPC_NUMBER_RANGE"],
  ["weights-wide", "consensusWeights", [2n ** 63n], "A weight of 2^63.", "RPC_NUMBER_RANGE"],
  ["signatures-null", "signatureList", null, "No list of signatures.", "RPC_FIELD_TYPE"],
];

export const JSON_ATTACKS: readonly Attack[] = [
  ...FIELDS.map(([name, field, value, title, code]) =>
    attack(`json-${name}`, title, (forger) => asJson(withFields(forger, { [field]: value }), code)),
  ),
  attack("json-proto", "A header whose fields all stand under __proto__.", (forger) =>
    asJson(`{"__proto__":${withFields(forger, {})}}`, "RPC_FIELD_MISSING"),
  ),
  attack("json-proto-polluting", "A header without a height, and one under __proto__.", (forger) => {
    const text = withFields(forger, { number: undefined });
    return asJson(text.replace("{", '{"__proto__":{"number":1},'), "RPC_FIELD_MISSING");
  }),
  attack("json-constructor", "A header without a height, and one under constructor.prototype.", (forger) => {
    const text = withFields(forger, { number: undefined });
    return asJson(text.replace("{", '{"constructor":{"prototype":{"number":1}},'), "RPC_FIELD_MISSING");
  }),
  attack("json-key-twice", "A header with two heights.", (forger) =>
    asJson(withFields(forger, {}).replace("{", '{"number":1,'), "JSON_KEY_DUPLICATE"),
  ),
  attack("json-depth", `Arrays nested ${BOMB_DEPTH} deep.`, () => asJson("[".repeat(BOMB_DEPTH), "JSON_TOO_DEEP")),
  attack("json-items", "An array of more items than an answer may have.", () =>
    asJson(`[${"0,".repeat(JSON_ITEMS_MAX)}0]`, "JSON_TOO_MANY_ITEMS"),
  ),
  attack("json-number-long", "A number of a million digits.", () =>
    asJson(`{"number":${"9".repeat(1_000_000)}}`, "JSON_NUMBER_UNSAFE", "JSON_SYNTAX"),
  ),
  attack("json-number-infinite", "A number beyond all floats.", () =>
    asJson('{"number":1e999}', "JSON_NUMBER_UNSAFE", "JSON_SYNTAX"),
  ),
  attack("json-cut", "Half of an honest answer.", (forger) => {
    const text = withFields(forger, {});
    return asJson(text.slice(0, text.length >> 1), "JSON_SYNTAX");
  }),
  attack("json-trailing", "An honest answer and a comma.", (forger) =>
    asJson(`${withFields(forger, {})},`, "JSON_SYNTAX"),
  ),
  attack("json-null", "null instead of a header.", () => asJson("null", "RPC_FIELD_TYPE")),
  attack("json-array", "A list with an honest header in it.", (forger) =>
    asJson(`[${withFields(forger, {})}]`, "RPC_FIELD_TYPE"),
  ),
];
