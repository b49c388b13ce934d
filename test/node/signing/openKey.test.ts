/** From a key of the configuration to what its home is opened with. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { generateKey } from "../../../src/node/commands/key.js";
import { configSchema } from "../../../src/node/config/schema.js";
import { MemoryGuardStore } from "../../../src/node/signing/memoryGuardStore.js";
import { openKey, pkcs11Options } from "../../../src/node/signing/openKey.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { cryptoOf } from "../../support/chains.js";
import { CHAIN, codeOf } from "./guardWorld.js";

const folder = mkdtempSync(join(tmpdir(), "edgeseal-open-key-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keysOf(...keys: object[]) {
  return configSchema.parse({ keys }).keys;
}

it("hands a vendor's numbers for SM2 and a key the token does not show to the token", () => {
  const [key] = keysOf({
    ...{
      name: "guomi",
      backend: "pkcs11",
      algorithm: "sm2",
      module: "/usr/lib/vendor.so",
      tokenLabel: "t",
      keyId: "A1",
    },
    ...{ sm2: { signMechanism: 0x80000106 }, publicKey: `0x${"ab".repeat(64)}` },
  });
  if (key === undefined) throw new TypeError("no key");
  const pin = new Uint8Array(4);
  expect(pkcs11Options(key, pin)).toEqual({
    module: "/usr/lib/vendor.so",
    token: { label: "t" },
    key: { algorithm: "sm2", keyId: "a1", sm2: { signMechanism: 0x80000106, input: "e" } },
    pin,
    sessions: 4,
    allowExtractable: false,
    publicKey: new Uint8Array(64).fill(0xab),
  });
});

it("opens a sealer key in a file on a development chain only", async () => {
  writeFileSync(join(folder, "pass"), "x", { mode: 0o400 });
  const file = { backend: "keystore", family: "sealer", secretFile: "pass" } as const;
  const keys = keysOf({ name: "real", ...file }, { name: "dev", ...file, development: true });
  const place = { keys, folder };
  const { suite } = await cryptoOf("ecdsa");
  const opened = async (name: string) => {
    await generateKey({ place, environment: {}, random: systemRandom }, name);
    const store = new MemoryGuardStore();
    return openKey({ place, environment: {}, random: systemRandom, name, suite, chain: CHAIN, store });
  };
  expect(await codeOf(opened("real"))).toBe("SIGN_KEY_EXTRACTABLE");
  // Not vouched for yet, which is asked only after the key itself was accepted.
  expect(await codeOf(opened("dev"))).toBe("SIGN_HISTORY_UNKNOWN");
});
