import { expect, test } from "vitest";
import { Pile } from "../../../src/device/gateway/pile.js";
import { Telemetry } from "../../../src/device/gateway/telemetry.js";
import { MemoryGatewayStore } from "../../../src/store/gateway/memoryGatewayStore.js";

const NOW = { wallMs: 1_800_000_000_000, wallSet: true, monotonicMs: 1 };

test.each([
  ["long texts", (i: number) => ["lamp", "note", "\u0001\u00e9".repeat(128) + i] as const],
  ["many long names", (i: number) => [`d${i}`.padEnd(64, "x"), "p".repeat(64), Number.MIN_SAFE_INTEGER] as const],
])("a piece with %s is written before it is more than the store takes", (_, make) => {
  const store = new MemoryGatewayStore({ now: () => NOW.wallMs });
  const pile = new Pile();
  pile.now = NOW;
  const telemetry = new Telemetry(pile);
  let readings = 0;
  for (let i = 0; i < 10_000; i++) {
    const [device, property, value] = make(i);
    telemetry.add(device, property, { value, at: NOW.wallMs + i, monotonicMs: i, sequence: 0 });
  }
  telemetry.flush();
  for (const write of pile.writes) {
    store.apply([write]);
    if (write.kind === "telemetry") readings += write.readings;
  }
  expect(readings).toBe(10_000);
});
