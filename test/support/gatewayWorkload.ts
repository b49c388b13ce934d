/**
 * The writes of the crash and power-loss tests of the gateway's store: a gateway's life in small. Step n depends on n alone,
 * so that whoever knows how many steps were kept knows every byte that must be there.
 */
import assert from "node:assert/strict";
import type { GatewayWrite } from "../../src/device/gateway/messages.js";
import type { GatewayStore } from "../../src/device/gateway/store.js";
import type { GatewayStoreLimits } from "../../src/store/gateway/limits.js";
import { MemoryGatewayStore } from "../../src/store/gateway/memoryGatewayStore.js";
import { CaseClock, receiptWrite, START_MS, telemetryWrite } from "./gatewayStoreContract.js";
import { bytesFor } from "./storeContract.js";

const STEPS = "steps";
/** Before each such step the outbox is told. */
const OUTBOX_EVERY = 4;
/** Small ones are kept exactly alike by both stores only where nothing is dropped: what is dropped is not compared. */
export const WORKLOAD_LIMITS: Partial<GatewayStoreLimits> = { telemetryBytes: 3_000, outboxEntries: 4 };

function idOf(step: number): Uint8Array {
  const id = bytesFor(step, 16);
  new DataView(id.buffer).setUint32(0, step);
  return id;
}

/** Steps count from 1. */
export function gatewayStep(step: number): GatewayWrite[] {
  const writes: GatewayWrite[] = [
    { kind: "command", id: idOf(step), bytes: bytesFor(step, 90) },
    { kind: "counter", name: STEPS, value: step },
    receiptWrite(step),
    { kind: "ruleState", rule: `rule-${step % 3}`, bytes: bytesFor(step, 60) },
  ];
  if (step > 3) writes.push({ kind: "commandGone", id: idOf(step - 3) });
  if (step % 5 === 0) {
    writes.push({ kind: "shadow", id: `device-${step % 4}`, bytes: bytesFor(step, 700) });
    writes.push(telemetryWrite(START_MS + step * 1_000, 400));
  }
  if (step % 11 === 0) writes.push({ kind: "device", id: `device-${step % 4}`, bytes: bytesFor(step, 250) });
  if (step % 13 === 0) writes.push({ kind: "deviceGone", id: `device-${step % 4}` });
  return writes;
}

export function takeStep(store: GatewayStore, step: number): void {
  if (step % OUTBOX_EVERY === 0) store.outboxPut(STEPS, bytesFor(step, 20));
  store.apply(gatewayStep(step));
}

/** How many steps a store holds, by its own account. */
export function gatewayStepsIn(store: GatewayStore): number {
  return store.load().counters.get(STEPS) ?? 0;
}

function contentOf(store: GatewayStore): unknown {
  const receipts = [];
  for (let from = 0; ; ) {
    const found = store.receipts(from, 1_000);
    receipts.push(...found);
    const last = found.at(-1)?.sequence;
    if (last === undefined) break;
    from = last + 1;
  }
  return { ...store.load(), receipts };
}

/** What stores hold after so many steps, kept from call to call. */
export class ExpectedGateway {
  readonly #store = new MemoryGatewayStore(new CaseClock(), WORKLOAD_LIMITS);
  readonly #contents: unknown[] = [contentOf(this.#store)];

  assertEqual(store: GatewayStore, steps: number): void {
    while (this.#contents.length <= steps) {
      takeStep(this.#store, this.#contents.length);
      this.#contents.push(contentOf(this.#store));
    }
    assert.deepEqual(contentOf(store), this.#contents[steps], `content after ${steps} steps`);
    this.#assertOutbox(store, steps);
    this.#assertTelemetry(store, steps);
  }

  /** The entry is of the last step that has one, or of the next, which comes in a transaction of its own. */
  #assertOutbox(store: GatewayStore, steps: number): void {
    const last = steps - (steps % OUTBOX_EVERY);
    const allowed = [last, last + OUTBOX_EVERY].filter((step) => step > 0 && step <= steps + 1);
    const entry = store.outboxNext();
    if (entry === undefined) assert.ok(last === 0, `no outbox after ${steps} steps`);
    else {
      const found = allowed.some((step) => Buffer.from(entry.bytes).equals(bytesFor(step, 20)));
      assert.ok(found, `outbox after ${steps} steps`);
    }
  }

  #assertTelemetry(store: GatewayStore, steps: number): void {
    const newest = [...store.telemetry(0, Number.MAX_SAFE_INTEGER)].at(-1);
    const last = steps - (steps % 5);
    assert.equal(newest?.from, last === 0 ? undefined : START_MS + last * 1_000);
  }
}
