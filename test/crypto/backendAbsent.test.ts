import { beforeEach, expect, test, vi } from "vitest";
import { codeOf } from "../../src/base/error.js";
import { listBackends, loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import { softSigner } from "../../src/crypto/softSigner.js";

/** Stands between the loaders and the packages: absent ones reject as Node does, broken ones load but answer nonsense. */
const world = vi.hoisted(() => ({
  absent: new Set<string>(),
  broken: new Map<string, unknown>(),
  asked: [] as string[],
}));

vi.mock("../../src/crypto/backend/loadPackage.js", () => ({
  loadPackage: async (name: string): Promise<unknown> => {
    world.asked.push(name);
    if (world.absent.has(name)) throw Object.assign(new Error(`no ${name}`), { code: "ERR_MODULE_NOT_FOUND" });
    return world.broken.get(name) ?? (await import(name));
  },
}));

beforeEach(() => {
  world.absent.clear();
  world.broken.clear();
  world.asked.length = 0;
});

test("without the native package the WebAssembly one serves, then the pure one", async () => {
  world.absent.add("secp256k1/bindings.js");
  expect((await loadSuite("ecdsa")).backend.signature).toBe("tiny-secp256k1");
  world.absent.add("tiny-secp256k1");
  expect((await loadSuite("ecdsa")).backend.signature).toBe("noble");
  const signer = await loadSoftSigner("ecdsa");
  const secretKey = new Uint8Array(32).fill(3);
  expect(signer.publicKey(secretKey)).toEqual(softSigner("ecdsa").publicKey(secretKey));
});

test("the native package is asked for its binding, never for the entry with the silent slow path", async () => {
  await loadSuite("ecdsa", { only: ["secp256k1"] });
  expect(world.asked).toContain("secp256k1/bindings.js");
  expect(world.asked).not.toContain("secp256k1");
});

test("without hash-wasm the next hash serves", async () => {
  world.absent.add("hash-wasm");
  expect((await loadSuite("ecdsa")).backend.hash).toBe("noble");
  expect((await loadSuite("sm")).backend.hash).toBe("node");
});

test("a package that answers wrongly, or throws, is not used", async () => {
  const yes = { ecdsaVerify: () => true };
  const throwing = {
    verify: () => {
      throw new TypeError("memory access out of bounds");
    },
  };
  world.broken.set("secp256k1/bindings.js", { default: yes });
  world.broken.set("tiny-secp256k1", throwing);
  expect((await loadSuite("ecdsa")).backend.signature).toBe("noble");
  const reports = (await listBackends("ecdsa")).filter((report) => report.part === "signature");
  expect(reports).toEqual([
    { name: "secp256k1", part: "signature", available: true, passed: false, reason: "BAD_SIGNATURE_ACCEPTED" },
    {
      name: "tiny-secp256k1",
      part: "signature",
      available: true,
      passed: false,
      reason: "memory access out of bounds",
    },
    { name: "noble", part: "signature", available: true, passed: true },
  ]);
});

test("the doctor hears which package is absent", async () => {
  world.absent.add("hash-wasm");
  const [first] = await listBackends("sm");
  expect(first).toEqual({
    name: "hash-wasm",
    part: "hash",
    available: false,
    passed: false,
    reason: "ERR_MODULE_NOT_FOUND",
  });
});

test("a back end that is demanded but absent is an error, not a slower one", async () => {
  world.absent.add("secp256k1/bindings.js");
  let code = "nothing";
  try {
    await loadSuite("ecdsa", { only: ["secp256k1"] });
  } catch (thrown) {
    code = codeOf(thrown);
  }
  expect(code).toBe("CRYPTO_BACKEND_NONE");
});
