/** Heads of receipts behind the real guard: every receipt stands under one signed head, whenever the gateway dies. */
import { beforeEach, expect, it } from "vitest";
import { equalBytes } from "../../../src/base/bytes.js";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { BATCH_MS, headOf } from "../../../src/device/rules/receiptBatch.js";
import { decodeShape } from "../../../src/device/rules/shape.js";
import { HEADS_RETRY_MS, HeadSigner, type SignedHead, signedHeadShape } from "../../../src/node/gateway/headSigner.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import { MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import { MemoryGatewayStore } from "../../../src/store/gateway/memoryGatewayStore.js";
import { Token } from "../signing/guardWorld.js";

let token: Token;
let disk: ReturnType<typeof memoryGuardDisk>;
let store: MemoryGatewayStore;
let nowMs: number;

beforeEach(async () => {
  token = await Token.make();
  disk = memoryGuardDisk();
  const begin = { suite: "ecdsa", family: "device", to: { receipt: 0 }, anchor: token.anchor } as const;
  await advanceHistory(new MemoryGuardStore(disk), token.id, begin);
  store = new MemoryGatewayStore({ now: () => 1_780_000_000_000 });
  nowMs = 0;
});

const hashOf = (sequence: number): Uint8Array => token.suite.hash(Uint8Array.of(sequence >> 8, sequence & 255));

function receipts(from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    const bytes = Uint8Array.of(sequence & 255);
    store.apply([{ kind: "receipt", sequence, hash: hashOf(sequence), bytes, inputs: bytes }]);
  }
}

/** Of another process on the same disk. */
async function signerOfHeads() {
  const signer = await token.guard(new MemoryGuardStore(disk), { family: "device", reserve: "each" });
  return new HeadSigner({ store, signer, hash: token.suite.hash, nowMs: () => nowMs, logger: SILENT_LOGGER });
}

function signedHeads(): SignedHead[] {
  const heads: SignedHead[] = [];
  let after: number | undefined;
  for (let entry = store.outboxNext(); entry !== undefined; entry = store.outboxNext(after)) {
    heads.push(decodeShape(signedHeadShape("ecdsa"), entry.bytes, entry.name));
    after = entry.sequence;
  }
  return heads;
}

/** From the first receipt to the last one, without gap and overlap, each root that of its receipts. */
function expectCovered(to: number): void {
  let next = 1;
  for (const { head } of signedHeads()) {
    expect(head.fromSequence).toBe(next);
    const hashes = Array.from({ length: head.count }, (_, i) => hashOf(next + i));
    expect(equalBytes(headOf(token.suite.hash, 0, next, hashes).root, head.root)).toBe(true);
    next = head.toSequence + 1;
  }
  expect(next - 1).toBe(to);
}

it("signs a hundred at once, and what is left after ten seconds", async () => {
  receipts(1, 230);
  const heads = await signerOfHeads();
  await heads.turn();
  expect(heads.signedTo).toBe(200);
  nowMs += BATCH_MS;
  await heads.turn();
  expect(heads.signedTo).toBe(230);
  receipts(231, 232);
  await heads.turn();
  expect(heads.signedTo).toBe(230);
  nowMs += BATCH_MS;
  await heads.turn();
  expectCovered(232);
});

it("asks for the same head again when it died over it, though there are more receipts now", async () => {
  receipts(1, 3);
  const first = await signerOfHeads();
  nowMs += BATCH_MS;
  // The token signs, and the gateway is gone before it has kept the signature.
  const put = store.outboxPut.bind(store);
  store.outboxPut = () => {
    throw new Error("power lost");
  };
  await first.turn();
  store.outboxPut = put;
  receipts(4, 7);
  const second = await signerOfHeads();
  await second.turn();
  expect(second.signedTo).toBe(3);
  nowMs += BATCH_MS;
  await second.turn();
  expectCovered(7);
  // One digest for the first head, asked for twice.
  expect(new Set(token.signed).size).toBe(2);
});

it("rests when the key cannot be used, and goes on later", async () => {
  receipts(1, 1);
  const heads = await signerOfHeads();
  nowMs += BATCH_MS;
  token.sabotage = () => {
    throw new Error("token pulled out");
  };
  await heads.turn();
  token.sabotage = undefined;
  await heads.turn();
  expect(heads.signedTo).toBe(0);
  nowMs += HEADS_RETRY_MS;
  await heads.turn();
  expectCovered(1);
});
