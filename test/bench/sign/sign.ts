/** Signing through the guard against what the token and the disk give alone; docs/operating/benchmarks.md. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { plugIn } from "../../../hsm/emulator/shieldOnLine.js";
import { createKeyFile, openKeyFile } from "../../../hsm/keystore/keystore.js";
import { generatePkcs11Key, openPkcs11 } from "../../../hsm/pkcs11/pkcs11Backend.js";
import { openShield } from "../../../hsm/shield/shieldBackend.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import type { KeyAlgorithm, KeyBackend } from "../../../src/crypto/keyBackend.js";
import { openGuardedSigner } from "../../../src/node/signing/guardedSigner.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import type { GuardedSigner, KeyFamily, SignRequest } from "../../../src/node/signing/port.js";
import { openSqliteGuardStore } from "../../../src/node/signing/sqliteGuardStore.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { makeShield, PIN, ShieldPty } from "../../hsm/shieldBench.js";
import { type SoftHsm, startSoftHsm } from "../../support/softhsm.js";
import { type Figure, median, round, seconds } from "../measure.js";
import { openRawToken } from "./rawToken.js";

const ROUNDS = 5;
const SIGNATURES = 3_000;
/** Requests under way; four sessions sign, the rest waits its turn. */
const AT_ONCE = 32;
const SESSIONS = 4;
const SHIELD_SIGNATURES = 20;
const NANOSECONDS_PER_MS = 1e6;
const SETTLE_MS = 20;
const CHAIN_ID = new Uint8Array(32).fill(7);

async function rate(count: number, work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const start = seconds();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await work(next++);
    }),
  );
  return count / (seconds() - start);
}

const rawRate = (backend: KeyBackend, count: number) =>
  rate(count, (i) => backend.signDigest(new Uint8Array(32).fill(1 + (i % 250)), 60_000));

const transaction = (i: number): SignRequest => ({
  purpose: "transaction",
  data: {
    ...{ version: 0, chainId: "chain0", groupId: "group0", blockLimit: 500, nonce: i.toString(16).padStart(32, "0") },
    ...{ to: `0x${"cd".repeat(20)}`, input: new Uint8Array(36), abi: "", value: "", gasPrice: "", gasLimit: 0n },
    ...{ maxFeePerGas: "", maxPriorityFeePerGas: "", extension: new Uint8Array(0) },
  },
});

const vote = (height: number): SignRequest => ({
  purpose: "vote",
  vote: { height, view: 0, phase: "commit", proposal: new Uint8Array(32).fill(3) },
});

/** Appends and syncs one after the other, as many a second as this disk does. */
function fsyncRate(folder: string): number {
  const file = openSync(join(folder, "fsync"), "w");
  const block = new Uint8Array(4_096);
  const start = seconds();
  for (let i = 0; i < SIGNATURES; i++) {
    writeSync(file, block);
    fsyncSync(file);
  }
  closeSync(file);
  return SIGNATURES / (seconds() - start);
}

function figure(bench: string, rates: readonly number[], limits: readonly number[], must?: number): Figure {
  const ratio = median(rates.map((value, i) => value / (limits[i] ?? Number.NaN)));
  return {
    bench,
    value: round(median(rates)),
    unit: "signatures/s",
    limit: round(median(limits)),
    ratio: round(ratio),
    must: must === undefined ? "report" : `ratio >= ${must}`,
    met: must === undefined || ratio >= must,
  };
}

async function guarded(folder: string, backend: KeyBackend, family: KeyFamily, name: "ecdsa" | "sm") {
  const suite = await loadSuite(name);
  const store = await openSqliteGuardStore(join(folder, `${family}-${name}-${backend.facts.backend}.db`));
  const profile = { suite: name, layout: "fisco", faultModel: "bft" } as const;
  const id = { chain: CHAIN_ID, publicKey: await backend.publicKey() };
  if (family === "sealer") {
    await advanceHistory(store, id, { suite: name, family, to: { height: 0 }, anchor: backend.anchor });
  }
  const chain = { id: CHAIN_ID, chainId: "chain0", groupId: "group0", profile };
  const signer = await openGuardedSigner({ backend, store, suite, chain, family, development: true });
  return { signer, store };
}

async function compare(
  bench: string,
  raw: () => Promise<number> | number,
  sign: (round: number) => Promise<number>,
  must?: number,
): Promise<Figure> {
  const rates: number[] = [];
  const limits: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const limit = await raw();
    const value = await sign(i);
    // The first round warms up.
    if (i === 0) continue;
    limits.push(limit);
    rates.push(value);
  }
  return figure(bench, rates, limits, must);
}

const signMany = (signer: GuardedSigner, count: number) => rate(count, (i) => signer.sign(transaction(i)));

export async function* signBench(): AsyncIterable<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-bench-sign-"));
  const hsm = startSoftHsm();
  try {
    yield* onToken(folder, hsm);
    yield* inFiles(folder);
    yield* onShield();
  } finally {
    rmSync(folder, { recursive: true, force: true });
    hsm.remove();
  }
}

async function* onToken(folder: string, hsm: SoftHsm): AsyncIterable<Figure> {
  const open = (algorithm: KeyAlgorithm, keyId: string): Promise<KeyBackend> =>
    openPkcs11({ ...hsm.options(true), key: { algorithm, keyId }, sessions: SESSIONS });
  const make = (algorithm: KeyAlgorithm, keyId: string) =>
    generatePkcs11Key({ ...hsm.options(true), key: { algorithm, keyId }, sessions: SESSIONS }, keyId);
  await make("p256", "b2");
  await make("secp256k1", "a1");
  await make("secp256k1", "c3");
  const pin = new TextDecoder().decode(hsm.options(true).pin);
  const raw = (keyId: string) => openRawToken(hsm.module, pin, keyId, SESSIONS);

  const rawP256 = await raw("b2");
  const p256 = await open("p256", "b2");
  yield await compare(
    "sign.pkcs11.p256",
    () => rawP256.rate(SIGNATURES),
    () => rawRate(p256, SIGNATURES),
  );
  await p256.close();
  rawP256.close();

  const token = await raw("a1");
  const account = await guarded(folder, await open("secp256k1", "a1"), "account", "ecdsa");
  yield await compare(
    "sign.pkcs11.secp256k1",
    () => token.rate(SIGNATURES),
    () => signMany(account.signer, SIGNATURES),
    0.75,
  );
  await account.signer.close();
  account.store.close();

  const sealer = await guarded(folder, await open("secp256k1", "c3"), "sealer", "ecdsa");
  let worst = 0;
  const limit = async () => Math.min(await token.rate(SIGNATURES), fsyncRate(folder));
  const votes = async (i: number): Promise<number> => {
    // One for each round, started from an idle loop: the blocking fsyncs of the limit are not the guard's.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await setTimeout(SETTLE_MS);
    delay.enable();
    const value = await rate(SIGNATURES, (at) => sealer.signer.sign(vote(1 + i * SIGNATURES + at)));
    delay.disable();
    if (i > 0) worst = Math.max(worst, delay.max / NANOSECONDS_PER_MS);
    return value;
  };
  yield await compare("sign.votes", limit, votes, 0.8);
  const stall = { bench: "sign.stall.ms", value: round(worst), unit: "ms", limit: 20, ratio: round(worst / 20) };
  yield { ...stall, must: "value <= 20", met: worst <= 20 };
  await sealer.signer.close();
  sealer.store.close();
  token.close();
}

/** A U-shield on a pty pair, its button pressed by itself: the line and the protocol, not the shield, set the pace. */
async function* onShield(): AsyncIterable<Figure> {
  const pair = new ShieldPty();
  await pair.plug();
  const plugged = plugIn(makeShield({ button: "pressed" }), pair.far);
  try {
    const shield = await openShield({ path: pair.near, pin: pair.pinFile(PIN) });
    const value = await rate(SHIELD_SIGNATURES, () => shield.signDigest(new Uint8Array(32).fill(9), 10_000));
    yield figure("sign.shield", [value], [value]);
    await shield.close();
  } finally {
    await plugged.unplug();
    await pair.remove();
  }
}

async function* inFiles(folder: string): AsyncIterable<Figure> {
  const passphrase = new TextEncoder().encode("bench");
  for (const [algorithm, name] of [
    ["secp256k1", "ecdsa"],
    ["sm2", "sm"],
  ] as const) {
    const path = join(folder, `${algorithm}.json`);
    await createKeyFile(path, algorithm, passphrase, systemRandom);
    const raw = await openKeyFile(path, passphrase);
    const { signer, store } = await guarded(folder, await openKeyFile(path, passphrase), "account", name);
    yield await compare(
      `sign.keystore.${algorithm}`,
      () => rawRate(raw, 300),
      () => signMany(signer, 300),
    );
    await signer.close();
    store.close();
    await raw.close();
  }
}
