/** The guard's promises, one by one, on the in-memory store and a token that outlives it. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { sm2PublicKey } from "../../../src/crypto/sm2.js";
import { type GuardOptions, openGuardedSigner } from "../../../src/node/signing/guardedSigner.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import {
  ANCHOR_TIMEOUT_MS,
  PRESENCE_TIMEOUT_MS,
  RESERVE_HEIGHTS,
  SIGN_TIMEOUT_MS,
  WINDOW_SLOTS,
} from "../../../src/node/signing/limits.js";
import { type MemoryGuardDisk, MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import type { SignRequest } from "../../../src/node/signing/port.js";
import { readRequestBytes } from "../../../src/node/signing/requests.js";
import { cryptoOf } from "../../support/chains.js";
import { CHAIN, codeOf, digest32, header, headerRequest, SECRET, Token, vote } from "./guardWorld.js";

let token: Token;
let disk: MemoryGuardDisk;

beforeEach(async () => {
  token = await Token.make();
  disk = memoryGuardDisk();
  await token.begin(new MemoryGuardStore(disk));
});

describe("one digest per slot", () => {
  it("signs with low s and a recovery id that gives the key", async () => {
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    token.sabotage = (bare) => {
      const high = (n - BigInt(`0x${toHex(bare.subarray(32))}`)).toString(16).padStart(64, "0");
      return new Uint8Array(Buffer.from(toHex(bare.subarray(0, 32)) + high, "hex"));
    };
    const guard = await token.guard(new MemoryGuardStore(disk));
    const { signature, digest } = await guard.sign(headerRequest(5));
    expect(toHex(digest)).toBe(toHex(headerHash(token.suite.hash, header(5))));
    expect(token.suite.prepare(token.publicKey)?.verify(digest, signature)).toBe(true);
    expect(token.suite.recover(digest, signature)).toEqual(token.publicKey);
  });

  it("gives the same signature again, also after a clean restart, and refuses another digest with evidence", async () => {
    const first = await token.guard(new MemoryGuardStore(disk));
    const one = await first.sign(vote(3));
    expect(await first.sign(vote(3))).toEqual({ ...one, repeated: true });
    await first.close();
    const second = await token.guard(new MemoryGuardStore(disk));
    expect(await second.sign(vote(3))).toEqual({ ...one, repeated: true });
    expect(token.signed).toEqual([toHex(one.digest)]);
    await expect(second.sign(vote(3, "prepare", 0, "b"))).rejects.toMatchObject({
      problem: { code: "SIGN_CONFLICT", slot: "vote/3/0/prepare", signedDigest: toHex(one.digest) },
    });
  });

  it("allows pipelined votes out of order and not two headers of one height", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk));
    for (const request of [vote(11), vote(10, "commit"), vote(10), vote(11, "commit")]) await guard.sign(request);
    await guard.sign(headerRequest(10));
    await guard.sign(vote(11, "viewChange", 1));
    expect(await codeOf(guard.sign(headerRequest(10, "b")))).toBe("SIGN_CONFLICT");
    expect(await codeOf(guard.sign(vote(12, "prepare", 0)))).toBe("SIGN_VIEW_LOWER");
  });

  it("lets exactly one of 100 conflicting requests win, at 99 heights at once", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk));
    const attempts = Array.from({ length: 9_900 }, (_, i) => ({ height: 1 + (i % 99), racer: (i * 37) % 100 }));
    const codes = await Promise.all(
      attempts.map(({ height, racer }) => codeOf(guard.sign(headerRequest(height, `racer ${racer} of ${height}`)))),
    );
    const winners = new Map<number, number>();
    for (const [i, code] of codes.entries()) {
      const height = attempts[i]!.height;
      if (code === "no error") winners.set(height, (winners.get(height) ?? 0) + 1);
      else expect(code).toBe("SIGN_CONFLICT");
    }
    expect([...winners.values()]).toEqual(new Array(99).fill(1));
    expect(token.signed.length).toBe(99);
  });

  it("forgets slots only below a watermark, and refuses what it forgot", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk));
    for (let height = 1; height <= WINDOW_SLOTS + 1; height++) await guard.sign(vote(height));
    const { slots, watermarks } = guard.state;
    expect(slots).toBeLessThanOrEqual(WINDOW_SLOTS);
    expect(watermarks.height).toBeGreaterThan(0);
    expect(await codeOf(guard.sign(vote(1, "prepare", 0, "b")))).toBe("SIGN_BELOW_WATERMARK");
    expect(new MemoryGuardStore(disk).load(token.id)?.slots.size).toBe(slots);
  });
});

describe("what is on the disk", () => {
  it("is never behind what was signed, nor lowered, when requests overtake each other", async () => {
    const anchor = { ...token.anchor };
    const store = new MemoryGuardStore(disk);
    const guard = await token.guard(store, { backend: token.backend({ anchor }) });
    const onDisk = () => new MemoryGuardStore(disk).load(token.id)?.marks.highestView;
    await guard.sign(vote(1));
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { read } = anchor;
    anchor.read = () => held.then(read);
    const waiting = guard.sign(vote(1 + 2 * RESERVE_HEIGHTS, "prepare", 5));
    await guard.sign(vote(10, "prepare", 5));
    expect(onDisk()).toBe(5);
    await guard.sign(vote(11, "prepare", 6));
    expect(onDisk()).toBe(6);
    letGo();
    await waiting;
    expect(onDisk()).toBe(6);
    // A crash: the guard is left as it is, and another one starts from the disk.
    token.value = { session: token.value?.session ?? 0, reserved: 0 };
    const next = await token.guard(new MemoryGuardStore(disk));
    expect(await codeOf(next.sign(vote(20, "prepare", 5)))).toBe("SIGN_VIEW_LOWER");
    await next.sign(vote(20, "prepare", 6));
  });

  it("is not believed about signatures", async () => {
    const first = await token.guard(new MemoryGuardStore(disk));
    const one = await first.sign(vote(3));
    await first.close();
    const store = new MemoryGuardStore(disk);
    const [slot] = store.load(token.id)?.slots.values() ?? [];
    if (slot === undefined) throw new TypeError("no slot");
    store.commit([{ kind: "signature", id: token.id, filled: { ...slot, signature: new Uint8Array(65).fill(1) } }]);
    const second = await token.guard(store);
    const { signature, repeated } = await second.sign(vote(3));
    expect(repeated).toBe(false);
    expect(token.suite.prepare(token.publicKey)?.verify(one.digest, signature)).toBe(true);
  });
});

describe("purposes", () => {
  it("refuses other families, raw digests, and fields out of range", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk));
    const wrong: [unknown, string][] = [
      [{ purpose: "digest", digest: digest32("x") }, "SIGN_PURPOSE_UNKNOWN"],
      [{ purpose: "attestation", subject: digest32("x"), content: digest32("y") }, "SIGN_PURPOSE_FAMILY"],
      [
        { purpose: "vote", vote: { height: 1, view: 0, phase: "toString", proposal: digest32("x") } },
        "SIGN_FIELD_INVALID",
      ],
      [
        { purpose: "vote", vote: { height: 0, view: 0, phase: "commit", proposal: digest32("x") } },
        "SIGN_FIELD_INVALID",
      ],
      [
        { purpose: "vote", vote: { height: 1, view: 0, phase: "commit", proposal: new Uint8Array(31) } },
        "SIGN_FIELD_INVALID",
      ],
      [{ purpose: "header", header: header(5, "a", { extraData: new Uint8Array(1) }) }, "SIGN_REQUEST_INVALID"],
      [{ purpose: "header", header: undefined }, "SIGN_REQUEST_INVALID"],
      [{ purpose: "raftVote", term: 1, candidate: new Uint8Array(32) }, "SIGN_FIELD_INVALID"],
    ];
    for (const [request, code] of wrong) expect(await codeOf(guard.sign(request as SignRequest))).toBe(code);
    expect(token.signed).toEqual([]);
  });

  it("never signs a header's digest for another purpose", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk));
    const digest = headerHash(token.suite.hash, header(9));
    const { digest: voted } = await guard.sign({
      purpose: "vote",
      vote: { height: 9, view: 0, phase: "commit", proposal: digest },
    });
    expect(toHex(voted)).not.toBe(toHex(digest));
    expect(token.signed).not.toContain(toHex(digest));
  });

  it("reads purpose and slot from the bytes that are hashed", async () => {
    const laidOut: Uint8Array[] = [];
    const hash = (bytes: Uint8Array) => {
      laidOut.push(bytes.slice());
      return token.suite.hash(bytes);
    };
    const guard = await token.guard(new MemoryGuardStore(disk), { suite: { ...token.suite, hash } });
    await guard.sign(vote(700, "checkpoint", 3));
    await guard.sign(headerRequest(701));
    await guard.sign({ purpose: "header", header: header(702, "a", { version: 4 }) });
    await guard.sign({ purpose: "raftVote", term: 8, candidate: new Uint8Array(64) });
    expect(laidOut.map((bytes) => readRequestBytes(bytes)?.slot)).toEqual([
      { kind: "vote", height: 700, view: 3, phase: "checkpoint" },
      { kind: "header", height: 701 },
      { kind: "header", height: 702 },
      { kind: "raftVote", term: 8 },
    ]);
    expect(laidOut.map((bytes) => bytes.length)[0]).toBe(97);
    expect(readRequestBytes(laidOut[0]!.subarray(1))).toBeUndefined();
  });

  it("signs for accounts and devices, on both suites", async () => {
    const data = {
      ...{ version: 0, chainId: "chain0", groupId: "group0", blockLimit: 9, nonce: "1", to: "", abi: "", value: "" },
      ...{ gasPrice: "", gasLimit: 0n, maxFeePerGas: "", maxPriorityFeePerGas: "" },
      ...{ input: new Uint8Array(1), extension: new Uint8Array(0) },
    };
    const { suite, signer } = await cryptoOf("sm");
    const backend = token.backend({
      facts: { ...token.backend().facts, algorithm: "sm2" },
      publicKey: async () => sm2PublicKey(SECRET),
      signDigest: async (digest) => signer.signHeader(SECRET, digest),
    });
    const chain = { ...CHAIN, profile: { ...CHAIN.profile, suite: "sm" as const } };
    const options = { backend, suite, chain, store: new MemoryGuardStore(), family: "account" as const };
    const account = await openGuardedSigner(options);
    const { signature, digest } = await account.sign({ purpose: "transaction", data });
    expect(suite.recover(digest, signature)).toEqual(sm2PublicKey(SECRET));
    await account.close();
    expect(await codeOf(openGuardedSigner({ ...options, family: "device" }))).toBe("SIGN_FAMILY_OTHER");
    const store = new MemoryGuardStore();
    const id = { chain: CHAIN.id, publicKey: token.publicKey };
    const to = { receipt: 0 };
    await advanceHistory(store, id, { suite: "ecdsa", family: "device", to, anchor: token.anchor });
    const device = await token.guard(store, { family: "device" });
    const receipt = (sequence: number, what: string) =>
      ({ purpose: "receiptHead", epoch: 1, sequence, root: digest32(what) }) as const;
    await device.sign(receipt(1, "a"));
    expect(await codeOf(device.sign(receipt(1, "b")))).toBe("SIGN_CONFLICT");
    const attestation = { purpose: "attestation", subject: digest32("s"), content: digest32("c") } as const;
    expect((await device.sign(attestation)).repeated).toBe(false);
  });
});

describe("histories that are not the latest", () => {
  it("refuses an unknown key, a deleted database, and a lost anchor", async () => {
    expect(await codeOf(token.guard(new MemoryGuardStore()))).toBe("SIGN_HISTORY_UNKNOWN");
    const guard = await token.guard(new MemoryGuardStore(disk));
    await guard.sign(vote(40));
    await guard.close();
    const lost = new MemoryGuardStore();
    expect(await codeOf(token.guard(lost))).toBe("SIGN_HISTORY_UNKNOWN");
    await token.begin(lost);
    const again = await token.guard(lost);
    expect(await codeOf(again.sign(vote(40, "prepare", 0, "b")))).toBe("SIGN_BELOW_WATERMARK");
    expect(again.state.watermarks.height).toBe(40 + RESERVE_HEIGHTS);
    await again.close();
    token.value = undefined;
    expect(await codeOf(token.guard(lost))).toBe("SIGN_ANCHOR_MISSING");
  });

  it("refuses a database restored from an earlier session, and signs nothing reserved from one of this session", async () => {
    const first = await token.guard(new MemoryGuardStore(disk));
    await first.sign(vote(5));
    await first.close();
    const earlier = { keys: disk.keys };
    const second = await token.guard(new MemoryGuardStore(disk));
    const during = { keys: disk.keys };
    await second.sign(vote(6));
    expect(await codeOf(token.guard(new MemoryGuardStore(earlier)))).toBe("SIGN_SESSION_OTHER");
    const copy = await token.guard(new MemoryGuardStore(during));
    expect(await codeOf(copy.sign(vote(6, "prepare", 0, "b")))).toBe("SIGN_BELOW_WATERMARK");
  });

  it("lets a cloned folder and the original sign no slot both", async () => {
    const original = await token.guard(new MemoryGuardStore(disk));
    await original.sign(vote(5));
    const clone = await token.guard(new MemoryGuardStore({ keys: disk.keys }));
    const reserved = 5 + RESERVE_HEIGHTS;
    const byClone = await codeOf(clone.sign(vote(reserved, "prepare", 0, "clone")));
    const byOriginal = await codeOf(original.sign(vote(reserved, "prepare", 0, "original")));
    expect([byClone, byOriginal]).toEqual(["SIGN_BELOW_WATERMARK", "no error"]);
    expect(await codeOf(clone.sign(vote(reserved + 1, "prepare", 0, "clone")))).toBe("no error");
    expect(await codeOf(original.sign(vote(reserved + 1)))).toBe("SIGN_SESSION_OTHER");
    expect(await codeOf(original.sign(vote(7)))).toBe("SIGN_STOPPED");
  });

  it("goes on by itself after a crash in the middle of a start, but signs nothing reserved", async () => {
    const first = await token.guard(new MemoryGuardStore(disk));
    await first.sign(vote(5));
    await first.close();
    const announced = memoryGuardDisk();
    const store = new MemoryGuardStore(disk);
    const commit = store.commit.bind(store);
    store.commit = (writes) => {
      commit(writes);
      if (announced.keys.size === 0) announced.keys = disk.keys;
    };
    const second = await token.guard(store);
    await second.sign(vote(6));
    const copy = await token.guard(new MemoryGuardStore(announced));
    expect(await codeOf(copy.sign(vote(6, "prepare", 0, "b")))).toBe("SIGN_BELOW_WATERMARK");
  });

  it("finds a copy from before a vote in a Raft term", async () => {
    const raft = (term: number, who: number) =>
      ({ purpose: "raftVote", term, candidate: new Uint8Array(64).fill(who) }) as const;
    const guard = await token.guard(new MemoryGuardStore(disk));
    const before = { keys: disk.keys };
    await guard.sign(raft(4, 1));
    expect(await codeOf(guard.sign(raft(4, 2)))).toBe("SIGN_CONFLICT");
    expect(await codeOf(token.guard(new MemoryGuardStore(before)))).toBe("SIGN_SESSION_OTHER");
    const store = new MemoryGuardStore(before);
    await advanceHistory(store, token.id, { suite: "ecdsa", family: "sealer", to: {}, anchor: token.anchor });
    const restored = await token.guard(store);
    expect(await codeOf(restored.sign(raft(4, 2)))).toBe("SIGN_HISTORY_UNKNOWN");
  });

  it("refuses a second guard on one store, sealer keys without an anchor, and keys that can be read out", async () => {
    const store = new MemoryGuardStore(disk);
    await token.guard(store);
    expect(await codeOf(token.guard(store))).toBe("SIGN_KEY_IN_USE");
    const { anchor: _none, ...bare } = token.backend();
    expect(await codeOf(token.guard(new MemoryGuardStore(disk), { backend: bare }))).toBe("SIGN_ANCHOR_NEEDED");
    const facts = { ...bare.facts, extractable: "yes" as const };
    const soft = token.backend({ facts });
    expect(await codeOf(token.guard(new MemoryGuardStore(disk), { backend: soft }))).toBe("SIGN_KEY_EXTRACTABLE");
  });

  it("refuses keys that were once outside their home for sealers, in development and for accounts not", async () => {
    const facts = { ...token.backend().facts, extractable: "once" as const };
    const open = async (changed: Partial<GuardOptions>) => {
      const guard = await token.guard(new MemoryGuardStore(disk), { backend: token.backend({ facts }), ...changed });
      await guard.close();
    };
    expect(await codeOf(open({}))).toBe("SIGN_KEY_ONCE_EXTRACTABLE");
    expect(await codeOf(open({ development: true }))).toBe("no error");
    disk.keys = new Map();
    expect(await codeOf(open({ family: "account" }))).toBe("no error");
  });
});

describe("a home that fails", () => {
  it("lets out no wrong signature, ends every wait, and signs the same request later", async () => {
    const guard = await token.guard(new MemoryGuardStore(disk), { signTimeoutMs: 50 });
    token.sabotage = (bare) => bare.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    expect(await codeOf(guard.sign(vote(1)))).toBe("SIGN_SIGNATURE_WRONG");
    token.sabotage = () => new Promise(() => {});
    expect(await codeOf(guard.sign(vote(1)))).toBe("SIGN_TIMEOUT");
    token.sabotage = () => Promise.reject(Object.assign(new Error("gone"), { code: "TEST_REMOVED" }));
    await expect(guard.sign(vote(1))).rejects.toMatchObject({ problem: { reason: "TEST_REMOVED" } });
    expect(await codeOf(guard.sign(vote(1, "prepare", 0, "b")))).toBe("SIGN_CONFLICT");
    token.sabotage = undefined;
    expect((await guard.sign(vote(1))).repeated).toBe(false);
  });

  it("keeps nobody waiting behind an anchor that hangs, and closes", async () => {
    const anchor = { ...token.anchor };
    const guard = await token.guard(new MemoryGuardStore(disk), { backend: token.backend({ anchor }) });
    anchor.read = () => new Promise(() => {});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const beyond = Array.from({ length: 20 }, (_, i) => codeOf(guard.sign(vote(5_000 + i))));
      await vi.advanceTimersByTimeAsync(1);
      const closed = guard.close();
      await vi.advanceTimersByTimeAsync(ANCHOR_TIMEOUT_MS);
      const codes = await Promise.all(beyond);
      await closed;
      expect(codes[0]).toBe("SIGN_ANCHOR_FAILED");
      expect(new Set(codes.slice(1))).toEqual(new Set(["SIGN_CLOSED"]));
    } finally {
      vi.useRealTimers();
    }
  });

  it("lets nobody wait longer than one who is served may take", async () => {
    const anchor = { ...token.anchor };
    const guard = await token.guard(new MemoryGuardStore(disk), { backend: token.backend({ anchor }) });
    anchor.read = () => new Promise(() => {});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const first = codeOf(guard.sign(vote(5_000)));
      await vi.advanceTimersByTimeAsync(1);
      const behind = Array.from({ length: 20 }, (_, i) => codeOf(guard.sign(vote(5_001 + i))));
      await vi.advanceTimersByTimeAsync(2 * ANCHOR_TIMEOUT_MS + 2);
      expect(await first).toBe("SIGN_ANCHOR_FAILED");
      expect(new Set(await Promise.all(behind))).toEqual(new Set(["SIGN_ANCHOR_FAILED"]));
    } finally {
      vi.useRealTimers();
    }
  });

  it("gives a person time to press the button, and a token less", async () => {
    const waits: number[] = [];
    for (const presence of [false, true]) {
      const { facts } = token.backend();
      const backend = token.backend({
        facts: { ...facts, presence },
        signDigest: async (_digest, timeoutMs) => {
          waits.push(timeoutMs);
          throw Object.assign(new Error("not pressed"), { code: "TEST_NOT_PRESSED" });
        },
      });
      const guard = await token.guard(new MemoryGuardStore(disk), { backend });
      expect(await codeOf(guard.sign(vote(5_000)))).toBe("SIGN_BACKEND_FAILED");
      await guard.close();
    }
    expect(waits).toEqual([SIGN_TIMEOUT_MS, PRESENCE_TIMEOUT_MS]);
  });

  it("frees a slot that could not be reserved", async () => {
    const anchor = { ...token.anchor };
    const guard = await token.guard(new MemoryGuardStore(disk), { backend: token.backend({ anchor }) });
    const read = anchor.read;
    anchor.read = () => Promise.reject(Object.assign(new Error("gone"), { code: "TEST_REMOVED" }));
    expect(await codeOf(guard.sign(vote(1)))).toBe("SIGN_ANCHOR_FAILED");
    anchor.read = read;
    expect(await codeOf(guard.sign(vote(1, "prepare", 0, "b")))).toBe("no error");
  });
});
