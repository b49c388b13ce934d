import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NonceWindow } from "../../../src/ledger/pool/nonceWindow.js";

describe("the nonces of the newest blocks", () => {
  it("slide with the height", () => {
    const window = new NonceWindow(0, 3);
    const known = (): string => ["a", "b", "c", "d", "e"].filter((nonce) => window.has(nonce)).join("");
    const seen = ["a", "b", "c", "d", "e"].map((nonce, i) => {
      window.add(i + 1, [nonce]);
      return known();
    });
    expect(seen).toEqual(["a", "ab", "abc", "bcd", "cde"]);
    window.add(7, []);
    expect(known()).toBe("e");
    window.add(8, []);
    expect(known()).toBe("");
    expect(window.size).toBe(0);
  });

  it("forget everything after a jump", () => {
    const window = new NonceWindow(0, 1_000);
    for (let number = 1; number <= 50; number++) window.add(number, [`${number}`, `${number}b`]);
    expect(window.size).toBe(100);
    window.add(1_000_000, ["x"]);
    expect(window.size).toBe(1);
    expect(window.has("x")).toBe(true);
  });

  it("keep a nonce that was used again for as long as its later block", () => {
    const window = new NonceWindow(0, 2);
    window.add(1, ["a"]);
    window.add(2, ["a"]);
    window.add(3, []);
    expect(window.has("a")).toBe(true);
    window.add(4, []);
    expect(window.has("a")).toBe(false);
  });

  for (const number of [5, 4, 0, -1, 5.5, Number.NaN]) {
    it(`take no block ${number} after block 5`, () => {
      const window = new NonceWindow(4);
      window.add(5, ["a"]);
      expect(() => window.add(number, ["b"])).toThrow("LEDGER_BLOCK_ORDER");
      expect([window.height, window.size, window.has("b")]).toEqual([5, 1, false]);
    });
  }

  it("are those of the last range of heights, whatever blocks come", () => {
    const block = fc.record({ gap: fc.integer({ min: 1, max: 4 }), nonces: fc.array(fc.constantFrom(..."abcdefgh")) });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), fc.integer({ min: 1, max: 8 }), (blocks, range) => {
        const window = new NonceWindow(10, range);
        const added: { number: number; nonces: string[] }[] = [];
        for (const { gap, nonces } of blocks) {
          const number = window.height + gap;
          window.add(number, nonces);
          added.push({ number, nonces });
          const kept = added.filter((each) => each.number > number - range).flatMap((each) => each.nonces);
          for (const nonce of "abcdefgh") expect(window.has(nonce)).toBe(kept.includes(nonce));
          expect(window.size).toBe(new Set(kept).size);
        }
      }),
    );
  });
});
