/** Changes over a state, against a plain map with copies for checkpoints. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8Bytes } from "../../src/base/bytes.js";
import { LedgerError } from "../../src/ledger/problems.js";
import { KEY_BYTES_MAX, type StateReader, TABLE_CHARACTERS_MAX, VALUE_BYTES_MAX } from "../../src/ledger/records.js";
import { StateOverlay } from "../../src/ledger/stateOverlay.js";
import { thrownCode } from "../support/testLedger.js";

type Records = ReadonlyMap<string, Uint8Array>;

function reader(records: Records): StateReader {
  return { get: (table, key) => records.get(`${table}/${key}`) };
}

function over(records: Readonly<Record<string, Uint8Array>> = {}): StateOverlay {
  return new StateOverlay(reader(new Map(Object.entries(records))));
}

const amount = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));

function shown(overlay: StateOverlay): unknown[] {
  return overlay
    .changes()
    .map(({ table, key, value }) => [table, key, value === undefined ? undefined : toHex(value)])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

describe("records", () => {
  test("are read from below until they are written or deleted, and leave what is below alone", () => {
    const below = new Map([["t/a", utf8Bytes("one")]]);
    const overlay = new StateOverlay(reader(below));
    expect(overlay.get("t", "a")).toEqual(utf8Bytes("one"));
    overlay.set("t", "a", utf8Bytes("two"));
    overlay.set("t", "b", new Uint8Array(0));
    expect(overlay.get("t", "a")).toEqual(utf8Bytes("two"));
    expect(overlay.get("t", "b")).toEqual(new Uint8Array(0));
    overlay.delete("t", "a");
    expect(overlay.get("t", "a")).toBeUndefined();
    expect(overlay.get("other", "b")).toBeUndefined();
    expect(below).toEqual(new Map([["t/a", utf8Bytes("one")]]));
  });

  test("are changes once each, with what was there before, and only where they differ", () => {
    const overlay = over({ "t/same": utf8Bytes("s"), "t/gone": utf8Bytes("g"), "t/other": utf8Bytes("o") });
    overlay.set("t", "same", utf8Bytes("x"));
    overlay.set("t", "same", utf8Bytes("s"));
    overlay.delete("t", "gone");
    overlay.delete("t", "never");
    overlay.set("t", "new", utf8Bytes("1"));
    overlay.set("t", "new", utf8Bytes("2"));
    overlay.set("t", "undone", utf8Bytes("1"));
    overlay.delete("t", "undone");
    overlay.set("t", "other", utf8Bytes("p"));
    expect(overlay.diffs()).toEqual([
      { table: "t", key: "gone", before: utf8Bytes("g"), after: undefined },
      { table: "t", key: "new", before: undefined, after: utf8Bytes("2") },
      { table: "t", key: "other", before: utf8Bytes("o"), after: utf8Bytes("p") },
    ]);
    expect(shown(overlay)).toEqual([
      ["t", "gone", undefined],
      ["t", "new", "32"],
      ["t", "other", "70"],
    ]);
  });

  test("go back to a checkpoint, inside another one too", () => {
    const overlay = over({ "t/a": utf8Bytes("below") });
    const start = overlay.checkpoint();
    overlay.set("t", "a", utf8Bytes("1"));
    const inner = overlay.checkpoint();
    overlay.delete("t", "a");
    overlay.set("u", "b", utf8Bytes("2"));
    overlay.addAmount("t", "sum", 5n);
    overlay.revert(inner);
    expect(overlay.get("t", "a")).toEqual(utf8Bytes("1"));
    expect(overlay.get("u", "b")).toBeUndefined();
    expect(overlay.amount("t", "sum")).toBe(0n);
    overlay.revert(start);
    expect(overlay.get("t", "a")).toEqual(utf8Bytes("below"));
    expect(overlay.diffs()).toEqual([]);
  });
});

describe("amounts", () => {
  test("are 0 without a record, and 32 bytes big-endian with one", () => {
    const overlay = over({ "t/a": amount(7n) });
    expect([overlay.amount("t", "none"), overlay.amount("t", "a")]).toEqual([0n, 7n]);
    overlay.setAmount("t", "b", 2n ** 256n - 1n);
    expect(overlay.get("t", "b")).toEqual(new Uint8Array(32).fill(0xff));
  });

  test("are added without a look at what is below until somebody reads", () => {
    const asked: string[] = [];
    const overlay = new StateOverlay({
      get: (_table, key) => {
        asked.push(key);
        return amount(100n);
      },
    });
    overlay.addAmount("t", "hot", 1n);
    overlay.addAmount("t", "hot", 2n);
    const checkpoint = overlay.checkpoint();
    overlay.addAmount("t", "hot", 40n);
    overlay.revert(checkpoint);
    expect(asked).toEqual([]);
    expect(overlay.amount("t", "hot")).toBe(103n);
    overlay.addAmount("t", "hot", 4n);
    expect(overlay.diffs()).toEqual([{ table: "t", key: "hot", before: amount(100n), after: amount(107n) }]);
  });

  test("are added to what this overlay has set or deleted", () => {
    const overlay = over({ "t/a": amount(50n), "t/b": amount(50n) });
    overlay.setAmount("t", "a", 3n);
    overlay.addAmount("t", "a", 4n);
    overlay.delete("t", "b");
    overlay.addAmount("t", "b", 9n);
    expect([overlay.amount("t", "a"), overlay.amount("t", "b")]).toEqual([7n, 9n]);
  });

  test("are refused outside 0..2^256-1", () => {
    const overlay = over();
    for (const wrong of [-1n, 2n ** 256n]) {
      expect(thrownCode(() => overlay.setAmount("t", "a", wrong))).toBe("LEDGER_AMOUNT_RANGE");
      expect(thrownCode(() => overlay.addAmount("t", "a", wrong))).toBe("LEDGER_AMOUNT_RANGE");
    }
    expect(overlay.diffs()).toEqual([]);
  });
});

describe("limits", () => {
  const value = utf8Bytes("v");

  test("of names and values hold to the last byte, and a refused write changes nothing", () => {
    const overlay = over();
    const widest = "é".repeat(KEY_BYTES_MAX / 2);
    overlay.set("t".repeat(TABLE_CHARACTERS_MAX), "k", value);
    overlay.set("t", "k".repeat(KEY_BYTES_MAX), value);
    overlay.set("t", widest, new Uint8Array(VALUE_BYTES_MAX));
    const kept = overlay.changes().length;
    const refused: readonly (readonly [code: string, table: string, key: string, value: Uint8Array])[] = [
      ["LEDGER_RECORD_TABLE", "", "k", value],
      ["LEDGER_RECORD_TABLE", "a b", "k", value],
      ["LEDGER_RECORD_TABLE", "a\n", "k", value],
      ["LEDGER_RECORD_TABLE", "tä", "k", value],
      ["LEDGER_RECORD_TABLE", "t".repeat(TABLE_CHARACTERS_MAX + 1), "k", value],
      ["LEDGER_RECORD_KEY", "t", "k".repeat(KEY_BYTES_MAX + 1), value],
      ["LEDGER_RECORD_KEY", "t", `${widest}x`, value],
      ["LEDGER_RECORD_VALUE", "t", "k", new Uint8Array(VALUE_BYTES_MAX + 1)],
    ];
    for (const [code, table, key, bytes] of refused) {
      expect(thrownCode(() => overlay.set(table, key, bytes))).toBe(code);
      if (code === "LEDGER_RECORD_VALUE") continue;
      expect(thrownCode(() => overlay.delete(table, key))).toBe(code);
      expect(thrownCode(() => overlay.addAmount(table, key, 1n))).toBe(code);
    }
    expect(overlay.changes()).toHaveLength(kept);
    expect(() => overlay.set("", "k", value)).toThrow(LedgerError);
  });
});

describe("any story of writes", () => {
  const TABLES = ["t", "u"];
  const KEYS = ["a", "b", "c"];
  const name = fc.tuple(fc.constantFrom(...TABLES), fc.constantFrom(...KEYS));
  const step = fc.oneof(
    fc.tuple(fc.constant("set" as const), name, fc.bigInt(0n, 3n)),
    fc.tuple(fc.constant("delete" as const), name, fc.constant(0n)),
    fc.tuple(fc.constant("add" as const), name, fc.bigInt(0n, 1000n)),
    fc.tuple(fc.constant("mark" as const), name, fc.constant(0n)),
    fc.tuple(fc.constant("revert" as const), name, fc.bigInt(0n, 5n)),
  );

  test("reads and leaves what a plain map does", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { selector: String }), fc.array(step, { maxLength: 40 }), (there, steps) => {
        const below = new Map(there.map(([table, key], i) => [`${table}/${key}`, amount(BigInt(i))]));
        const overlay = new StateOverlay(reader(below));
        let model = new Map(below);
        const marks: { place: number; model: Map<string, Uint8Array> }[] = [];
        for (const [what, [table, key], number] of steps) {
          const place = `${table}/${key}`;
          if (what === "set") {
            overlay.setAmount(table, key, number);
            model.set(place, amount(number));
          } else if (what === "delete") {
            overlay.delete(table, key);
            model.delete(place);
          } else if (what === "add") {
            overlay.addAmount(table, key, number);
            model.set(place, amount(BigInt(`0x${toHex(model.get(place) ?? Uint8Array.of(0))}`) + number));
          } else if (what === "mark") marks.push({ place: overlay.checkpoint(), model: new Map(model) });
          else {
            const mark = marks[Number(number)];
            if (mark === undefined) continue;
            marks.splice(Number(number) + 1);
            overlay.revert(mark.place);
            model = new Map(mark.model);
          }
        }
        const expected: unknown[] = [];
        for (const table of TABLES) {
          for (const key of KEYS) {
            const [now, before] = [model.get(`${table}/${key}`), below.get(`${table}/${key}`)];
            expect(overlay.get(table, key)).toEqual(now);
            const same =
              now === undefined ? before === undefined : before !== undefined && toHex(now) === toHex(before);
            if (!same) expected.push([table, key, now === undefined ? undefined : toHex(now)]);
          }
        }
        expect(shown(overlay)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
