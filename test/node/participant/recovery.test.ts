/** Recovery in workers and without them: the same answers as the codec's own, in order, whatever becomes of the workers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { buildTransaction } from "../../../src/codec/fisco/transactionBuild.js";
import { transactionHash } from "../../../src/codec/fisco/transactionHash.js";
import { transactionFromRpc } from "../../../src/codec/fisco/transactionRpc.js";
import { transactionSender } from "../../../src/codec/fisco/transactionSender.js";
import { decodeTransaction, encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import type { Suite, SuiteName } from "../../../src/crypto/suite.js";
import { type DecodedCall, decodeCall } from "../../../src/ledger/pool/decodeCall.js";
import { isRefusal } from "../../../src/ledger/pool/refusal.js";
import { RECOVERY_BYTES_MAX, RECOVERY_TRANSACTIONS_MAX } from "../../../src/node/participant/recovery/limits.js";
import type { RecoveryInput, RecoveryResult } from "../../../src/node/participant/recovery/pieces.js";
import { type RecoveryOptions, RecoveryPool } from "../../../src/node/participant/recovery/recoveryPool.js";
import { SUITES, vectors } from "../../codec/fisco/vectors.js";
import { cryptoOf } from "../../support/chains.js";
import { type CompiledModules, compileModules } from "../../support/compiledModules.js";

const SUITE_NAMES = ["ecdsa", "sm"] as const;
const COUNT = { ecdsa: 150, sm: 50 } as const;

const RECOVERY_MAIN = "src/node/participant/recovery/recoveryMain";
let program: CompiledModules;
let folder: string;
const pools: RecoveryPool[] = [];

beforeAll(() => {
  program = compileModules([RECOVERY_MAIN]);
  folder = mkdtempSync(join(tmpdir(), "edgeseal-recovery-"));
});

afterAll(() => {
  program.remove();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

async function poolOf(name: SuiteName, options: Partial<RecoveryOptions> = {}): Promise<RecoveryPool> {
  const { suite } = await cryptoOf(name);
  const chain = { chainId: "chain0", groupId: "group0", suite: name };
  const pool = new RecoveryPool({ chain, suite, workers: 2, program: program.path(RECOVERY_MAIN), ...options });
  pools.push(pool);
  return pool;
}

const made = new Map<SuiteName, readonly Uint8Array[]>();

/** Signed by three accounts in turn. */
async function transactions(name: SuiteName): Promise<readonly Uint8Array[]> {
  const known = made.get(name);
  if (known !== undefined) return known;
  const { suite, signer } = await cryptoOf(name);
  const list = Array.from({ length: COUNT[name] }, (_, i) => {
    const nonce = new Uint8Array(16).fill(i);
    const frame = { chainId: "chain0", groupId: "group0", blockLimit: 500, nonce };
    const data = buildTransaction({ to: new Uint8Array(20).fill(9), input: utf8Bytes(`set ${i}`) }, frame);
    const hash = transactionHash({ chain: suite, web3: suite }, { ...EMPTY, data });
    const signature = signer.signTransaction(new Uint8Array(32).fill(1 + (i % 3)), hash);
    return new Uint8Array(encodeTransaction({ ...EMPTY, data, signature }, hash));
  });
  made.set(name, list);
  return list;
}

const EMPTY = {
  ...{ signature: new Uint8Array(0), type: 0, web3Bytes: new Uint8Array(0) },
  ...{ importTime: 0, attribute: 0, extraData: "" },
};

/** By the slow reference, one by one. */
function expected(suite: Suite, bytes: Uint8Array): RecoveryResult {
  const suites = { chain: suite, web3: suite };
  const { transaction } = decodeTransaction(bytes);
  return {
    ...{ transaction, bytes },
    hash: transactionHash(suites, transaction),
    sender: transactionSender(suites, transaction),
  };
}

/** With the last byte of r changed: another account's for `ecdsa`, nobody's for `sm`. */
function forged(bytes: Uint8Array, signatureBytes: number): Uint8Array {
  const changed = bytes.slice();
  const at = changed.length - signatureBytes + 31;
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

for (const name of SUITE_NAMES) {
  describe(`with ${name}`, () => {
    for (const workers of [0, 1, 2, 3]) {
      it(`${workers} workers say what the codec says, in order`, async () => {
        const pool = await poolOf(name, { workers });
        const list = await transactions(name);
        const results = await pool.recover(list);
        // The reference is slow; every seventh still meets each piece and each account.
        for (let i = 0; i < list.length; i += 7) {
          expect(results[i]).toEqual(expected(SUITES[name], list[i] as Uint8Array));
        }
        const fast = (await cryptoOf(name)).suite;
        expect(results).toEqual(list.map((bytes) => expected(fast, bytes)));
        expect(pool.state()).toEqual({ workers, workersLost: 0, pending: 0 });
      });
    }

    it("what was decoded before needs no second decoding", async () => {
      const pool = await poolOf(name);
      const list = await transactions(name);
      const chain = { chainId: "chain0", groupId: "group0", suite: name };
      const decoded = list.map((bytes) => decodeCall(bytes, chain) as DecodedCall);
      expect(await pool.recover(decoded)).toEqual(await pool.recover(list));
    });

    for (const workers of [0, 2]) {
      it(`damaged ones among good ones get their code, with ${workers} workers`, async () => {
        const pool = await poolOf(name, { workers });
        const list = [...(await transactions(name))];
        const length = SUITES[name].transactionSignatureBytes;
        const first = list[0] as Uint8Array;
        list[3] = new Uint8Array(0);
        list[10] = first.slice(0, 50);
        list[11] = concatBytes([first, utf8Bytes("more")]);
        list[40] = new Uint8Array(200_000);
        const { transaction } = decodeTransaction(first);
        const zero = { ...transaction, signature: new Uint8Array(length) };
        list[20] = new Uint8Array(encodeTransaction(zero, new Uint8Array(32)));
        const abroad = { ...transaction, data: { ...transaction.data, chainId: "chain1" } };
        list[21] = new Uint8Array(encodeTransaction(abroad, new Uint8Array(32)));
        const results = await pool.recover(list);
        const codes = new Map(results.flatMap((result, i) => (isRefusal(result) ? [[i, result.code] as const] : [])));
        const wanted = { 3: 10_003, 10: 10_003, 11: 10_003, 20: 10_008, 21: 10_006, 40: 10_003 };
        expect(Object.fromEntries(codes)).toEqual(wanted);
        const fast = (await cryptoOf(name)).suite;
        for (const [i, bytes] of list.entries()) if (!codes.has(i)) expect(results[i]).toEqual(expected(fast, bytes));
      });
    }

    it("a signature that was changed is never its account's", async () => {
      const pool = await poolOf(name);
      const list = await transactions(name);
      const results = await pool.recover(list.map((bytes) => forged(bytes, SUITES[name].transactionSignatureBytes)));
      const good = await pool.recover(list);
      for (const [i, result] of results.entries()) {
        if (isRefusal(result)) expect(result).toEqual({ code: 10_008, message: "InvalidSignature" });
        else expect(toHex(result.sender)).not.toBe(toHex((good[i] as typeof result).sender));
      }
    });
  });
}

describe("real transactions", () => {
  it("of both suites get the sender that FISCO's own receipts name", async () => {
    const file = vectors("fisco-transactions");
    for (const { crypto, encoded, expectedHash } of file.encoded) {
      const pool = await poolOf(crypto);
      const [result] = await pool.recover([fromHex(encoded)]);
      expect(result).toEqual(expected(SUITES[crypto as SuiteName], fromHex(encoded)));
      expect(toHex((result as { hash: Uint8Array }).hash)).toBe(expectedHash);
    }
    const pool = await poolOf("ecdsa");
    for (const { rpc } of file.rpcJson) {
      const { transaction, hash } = transactionFromRpc(rpc, SUITES.ecdsa.hash);
      const [result] = await pool.recover([encodeTransaction(transaction, hash)]);
      expect(`0x${toHex((result as { sender: Uint8Array }).sender)}`).toBe(rpc.from);
    }
  });
});

describe("what comes in", () => {
  it("may be nothing", async () => {
    expect(await (await poolOf("ecdsa")).recover([])).toEqual([]);
  });

  it("may be many batches at once, each with its own results", async () => {
    const pool = await poolOf("ecdsa");
    const list = await transactions("ecdsa");
    const sizes = [1, 2, 7, 8, 9, 64, 65, 128, 129, 150, 3];
    const batches = await Promise.all(sizes.map((size) => pool.recover(list.slice(0, size))));
    const whole = await pool.recover(list);
    for (const [i, size] of sizes.entries()) expect(batches[i]).toEqual(whole.slice(0, size));
  });

  it("is refused above the limits, and taken again when there is room", async () => {
    const pool = await poolOf("ecdsa", { workers: 0 });
    const one = new Uint8Array(0);
    const full = pool.recover(new Array<RecoveryInput>(RECOVERY_TRANSACTIONS_MAX).fill(one));
    await expect(pool.recover([one])).rejects.toThrow("RECOVERY_BUSY");
    expect(pool.state().pending).toBe(RECOVERY_TRANSACTIONS_MAX);
    await full;
    expect(await pool.recover([one])).toHaveLength(1);
    const large = new Uint8Array(RECOVERY_BYTES_MAX / 2);
    const two = pool.recover([large, large, ...new Array<RecoveryInput>(20).fill(one)]);
    await expect(pool.recover([new Uint8Array(1)])).rejects.toMatchObject({ problem: { unit: "bytes" } });
    await two;
    expect(pool.state().pending).toBe(0);
    expect(await pool.recover([large, large])).toHaveLength(2);
  });

  it("lets the rest of the program live, good or bad", async () => {
    const [good] = await transactions("ecdsa");
    for (const workers of [0, 1]) {
      for (const bytes of [new Uint8Array(0), good as Uint8Array]) {
        const pool = await poolOf("ecdsa", { workers });
        let turns = 0;
        const turn = (): void => {
          turns++;
          timer = setImmediate(turn);
        };
        let timer = setImmediate(turn);
        await pool.recover(new Array<RecoveryInput>(4_096).fill(bytes));
        clearImmediate(timer);
        // Each piece in a turn of its own: 64 of 64, or 256 of 16.
        expect(turns).toBeGreaterThanOrEqual(30);
      }
    }
  });

  it("is refused after the end, and what was under way ends with it", async () => {
    for (const workers of [0, 1]) {
      const pool = await poolOf("ecdsa", { workers });
      const underWay = expect(pool.recover(await transactions("ecdsa"))).rejects.toThrow("RECOVERY_CLOSED");
      await pool.close();
      await underWay;
      await expect(pool.recover([])).rejects.toThrow("RECOVERY_CLOSED");
      expect(pool.state()).toEqual({ workers: 0, workersLost: 0, pending: 0 });
    }
  });

  it("decoded with a signature of another length is refused, not packed", async () => {
    const pool = await poolOf("ecdsa");
    const calls = (await transactions("ecdsa")).slice(0, 2).map((bytes) => {
      const { transaction } = decodeTransaction(bytes);
      return { transaction, bytes };
    });
    const [first, second] = calls as [DecodedCall, DecodedCall];
    const long = { ...first, transaction: { ...first.transaction, signature: new Uint8Array(200).fill(1) } };
    const results = await pool.recover([long, second]);
    expect(results[0]).toEqual({ code: 10_008, message: "InvalidSignature" });
    expect(results[1]).toEqual(expected(SUITES.ecdsa, second.bytes));
  });

  it("a mistake of our own rejects its batch only", async () => {
    const pool = await poolOf("ecdsa", { workers: 0 });
    const [bytes] = await transactions("ecdsa");
    const broken = pool.recover([{ bytes: new Uint8Array(1) } as DecodedCall]);
    const sound = pool.recover([bytes as Uint8Array]);
    await expect(broken).rejects.toThrow(TypeError);
    expect(await sound).toHaveLength(1);
    expect(pool.state().pending).toBe(0);
  });
});

describe("workers that die", () => {
  /** The real program, with a defect before its answers. */
  function defective(what: string, beforeAnswer: string): string {
    const path = join(folder, `${what}.mjs`);
    const lines = [
      `import { parentPort } from "node:worker_threads";`,
      `import { openSync } from "node:fs";`,
      `const first = (name) => { try { openSync(name, "wx"); return true; } catch { return false; } };`,
      `const post = parentPort.postMessage.bind(parentPort);`,
      `let answers = 0;`,
      `parentPort.postMessage = (...args) => { answers++; ${beforeAnswer}; post(...args); };`,
      `await import(${JSON.stringify(pathToFileURL(program.path(RECOVERY_MAIN)).href)});`,
    ];
    writeFileSync(path, lines.join("\n"));
    return path;
  }

  const mark = (name: string): string => JSON.stringify(join(folder, name));
  const DEFECTS: readonly [what: string, program: () => string, state: { workers: number; workersLost?: number }][] = [
    [
      "once, before its first answer",
      () => defective("once", `if (first(${mark("m1")})) process.exit(3)`),
      { workers: 2, workersLost: 1 },
    ],
    [
      "once, in the middle",
      () => defective("middle", `if (answers === 2 && first(${mark("m2")})) process.exit(3)`),
      { workers: 2, workersLost: 1 },
    ],
    [
      "by an error",
      () => defective("error", `if (first(${mark("m3")})) throw new TypeError("no")`),
      { workers: 2, workersLost: 1 },
    ],
    [
      "by a wrong answer",
      () => defective("wrong", `if (first(${mark("m4")})) return post(new ArrayBuffer(5))`),
      { workers: 2, workersLost: 1 },
    ],
    ["after every answer but the first", () => defective("often", "if (answers > 1) process.exit(3)"), { workers: 2 }],
    ["over every piece", () => defective("always", "process.exit(3)"), { workers: 0, workersLost: 6 }],
    ["by an error at every start", () => join(folder, "not-there.mjs"), { workers: 0, workersLost: 6 }],
  ];
  for (const [what, path, state] of DEFECTS) {
    it(`${what}: every batch is answered, in order`, async () => {
      const warnings: unknown[] = [];
      const silent = { debug() {}, info() {}, error() {} };
      const logger = { ...silent, warn: (fields: unknown) => warnings.push(fields) };
      const pool = await poolOf("ecdsa", { program: path(), logger });
      const list = [...(await transactions("ecdsa"))];
      // One that is refused before any worker has it: it must not count twice when its piece goes to another.
      list[5] = new Uint8Array(0);
      const wanted = await (await poolOf("ecdsa", { workers: 0 })).recover(list);
      const batches = await Promise.all([pool.recover(list), pool.recover(list), pool.recover(list.slice(0, 5))]);
      expect(batches).toEqual([wanted, wanted, wanted.slice(0, 5)]);
      // Without workers there are no more to be lost; with them the next batches are theirs.
      expect(await pool.recover(list)).toEqual(wanted);
      expect(pool.state()).toMatchObject({ ...state, pending: 0 });
      expect(warnings).toHaveLength(pool.state().workersLost);
    });
  }
});
