/** The envelope of JSON-RPC 2.0, by the examples of its specification (section 7) and where FISCO's clients differ. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/codec/json.js";
import { readRpcText, writeRpcError, writeRpcResult } from "../../src/codec/jsonRpc.js";

const ITEMS_MAX = 3;
const read = (text: string) => readRpcText(text, ITEMS_MAX);
const call = (id: unknown, method: string, ...params: unknown[]) => ({ kind: "call", id, method, params });
const fault = (id: unknown, code: number) => ({ kind: "fault", id, code, message: expect.any(String) });
const one = (item: unknown) => ({ batch: false, items: [item] });

describe("a request", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}', one(call(1, "subtract", 42, 23))],
    ['{"jsonrpc":"2.0","method":"update","params":[1,2]}', one(call(undefined, "update", 1, 2))],
    ['{"jsonrpc":"2.0","method":"foobar"}', one(call(undefined, "foobar"))],
    ['{"jsonrpc":"2.0","method":"foobar","id":"1"}', one(call("1", "foobar"))],
    ['{"jsonrpc":"2.0","method":"f","id":null}', one(call(null, "f"))],
    ['{"jsonrpc":"2.0","method":"f","id":12345678901234567890}', one(call(12345678901234567890n, "f"))],
    ['{"jsonrpc":"2.0","method":"f","id":1.5}', one(call(1.5, "f"))],
    ['{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]', one(fault(null, -32700))],
    ["", one(fault(null, -32700))],
    [`${"[".repeat(100)}`, one(fault(null, -32700))],
    ['{"jsonrpc":"2.0","jsonrpc":"2.0","method":"f","id":1}', one(fault(null, -32700))],
    ['{"jsonrpc":"2.0","method":1,"params":"bar"}', one(fault(null, -32600))],
    ['{"jsonrpc":"2.0","method":"f","params":"bar","id":4}', one(fault(4, -32600))],
    ['{"jsonrpc":"2.0","method":"f","params":null,"id":4}', one(fault(4, -32600))],
    ['{"jsonrpc":"1.0","method":"f","params":[],"id":4}', one(fault(4, -32600))],
    ['{"method":"f","params":[],"id":4}', one(fault(4, -32600))],
    ['{"jsonrpc":"2.0","params":[],"id":4}', one(fault(4, -32600))],
    ['{"jsonrpc":"2.0","method":"f","params":[],"id":{}}', one(fault(null, -32600))],
    ['{"jsonrpc":"2.0","method":"f","params":[],"id":true}', one(fault(null, -32600))],
    ['{"jsonrpc":"2.0","method":"f","params":{"a":1},"id":4}', one(fault(4, -32602))],
    ['{"jsonrpc":"2.0","method":"f","params":{"a":1}}', one(fault(undefined, -32602))],
    ["1", one(fault(null, -32600))],
    ['"x"', one(fault(null, -32600))],
    ["[]", one(fault(null, -32600))],
    ["[1]", { batch: true, items: [fault(null, -32600)] }],
    ["[1,2,3]", { batch: true, items: [1, 2, 3].map(() => fault(null, -32600)) }],
    ["[1,2,3,4]", one(fault(null, -32600))],
    [
      '[{"jsonrpc":"2.0","method":"a","id":"1"},{"jsonrpc":"2.0","method":"b"},{"foo":"boo"}]',
      { batch: true, items: [call("1", "a"), call(undefined, "b"), fault(null, -32600)] },
    ],
    ['[[{"jsonrpc":"2.0","method":"a","id":1}]]', { batch: true, items: [fault(null, -32600)] }],
  ];
  for (const [text, expected] of cases) {
    it(`${text.slice(0, 70) || "(nothing)"}`, () => expect(read(text)).toEqual(expected));
  }

  it("is anything: nothing is thrown", () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `[${json}]`),
    );
    fc.assert(
      fc.property(text, (given) => {
        const { items } = read(given);
        expect(items.length).toBeGreaterThan(0);
        expect(items.length).toBeLessThanOrEqual(ITEMS_MAX);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("an answer", () => {
  it("carries the id as it came", () => {
    const id = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt());
    fc.assert(
      fc.property(id, (given) => {
        const text = `{"jsonrpc":"2.0","method":"f","id":${typeof given === "bigint" ? given : JSON.stringify(given)}}`;
        const [item] = read(text).items;
        if (item?.kind !== "call" || item.id === undefined) throw new TypeError(text);
        expect(parseJson(writeRpcResult(item.id, 0))).toEqual(parseJson(text.replace('"method":"f"', '"result":0')));
      }),
    );
  });

  it("is a result or an error, never both", () => {
    expect(writeRpcResult(1, [2n ** 60n])).toBe('{"id":1,"jsonrpc":"2.0","result":[1152921504606846976]}');
    const error = '{"error":{"code":-32601,"message":"no"},"id":null,"jsonrpc":"2.0"}';
    expect(writeRpcError(null, -32601, "no")).toBe(error);
    expect(writeRpcResult("a", undefined)).toBe('{"id":"a","jsonrpc":"2.0","result":null}');
    expect(() => writeRpcResult(1, () => 1)).toThrow("JSON_NOT_WRITABLE");
  });
});
