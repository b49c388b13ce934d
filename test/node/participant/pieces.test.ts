import fc from "fast-check";
import { expect, it } from "vitest";
import {
  PIECE_SIGNATURES_INLINE_MAX,
  PIECE_SIGNATURES_MAX,
  PIECE_SIGNATURES_MIN,
} from "../../../src/node/participant/recovery/limits.js";
import { type Batch, cut } from "../../../src/node/participant/recovery/pieces.js";

function sizes(length: number, workers: number): number[] {
  const batch: Batch = { results: [], left: length, bytes: 0, resolve() {}, reject() {} };
  return cut(batch, new Array(length).fill(new Uint8Array(0)), workers).map(({ openCount }) => openCount);
}

it.each([
  [1, 2, [1]],
  [8, 2, [8]],
  [16, 2, [8, 8]],
  [20, 4, [6, 7, 7]],
  [100, 1, [50, 50]],
  [100, 2, [50, 50]],
  [100, 3, [33, 33, 34]],
  [150, 2, [37, 38, 37, 38]],
  [40, 0, [13, 13, 14]],
])("%i transactions for %i workers are cut into %j", (length, workers, expected) => {
  expect(sizes(length, workers)).toEqual(expected);
});

it("pieces are even, neither too large nor without need too small, and nothing is left out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 16 }), (length, workers) => {
      const cuts = sizes(length, workers);
      expect(cuts.reduce((sum, size) => sum + size, 0)).toBe(length);
      const [least, most] = [Math.min(...cuts), Math.max(...cuts)];
      expect(most - least).toBeLessThanOrEqual(1);
      expect(most).toBeLessThanOrEqual(workers === 0 ? PIECE_SIGNATURES_INLINE_MAX : PIECE_SIGNATURES_MAX);
      if (workers > 0 && cuts.length > 1) expect(most).toBeGreaterThan(PIECE_SIGNATURES_MIN / 2);
    }),
  );
});
