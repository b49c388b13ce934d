/** Every message there and back, byte for byte the deterministic form, and what each decoder refuses. */
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { concatBytes } from "../../../src/base/bytes.js";
import {
  decodeChange,
  decodeChangeIndex,
  encodeChange,
  encodeChangeIndex,
} from "../../../src/codec/wire/changeMessage.js";
import {
  decodeBlockBody,
  decodeEvent,
  type EventMessage,
  encodeBlockBody,
  encodeEvent,
} from "../../../src/codec/wire/eventMessage.js";
import { decodeHead, encodeHead } from "../../../src/codec/wire/headMessage.js";
import { CHANGE_INDEX_MAX, SEALERS_MAX, TRANSACTION_BYTES_MAX } from "../../../src/codec/wire/limits.js";
import { type ChainRecord, decodeRecord, encodeRecord, WATCHED_MAX } from "../../../src/codec/wire/recordMessage.js";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type Question,
} from "../../../src/codec/wire/requestMessage.js";
import { codeThrownBy } from "../fisco/vectors.js";
import { canonical, wireValueOf } from "./cbor.js";
import { CONTEXTS, headersOf, plain, setOf, TIME } from "./headers.js";

const random = new SeededRandom(11);
const SAFE_MAX = Number.MAX_SAFE_INTEGER;

/** The bytes are the one deterministic spelling of what they say. */
function expectDeterministic(payload: Uint8Array): void {
  expect(payload).toEqual(canonical(wireValueOf(payload)));
}

/** The payload with one item replaced, found by its path, and spelt right. */
function altered(payload: Uint8Array, path: readonly number[], value: unknown): Uint8Array {
  const root = wireValueOf(payload);
  let place = root;
  for (const index of path.slice(0, -1)) place = place[index] as unknown[];
  place[path.at(-1) as number] = value;
  return canonical(root);
}

describe.each(CONTEXTS)("%s", (_, context) => {
  const set = setOf(random, 4);
  const weighted = setOf(random, 70, (index) => (index === 3 ? 2n ** 63n - 1n - 1_000n : BigInt(index % 3) + 1n));
  const few = headersOf(context, random, 100, [{ sealers: set, timestamp: TIME }, { timestamp: TIME + 1 }]);
  const many = headersOf(context, random, 2 ** 40, [
    { sealers: weighted, signers: [0, 7, 8, 69], gasUsed: "18446744073709551615" },
    { sealers: set, signers: [3] },
  ]);
  const genesis = headersOf(context, random, 0, [{}]);

  it("head: four sealers, seventy with weights of their own, block 0", () => {
    for (const signed of [...few, ...many, ...genesis]) {
      const payload = encodeHead(signed, context);
      expectDeterministic(payload);
      const decoded = decodeHead(payload, context);
      expect(plain([decoded])).toEqual(plain([signed]));
      expect(encodeHead(decoded, context)).toEqual(payload);
      // What is kept must not change with the buffer it came in.
      payload.fill(0);
      expect(plain([decoded])).toEqual(plain([signed]));
    }
  });

  it("change: with and without the header before", () => {
    const [before, header] = few as [(typeof few)[0], (typeof few)[0]];
    for (const below of [undefined, before]) {
      const payload = encodeChange(below, header, context);
      expectDeterministic(payload);
      const decoded = decodeChange(payload, context);
      expect(plain([decoded.header])).toEqual(plain([header]));
      expect(decoded.before === undefined ? undefined : plain([decoded.before])).toEqual(below && plain([below]));
    }
  });

  it("signatures out of order travel in order; indices outside and twice are not sent", () => {
    const [signed] = few as [(typeof few)[0]];
    const reversed = { ...signed, signatures: [...signed.signatures].reverse() };
    expect(encodeHead(reversed, context)).toEqual(encodeHead(signed, context));
    const [first] = signed.signatures as [(typeof signed.signatures)[0]];
    for (const sealerIndex of [4, 8, 1_000]) {
      const outside = { ...signed, signatures: [{ ...first, sealerIndex }] };
      expect(codeThrownBy(() => encodeHead(outside, context))).toBe("WIRE_SIGNER_MAP");
    }
    expect(codeThrownBy(() => encodeHead({ ...signed, signatures: [first, first] }, context))).toBe("WIRE_SIGNER_MAP");
  });

  it("bitmaps with bits beyond the list, too many and too few signature bytes", () => {
    const payload = encodeHead(few[0] as (typeof few)[0], context);
    const bytes = context.suite.headerSignatureBytes;
    const refused = (signatures: unknown) =>
      codeThrownBy(() => decodeHead(altered(payload, [1, 9], signatures), context));
    expect(refused([Uint8Array.of(0b0111), random.bytes(3 * bytes)])).toBe("NOTHING_THROWN");
    expect(refused([Uint8Array.of(0), new Uint8Array(0)])).toBe("NOTHING_THROWN");
    expect(refused([Uint8Array.of(0b1_0011), random.bytes(3 * bytes)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0x80), random.bytes(bytes)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0b0111), random.bytes(3 * bytes - 1)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0b0111), random.bytes(2 * bytes)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0b0011), random.bytes(2 * bytes + 1)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0b0011), random.bytes(3 * bytes)])).toBe("WIRE_SIGNER_MAP");
    expect(refused([Uint8Array.of(0b1111), random.bytes(4 * bytes + 1)])).toBe("WIRE_LENGTH");
    expect(refused([Uint8Array.of(7, 0), random.bytes(3 * bytes)])).toBe("WIRE_LENGTH");
    expect(refused([new Uint8Array(0), new Uint8Array(0)])).toBe("WIRE_LENGTH");
    expect(refused([Uint8Array.of(7), random.bytes(3 * bytes), null])).toBe("WIRE_LENGTH");
  });

  it("sealer sets: every wrong spelling and size", () => {
    const payload = encodeHead(few[0] as (typeof few)[0], context);
    const ids = concatBytes(set.nodeIds);
    const refused = (value: unknown) => codeThrownBy(() => decodeHead(altered(payload, [1, 7], value), context));
    expect(refused([ids, 1])).toBe("NOTHING_THROWN");
    expect(refused([ids, [1, 1, 1, 1]])).toBe("WIRE_LENGTH");
    expect(refused([ids, [1, 2, 1]])).toBe("WIRE_LENGTH");
    expect(refused([ids, [1, 2, 1, 1, 1]])).toBe("WIRE_LENGTH");
    expect(refused([ids, []])).toBe("WIRE_LENGTH");
    expect(refused([ids.subarray(1), 1])).toBe("WIRE_LENGTH");
    expect(refused([new Uint8Array(0), 1])).toBe("WIRE_LENGTH");
    expect(refused([new Uint8Array(0), []])).toBe("HEADER_SEALER_LIST_EMPTY");
    expect(refused([ids, 0])).toBe("HEADER_WEIGHT_RANGE");
    expect(refused([ids, 2n ** 63n])).toBe("HEADER_WEIGHT_RANGE");
    expect(refused([ids, -1])).toBe("WIRE_UNEXPECTED_TYPE");
    expect(refused([concatBytes([...set.nodeIds].reverse()), 1])).toBe("HEADER_NODE_ID_ORDER");
    expect(refused([new Uint8Array(64 * (SEALERS_MAX + 1)), 1])).toBe("WIRE_LENGTH");
    expect(refused([ids, Array.from({ length: SEALERS_MAX + 1 }, (_, i) => i + 1)])).toBe("WIRE_LENGTH");
  });

  it("fields of a header out of their ranges", () => {
    const payload = encodeHead(few[0] as (typeof few)[0], context);
    const refused = (field: number, value: unknown) =>
      codeThrownBy(() => decodeHead(altered(payload, [1, field], value), context));
    expect(refused(0, 0x8000_0000)).toBe("WIRE_RANGE");
    expect(refused(0, 0x0400_0000)).toBe("HEADER_VERSION");
    expect(refused(1, 2n ** 53n)).toBe("WIRE_RANGE");
    expect(refused(1, 0)).toMatch(/^HEADER_|^WIRE_LENGTH/);
    expect(refused(2, null)).toBe("HEADER_PARENT_COUNT");
    expect(refused(2, new Uint8Array(31))).toBe("WIRE_LENGTH");
    expect(refused(3, new Uint8Array(97))).toBe("WIRE_LENGTH");
    expect(refused(4, "21000")).toBe("WIRE_UNEXPECTED_TYPE");
    expect(refused(5, -1)).toBe("WIRE_UNEXPECTED_TYPE");
    expect(refused(6, 4)).toBe("HEADER_SEALER_RANGE");
    expect(refused(6, SEALERS_MAX + 1)).toBe("WIRE_RANGE");
    expect(refused(8, new Uint8Array(97))).toBe("WIRE_LENGTH");
    expect(refused(8, new Uint8Array(33))).toBe("WIRE_LENGTH");
    expect(refused(8, new Uint8Array(context.profile.layout === "fisco" ? 64 : 0))).toBe("WIRE_LENGTH");
  });
});

describe("the next set's hash on the edgeseal layout", () => {
  const [, context] = CONTEXTS.find(([name]) => name === "ecdsa, edgeseal") as (typeof CONTEXTS)[0];
  const sealers = setOf(random, 4);

  it("is sent only where it differs, and refused where it does not", () => {
    const [same, changing] = headersOf(context, random, 9, [{ sealers }, {}, { sealers: setOf(random, 5) }]);
    const short = encodeHead(same as NonNullable<typeof same>, context);
    const long = encodeHead(changing as NonNullable<typeof changing>, context);
    expect(((wireValueOf(short)[1] as unknown[])[8] as Uint8Array).length).toBe(64);
    expect(((wireValueOf(long)[1] as unknown[])[8] as Uint8Array).length).toBe(96);
    const spelledOut = (same as NonNullable<typeof same>).header.extraData.subarray(44, 76);
    const roots = (wireValueOf(short)[1] as unknown[])[8] as Uint8Array;
    const twice = altered(short, [1, 8], concatBytes([roots, spelledOut]));
    expect(codeThrownBy(() => decodeHead(twice, context))).toBe("WIRE_LENGTH");
  });
});

describe("chain record", () => {
  const record: ChainRecord = {
    chainId: "chain0",
    groupId: "group-0_A",
    profile: { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
    segmentSize: 128,
    firstNumber: 1,
    retainedFrom: 2 ** 40,
    watched: [random.bytes(20), random.bytes(20)],
  };

  it("comes back in every profile and at every limit", () => {
    for (const suite of ["ecdsa", "sm"] as const) {
      for (const layout of ["fisco", "edgeseal"] as const) {
        for (const faultModel of ["bft", "crash"] as const) {
          const one = { ...record, profile: { suite, layout, faultModel } };
          const payload = encodeRecord(one);
          expectDeterministic(payload);
          expect(decodeRecord(payload)).toEqual(one);
        }
      }
    }
    const widest = {
      ...record,
      chainId: "c".repeat(64),
      segmentSize: 1,
      firstNumber: SAFE_MAX,
      retainedFrom: SAFE_MAX,
      watched: Array.from({ length: WATCHED_MAX }, () => random.bytes(20)),
    };
    expect(decodeRecord(encodeRecord(widest))).toEqual(widest);
  });

  it.each<[string, readonly number[], unknown, string]>([
    ["another kind", [0], 2, "WIRE_KIND"],
    ["a chain name with a slash", [1], "a/b", "WIRE_NAME"],
    ["an empty group name", [2], "", "WIRE_NAME"],
    ["a name of 65 characters", [1], "c".repeat(65), "WIRE_LENGTH"],
    ["an unknown suite", [3], 2, "WIRE_RANGE"],
    ["an unknown layout", [4], 2, "WIRE_RANGE"],
    ["an unknown fault model", [5], 2, "WIRE_RANGE"],
    ["segments of nothing", [6], 0, "WIRE_RANGE"],
    ["a size that is no power of two", [6], 100, "WIRE_RANGE"],
    ["segments of 256", [6], 256, "WIRE_RANGE"],
    ["a number beyond 2^53", [7], 2n ** 53n, "WIRE_RANGE"],
    ["a negative number", [8], -1, "WIRE_UNEXPECTED_TYPE"],
    ["an address of 19 bytes", [9, 0], new Uint8Array(19), "WIRE_LENGTH"],
    ["too many addresses", [9], Array.from({ length: 257 }, () => new Uint8Array(20)), "WIRE_LENGTH"],
    ["no list of addresses", [9], null, "WIRE_UNEXPECTED_TYPE"],
    ["one item more", [10], 0, "WIRE_LENGTH"],
  ])("refuses %s", (_, path, value, code) => {
    expect(codeThrownBy(() => decodeRecord(altered(encodeRecord(record), path, value)))).toBe(code);
  });

  it("is not written with names that topics cannot carry", () => {
    expect(codeThrownBy(() => encodeRecord({ ...record, chainId: "a+b" }))).toBe("WIRE_NAME");
  });
});

describe("change index", () => {
  it("comes back, the newest heights where there are too many", () => {
    for (const heights of [[], [1], [2, 3, 300, 70_000, 2 ** 40, SAFE_MAX]]) {
      const payload = encodeChangeIndex(heights);
      expectDeterministic(payload);
      expect(decodeChangeIndex(payload)).toEqual(heights);
    }
    const all = Array.from({ length: CHANGE_INDEX_MAX + 5 }, (_, i) => i + 1);
    expect(decodeChangeIndex(encodeChangeIndex(all))).toEqual(all.slice(5));
  });

  it("refuses what does not ascend, height 0, and too many", () => {
    for (const heights of [[0], [2, 2], [3, 2]]) {
      expect(codeThrownBy(() => decodeChangeIndex(canonical([4, heights])))).toBe("WIRE_RANGE");
    }
    const many = Array.from({ length: CHANGE_INDEX_MAX + 1 }, (_, i) => i + 1);
    expect(codeThrownBy(() => decodeChangeIndex(canonical([4, many])))).toBe("WIRE_LENGTH");
  });
});

describe("questions", () => {
  const id = random.bytes(8);
  const ask = (question: Question) => encodeRequest({ id, client: "gateway-1", question });
  const questions: readonly Question[] = [
    { what: "headers", from: 0, count: 1 },
    { what: "headers", from: SAFE_MAX, count: 128 },
    { what: "block", number: 2 ** 33 },
    { what: "proof", transactionHash: random.bytes(32) },
    { what: "send", transaction: random.bytes(300) },
    { what: "send", transaction: new Uint8Array(TRANSACTION_BYTES_MAX) },
    { what: "state", table: "s_cns", key: "lamp,1.0", number: undefined },
    { what: "state", table: "t".repeat(64), key: "k".repeat(1_024), number: SAFE_MAX },
    { what: "state", table: "u_/tables/t", key: "\ufeff电表,1.0", number: 1 },
    { what: "ancestor", number: 0, below: SAFE_MAX },
  ];

  it.each(questions.map((question) => [question.what, question] as const))("%s comes back", (_, question) => {
    const payload = ask(question);
    expectDeterministic(payload);
    expect(decodeRequest(payload)).toEqual({ id, client: "gateway-1", question });
  });

  it.each<[string, unknown[], string]>([
    ["no id", [6, new Uint8Array(7), "c", 2, 1], "WIRE_LENGTH"],
    ["no name", [6, id, "", 2, 1], "WIRE_NAME"],
    ["a name that would be a wildcard", [6, id, "#", 2, 1], "WIRE_NAME"],
    ["an unknown question", [6, id, "c", 7, 1], "WIRE_RANGE"],
    ["a state record without its number", [6, id, "c", 5, "t", new Uint8Array(1)], "WIRE_LENGTH"],
    ["too long a table", [6, id, "c", 5, "t".repeat(65), new Uint8Array(1), null], "WIRE_LENGTH"],
    ["too long a key", [6, id, "c", 5, "t", new Uint8Array(1_025), null], "WIRE_LENGTH"],
    ["a key that is no text", [6, id, "c", 5, "t", Uint8Array.of(0xff), null], "WIRE_TEXT"],
    ["an ancestor of nobody", [6, id, "c", 6, 1], "WIRE_LENGTH"],
    ["question 0", [6, id, "c", 0, 1], "WIRE_RANGE"],
    ["no headers", [6, id, "c", 1, 7, 0], "WIRE_RANGE"],
    ["129 headers", [6, id, "c", 1, 7, 129], "WIRE_RANGE"],
    ["a range without its count", [6, id, "c", 1, 7], "WIRE_LENGTH"],
    ["a block with a count", [6, id, "c", 2, 7, 1], "WIRE_LENGTH"],
    ["one item more", [6, id, "c", 1, 7, 1, 1], "WIRE_LENGTH"],
    ["half a hash", [6, id, "c", 3, new Uint8Array(16)], "WIRE_LENGTH"],
    ["too large a transaction", [6, id, "c", 4, new Uint8Array(TRANSACTION_BYTES_MAX + 1)], "WIRE_LENGTH"],
    ["another kind", [7, id, "c", 2, 1], "WIRE_KIND"],
    ["nothing", [6], "WIRE_TRUNCATED"],
  ])("%s is refused", (_, value, code) => {
    expect(codeThrownBy(() => decodeRequest(canonical(value)))).toBe(code);
  });

  it("answers come back in every status, with a body exactly where it is done", () => {
    for (const status of ["unavailable", "busy", "refused"] as const) {
      const payload = encodeResponse(id, status);
      expectDeterministic(payload);
      expect(decodeResponse(payload)).toEqual({ id, status, body: undefined });
    }
    for (const body of [new Uint8Array(0), random.bytes(70_000)]) {
      const payload = encodeResponse(id, "done", body);
      expectDeterministic(payload);
      const decoded = decodeResponse(payload);
      expect([decoded.status, Buffer.from(decoded.body as Uint8Array).equals(body)]).toEqual(["done", true]);
    }
    expect(codeThrownBy(() => decodeResponse(canonical([7, id, 0, null])))).toBe("WIRE_LENGTH");
    expect(codeThrownBy(() => decodeResponse(canonical([7, id, 2, new Uint8Array(1)])))).toBe("WIRE_LENGTH");
    expect(codeThrownBy(() => decodeResponse(canonical([7, id, 4, null])))).toBe("WIRE_RANGE");
    expect(codeThrownBy(() => decodeResponse(canonical([7, random.bytes(9), 1, null])))).toBe("WIRE_LENGTH");
  });
});

describe("events and block bodies", () => {
  const group = (entries: number) => Array.from({ length: entries }, () => random.bytes(32));
  const event: EventMessage = {
    number: 77,
    transaction: random.bytes(500),
    transactionProof: [group(2), group(1), group(2)],
    receipt: random.bytes(200),
    receiptProof: [],
  };

  it("an event comes back, at its limits as well", () => {
    const payload = encodeEvent(event);
    expectDeterministic(payload);
    const decoded = decodeEvent(payload);
    expect(decoded).toEqual(event);
    payload.fill(0);
    expect(decoded).toEqual(event);
    const deep = { ...event, number: SAFE_MAX, transactionProof: Array.from({ length: 32 }, () => group(2)) };
    expect(decodeEvent(encodeEvent(deep))).toEqual(deep);
  });

  it.each<[string, number, unknown, string]>([
    ["33 levels", 3, Array.from({ length: 33 }, () => new Uint8Array(32)), "WIRE_LENGTH"],
    ["an empty group", 3, [new Uint8Array(0)], "WIRE_LENGTH"],
    ["a group of 33 bytes", 5, [new Uint8Array(33)], "WIRE_LENGTH"],
    ["a group of three", 5, [new Uint8Array(96)], "WIRE_LENGTH"],
    ["too large a transaction", 2, new Uint8Array(TRANSACTION_BYTES_MAX + 1), "WIRE_LENGTH"],
    ["too large a receipt", 4, new Uint8Array(TRANSACTION_BYTES_MAX + 1), "WIRE_LENGTH"],
    ["a receipt as text", 4, "abc", "WIRE_UNEXPECTED_TYPE"],
  ])("an event with %s is refused", (_, at, value, code) => {
    expect(codeThrownBy(() => decodeEvent(altered(encodeEvent(event), [at], value)))).toBe(code);
  });

  it("a block body comes back, empty and with many transactions", () => {
    for (const count of [0, 1, 300]) {
      const list = () => Array.from({ length: count }, () => random.bytes(40));
      const body = { number: 12, transactions: list(), receipts: list() };
      const bytes = encodeBlockBody(body);
      expectDeterministic(bytes);
      expect(decodeBlockBody(bytes)).toEqual(body);
    }
    const many = Array.from({ length: 4_097 }, () => new Uint8Array(1));
    expect(codeThrownBy(() => decodeBlockBody(canonical([1, many, []])))).toBe("WIRE_LENGTH");
    expect(codeThrownBy(() => decodeBlockBody(new Uint8Array(262_145)))).toBe("WIRE_TOO_LARGE");
  });
});
