import { expect, it } from "vitest";
import { ANSWER_MARGIN_MS, SIGNATURES_WAITING_MAX } from "../../hsm/pkcs11/limits.js";
import { SessionPool } from "../../hsm/pkcs11/sessionPool.js";
import { refusalOf } from "../support/keyBackendContract.js";

const SESSION = Buffer.from([1]);

it("serves in the order of asking, and holds no more than its limit", async () => {
  const pool = new SessionPool();
  pool.give(SESSION, 0);
  expect(await pool.take(0, 1_000)).toBe(SESSION);
  const served: number[] = [];
  for (let i = 0; i < SIGNATURES_WAITING_MAX; i++) void pool.take(0, 1_000).then(() => served.push(i));
  expect(await refusalOf(pool.take(0, 1_000))).toBe("PKCS11_BUSY");
  for (let i = 0; i < SIGNATURES_WAITING_MAX; i++) pool.give(SESSION, 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(served).toEqual(Array.from({ length: SIGNATURES_WAITING_MAX }, (_, i) => i));
});

it("lets go whom the token cannot answer in time, and judges nobody while none waits", async () => {
  const pool = new SessionPool();
  pool.signed(100);
  const [late, tight, timely] = [pool.take(0, 150), pool.take(0, 249 + ANSWER_MARGIN_MS), pool.take(0, 1_000)];
  const refusals = Promise.all([late, tight].map((each) => refusalOf(each)));
  pool.give(SESSION, 50);
  expect(await refusals).toEqual(["PKCS11_OVERLOADED", "PKCS11_OVERLOADED"]);
  expect(await timely).toBe(SESSION);
  pool.signed(100_000);
  pool.give(SESSION, 60);
  expect(await pool.take(60, 70)).toBe(SESSION);
});
