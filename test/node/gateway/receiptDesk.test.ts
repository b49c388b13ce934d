import { afterEach, describe, expect, test, vi } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import { BATCH_MS, BATCH_RECEIPTS, headOf, receiptPath, underHead } from "../../../src/device/rules/receiptBatch.js";
import {
  isHeadEquivocation,
  isHeadSigned,
  readSignedHead,
  type SignedHead,
  signedHeadBytes,
} from "../../../src/device/rules/signedHead.js";
import { ReceiptDesk } from "../../../src/node/gateway/receiptDesk.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import { MemoryGuardStore } from "../../../src/node/signing/memoryGuardStore.js";
import { MemoryGatewayStore } from "../../../src/store/gateway/memoryGatewayStore.js";
import { CHAIN, Token } from "../signing/guardWorld.js";

const TURNS = 20;
const suite = referenceSuite("ecdsa");
const hash = suite.hash.bind(suite);
const hashOf = (sequence: number): Uint8Array => hash(Uint8Array.of(sequence & 255, sequence >> 8));

afterEach(() => vi.useRealTimers());

const begin = (token: Token, store: MemoryGuardStore): Promise<unknown> =>
  advanceHistory(store, token.id, {
    ...{ suite: "ecdsa", family: "device", anchor: token.anchor },
    to: { receipt: 0 },
  });

async function world() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const store = new MemoryGatewayStore({ now: () => 1_800_000_000_000 });
  const guardStore = new MemoryGuardStore();
  const token = await Token.make();
  await begin(token, guardStore);
  const published: Uint8Array[] = [];
  const at = { online: true };
  const open = async (): Promise<ReceiptDesk> => {
    const signer = await token.guard(guardStore, { family: "device" });
    return new ReceiptDesk({
      ...{ gateway: "gw", chain: CHAIN.id, hash, signer, store, logger: SILENT_LOGGER },
      publish: async (bytes) => {
        if (at.online) published.push(bytes);
        return at.online;
      },
      closed: () => signer.close(),
    });
  };
  const receipt = (desk: ReceiptDesk | undefined, sequence: number): void => {
    const bytes = new Uint8Array(10);
    store.apply([{ kind: "receipt", sequence, hash: hashOf(sequence), bytes, inputs: bytes }]);
    desk?.receipt(sequence, hashOf(sequence));
  };
  return { store, token, published, at, open, receipt };
}

/** The guard's disk works in turns of its own. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(0);
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const heads = (store: MemoryGatewayStore): SignedHead[] =>
  store.heads(0, 100).map(({ bytes }) => readSignedHead(bytes));

describe("receipts", () => {
  test("are signed together after ten seconds, and each is provable under the head", async () => {
    const { store, open, receipt, published } = await world();
    const desk = await open();
    desk.start();
    for (let sequence = 1; sequence <= 3; sequence++) receipt(desk, sequence);
    await pass(BATCH_MS - 10);
    expect(heads(store)).toEqual([]);
    await pass(20);
    const [signed] = heads(store);
    expect(signed?.head).toMatchObject({ epoch: 1, fromSequence: 1, toSequence: 3, count: 3 });
    if (signed === undefined) return;
    expect(isHeadSigned(suite, signed)).toBe(true);
    expect(isHeadSigned(suite, { ...signed, head: { ...signed.head, toSequence: 4 } })).toBe(false);
    expect(isHeadSigned(suite, { ...signed, chain: new Uint8Array(32) })).toBe(false);
    const hashes = [1, 2, 3].map(hashOf);
    const path = receiptPath(hash, signed.head, hashes, 2);
    expect(underHead(hash, signed.head, 2, hashOf(2), path)).toBe(true);
    expect(underHead(hash, signed.head, 2, hashOf(3), path)).toBe(false);
    expect(published).toEqual([signedHeadBytes(signed)]);
    expect(store.outboxNext()).toBeUndefined();
    await desk.stop();
  });

  test("of a busy time are signed at once when there are enough", async () => {
    const { store, open, receipt } = await world();
    const desk = await open();
    desk.start();
    for (let sequence = 1; sequence <= 2 * BATCH_RECEIPTS + 5; sequence++) receipt(desk, sequence);
    await pass(100);
    expect(heads(store).map(({ head }) => head.toSequence)).toEqual([BATCH_RECEIPTS, 2 * BATCH_RECEIPTS]);
    await pass(BATCH_MS);
    expect(heads(store).at(-1)?.head).toMatchObject({ fromSequence: 201, toSequence: 205 });
    await desk.stop();
  });

  test("of before a restart are signed after it, without a gap", async () => {
    const { store, open, receipt } = await world();
    const first = await open();
    first.start();
    for (let sequence = 1; sequence <= 4; sequence++) receipt(first, sequence);
    await pass(BATCH_MS + 10);
    receipt(first, 5);
    await first.stop();
    receipt(undefined, 6);
    const second = await open();
    second.start();
    receipt(second, 7);
    await pass(BATCH_MS + 10);
    expect(heads(store).map(({ head }) => [head.fromSequence, head.toSequence])).toEqual([
      [1, 4],
      [5, 7],
    ]);
    await second.stop();
  });

  test("wait in the outbox while the broker is away", async () => {
    const { store, open, receipt, published, at } = await world();
    at.online = false;
    const desk = await open();
    desk.start();
    receipt(desk, 1);
    await pass(BATCH_MS + 10);
    expect(heads(store)).toHaveLength(1);
    expect(published).toEqual([]);
    at.online = true;
    await desk.publishWaiting();
    expect(published).toHaveLength(1);
    await desk.publishWaiting();
    expect(published).toHaveLength(1);
    await desk.stop();
  });

  test("are signed later when the token cannot now", async () => {
    const { store, open, receipt, token } = await world();
    const desk = await open();
    desk.start();
    token.sabotage = () => {
      throw Object.assign(new Error("away"), { code: "TEST_AWAY" });
    };
    receipt(desk, 1);
    await pass(BATCH_MS + 10);
    expect(heads(store)).toEqual([]);
    token.sabotage = undefined;
    await pass(60_000);
    expect(heads(store)).toHaveLength(1);
    await desk.stop();
  });
});

test("two heads of one place are proof that two stories were told", async () => {
  const { token } = await world();
  const sign = async (byte: number): Promise<SignedHead> => {
    // A key that was copied: each copy with a history of its own.
    const guardStore = new MemoryGuardStore();
    token.value = undefined;
    await begin(token, guardStore);
    const guard = await token.guard(guardStore, { family: "device" });
    const head = headOf(hash, 1, 1, [new Uint8Array(32).fill(byte)]);
    const { signature } = await guard.sign({ purpose: "receiptHead", epoch: 1, sequence: 1, root: head.root });
    return { gateway: "gw", chain: CHAIN.id, head, publicKey: token.publicKey, signature };
  };
  const [one, other] = [await sign(1), await sign(2)];
  expect(isHeadEquivocation(suite, one, other)).toBe(true);
  expect(isHeadEquivocation(suite, one, one)).toBe(false);
  expect(isHeadEquivocation(suite, one, { ...other, signature: one.signature })).toBe(false);
});
