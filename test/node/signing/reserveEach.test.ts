/** A key whose anchor is raised for every height: it goes on where it was, and a disk that is not the latest does not. */
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.js";
import type { Guard, GuardOptions } from "../../../src/node/signing/guardedSigner.js";
import { advanceHistory, exportHistory, importHistory } from "../../../src/node/signing/history.js";
import { WINDOW_SLOTS } from "../../../src/node/signing/limits.js";
import { type MemoryGuardDisk, MemoryGuardStore, memoryGuardDisk } from "../../../src/node/signing/memoryGuardStore.js";
import { codeOf, headerRequest, Token, vote } from "./guardWorld.js";

let token: Token;
let disk: MemoryGuardDisk;

beforeEach(async () => {
  token = await Token.make();
  disk = memoryGuardDisk();
  await token.begin(new MemoryGuardStore(disk));
});

/** Over a disk, whoever else has it open: what was open before counts as killed. */
function start(from: MemoryGuardDisk = disk, changed: Partial<GuardOptions> = {}): Promise<Guard> {
  return token.guard(new MemoryGuardStore(from), { reserve: "each", ...changed });
}

function copyOf(original: MemoryGuardDisk): MemoryGuardDisk {
  return { keys: original.keys };
}

describe("after a kill", () => {
  it("had each slot on the disk before the anchor named its height, and that before the key saw the digest", async () => {
    const steps: string[] = [];
    const store = new MemoryGuardStore(disk);
    const backend = token.backend();
    const slots = () => [...(new MemoryGuardStore(disk).load(token.id)?.slots.keys() ?? [])].join(" ");
    const guard = await token.guard(store, {
      reserve: "each",
      backend: {
        ...backend,
        anchor: {
          read: () => token.anchor.read(),
          write: (value) => {
            steps.push(`anchor ${value.reserved}, disk ${slots()}`);
            return token.anchor.write(value);
          },
        },
        signDigest: (digest, ms) => {
          steps.push(`key at ${token.value?.reserved}`);
          return backend.signDigest(digest, ms);
        },
      },
    });
    steps.length = 0;
    await guard.sign(headerRequest(5));
    await guard.sign(vote(5));
    await guard.sign(headerRequest(6));
    expect(steps).toEqual([
      ...["anchor 5, disk header/5", "key at 5", "key at 5"],
      ...["anchor 6, disk header/5 vote/5/0/prepare header/6", "key at 6"],
    ]);
  });

  it("gives what it remembers again, however often it is killed, and nothing else at or below", async () => {
    const first = await start();
    for (const height of [4, 5]) await first.sign(headerRequest(height));
    for (let life = 0; life < 4; life++) {
      const guard = await start();
      expect(guard.state.watermarks.height).toBe(5);
      expect(await codeOf(guard.sign(headerRequest(5)))).toBe("no error");
      expect(await codeOf(guard.sign(headerRequest(5, "b")))).toBe("SIGN_CONFLICT");
      expect(await codeOf(guard.sign(headerRequest(4, "b")))).toBe("SIGN_CONFLICT");
      expect(await codeOf(guard.sign(vote(5)))).toBe("SIGN_BELOW_WATERMARK");
      expect(await codeOf(guard.sign(headerRequest(3)))).toBe("SIGN_BELOW_WATERMARK");
      if (life === 2) await guard.close();
    }
    expect(new Set(token.signed).size).toBe(2);
    expect(await codeOf((await start()).sign(headerRequest(6, "b")))).toBe("no error");
  });

  it("does not believe the signature of a kept slot", async () => {
    const first = await start();
    const { digest } = await first.sign(headerRequest(5));
    const store = new MemoryGuardStore(disk);
    const filled = store.load(token.id)?.slots.get("header/5");
    if (filled === undefined) throw new TypeError("no slot");
    store.commit([{ kind: "signature", id: token.id, filled: { ...filled, signature: new Uint8Array(65).fill(1) } }]);
    const { signature, repeated } = await (await start()).sign(headerRequest(5));
    expect(repeated).toBe(false);
    expect(token.suite.prepare(token.publicKey)?.verify(digest, signature)).toBe(true);
  });

  it("never lowers its watermark when kept slots leave the window", async () => {
    const first = await start();
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => first.sign(vote(1 + i))));
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => first.sign(vote(1_001 + i))));
    const second = await start();
    expect(second.state).toMatchObject({ watermarks: { height: 2_000 }, slots: 2_000 });
    for (let height = 2_001; height <= WINDOW_SLOTS + 1; height++) await second.sign(vote(height));
    expect(second.state.slots).toBeLessThan(WINDOW_SLOTS);
    expect(second.state.watermarks.height).toBe(2_000);
    expect(await codeOf(second.sign(vote(1, "prepare", 0, "b")))).toBe("SIGN_BELOW_WATERMARK");
    expect(await codeOf(second.sign(headerRequest(1_500)))).toBe("SIGN_BELOW_WATERMARK");
    expect(await codeOf(second.sign(vote(1_500)))).toBe("no error");
  });

  it("forgets them when it is opened to reserve ahead", async () => {
    await (await start()).sign(headerRequest(5));
    const guard = await start(disk, { reserve: "ahead" });
    expect(await codeOf(guard.sign(headerRequest(5)))).toBe("SIGN_BELOW_WATERMARK");
  });
});

describe("an anchor that fails", () => {
  it.each(["read", "write", "write that was kept"] as const)("leaves the slot claimed (%s)", async (what) => {
    const anchor = { ...token.anchor };
    const guard = await start(disk, { backend: token.backend({ anchor }) });
    const { read, write } = anchor;
    const gone = Object.assign(new Error("gone"), { code: "TEST_REMOVED" });
    if (what === "read") anchor.read = () => Promise.reject(gone);
    else {
      anchor.write = async (value) => {
        if (what !== "write") await write(value);
        throw gone;
      };
    }
    expect(await codeOf(guard.sign(headerRequest(5)))).toBe("SIGN_ANCHOR_FAILED");
    Object.assign(anchor, { read, write });
    expect(token.signed).toEqual([]);
    expect(await codeOf(guard.sign(headerRequest(5, "b")))).toBe("SIGN_CONFLICT");
    // Also in the next life.
    const next = await start();
    expect(await codeOf(next.sign(headerRequest(5, "b")))).toBe("SIGN_CONFLICT");
    expect(await codeOf(next.sign(headerRequest(5)))).toBe("no error");
    expect(token.value?.reserved).toBe(5);
  });

  it("signs the same request in the same life", async () => {
    const anchor = { ...token.anchor };
    const guard = await start(disk, { backend: token.backend({ anchor }) });
    const { write } = anchor;
    anchor.write = async (value) => {
      await write(value);
      throw new Error("gone");
    };
    expect(await codeOf(guard.sign(headerRequest(5)))).toBe("SIGN_ANCHOR_FAILED");
    anchor.write = write;
    expect(await codeOf(guard.sign(headerRequest(5)))).toBe("no error");
    expect(await codeOf(guard.sign(headerRequest(6)))).toBe("no error");
  });
});

describe("a disk that is not the latest", () => {
  it("refuses a slot that was filled after it was copied, and everything after another start", async () => {
    const guard = await start();
    await guard.sign(headerRequest(4));
    const before = copyOf(disk);
    await guard.sign(headerRequest(5));
    const after = copyOf(disk);
    const restored = await start(before);
    for (const what of ["a", "b"]) {
      expect(await codeOf(restored.sign(headerRequest(5, what)))).toBe("SIGN_BELOW_WATERMARK");
    }
    expect(await codeOf(restored.sign(headerRequest(4)))).toBe("no error");
    expect(await codeOf(start(after))).toBe("SIGN_SESSION_OTHER");
    expect(new Set(token.signed).size).toBe(2);
  });

  it("lets a cloned folder and the running original fill no slot both", async () => {
    const original = await start();
    await original.sign(headerRequest(4));
    const early = copyOf(disk);
    await original.sign(headerRequest(5));
    const clone = await start(early);
    expect(await codeOf(clone.sign(headerRequest(5, "clone")))).toBe("SIGN_BELOW_WATERMARK");
    const [byOriginal, byClone] = await Promise.all([
      codeOf(original.sign(headerRequest(6, "original"))),
      codeOf(clone.sign(headerRequest(6, "clone"))),
    ]);
    expect([byOriginal, byClone]).toEqual(["SIGN_SESSION_OTHER", "no error"]);
    expect(await codeOf(original.sign(headerRequest(6, "original")))).toBe("SIGN_STOPPED");
    expect(await codeOf(start())).toBe("SIGN_SESSION_OTHER");
    expect(token.signed).toHaveLength(3);
  });
});

describe("a slot that lost its session before it was signed", () => {
  /** Claimed here for height 5, while a clone signed another header there. */
  let late: MemoryGuardDisk;
  let clone: MemoryGuardDisk;
  let cloneBefore: MemoryGuardDisk;

  beforeEach(async () => {
    const original = await start();
    await original.sign(headerRequest(4));
    clone = copyOf(disk);
    const other = await start(clone);
    cloneBefore = copyOf(clone);
    expect(await codeOf(original.sign(headerRequest(5, "original")))).toBe("SIGN_SESSION_OTHER");
    await other.sign(headerRequest(5, "clone"));
    late = disk;
  });

  const anchorOf = () => token.anchor;
  const refuses = async (from: MemoryGuardDisk) => {
    const before = token.signed.length;
    const guard = await start(from);
    expect(await codeOf(guard.sign(headerRequest(5, "original")))).toBe("SIGN_BELOW_WATERMARK");
    expect(token.signed).toHaveLength(before);
    expect(await codeOf(guard.sign(headerRequest(6, "original")))).toBe("no error");
  };

  it("is not signed when an operator lets its disk go on", async () => {
    const store = new MemoryGuardStore(late);
    expect([...(store.load(token.id)?.slots.keys() ?? [])]).toContain("header/5");
    const to = { suite: "ecdsa", family: "sealer", to: { height: 0 }, anchor: token.anchor } as const;
    await advanceHistory(store, token.id, to);
    await refuses(late);
  });

  it("is not signed where its history is imported", async () => {
    const text = exportHistory(new MemoryGuardStore(late));
    const fresh = memoryGuardDisk();
    for (const into of [late, fresh, cloneBefore]) {
      const held = token.value;
      await importHistory(new MemoryGuardStore(into), text, anchorOf);
      await refuses(into);
      token.value = held;
    }
  });

  it("is not signed where the history of the one that signed is imported into its own disk", async () => {
    const store = new MemoryGuardStore(late);
    const text = exportHistory(new MemoryGuardStore(clone));
    expect(await codeOf(importHistory(store, text, anchorOf))).toBe("SIGN_HISTORY_CONFLICT");
    await importHistory(store, exportHistory(new MemoryGuardStore(cloneBefore)), anchorOf);
    await refuses(late);
  });

  it("lets the one that signed it move to another disk, and repeat it there", async () => {
    const fresh = memoryGuardDisk();
    await importHistory(new MemoryGuardStore(fresh), exportHistory(new MemoryGuardStore(clone)), anchorOf);
    const guard = await start(fresh);
    const { digest } = await guard.sign(headerRequest(5, "clone"));
    expect(token.signed).toContain(toHex(digest));
    expect(await codeOf(guard.sign(headerRequest(5, "original")))).toBe("SIGN_CONFLICT");
  });
});
