import { afterAll, afterEach, describe, expect, test } from "vitest";
import { shieldMemory } from "../../hsm/emulator/memory.js";
import { plugIn } from "../../hsm/emulator/shieldOnLine.js";
import { BUTTON_TIMEOUT_MS } from "../../hsm/emulator/uShield.js";
import type { ShieldAlgorithm } from "../../hsm/shield/commands.js";
import { openShield, SHIELD_WAITING_MAX, type ShieldOptions } from "../../hsm/shield/shieldBackend.js";
import { toHex } from "../../src/base/bytes.js";
import type { KeyBackend } from "../../src/crypto/keyBackend.js";
import { describeKeyBackend, digestOf, isSignedBy, refusalOf, SIGN_TIMEOUT_MS } from "../support/keyBackendContract.js";
import { type Bench, makeBench, makeShield, noisyLine, PIN, TRIES_MAX, until } from "./shieldBench.js";

const RECOVERY_MS = 5_000;
const SIGN = "12";
const VERIFY = "20";

let bench: Bench | undefined;
let backend: KeyBackend | undefined;

afterEach(async () => {
  await backend?.close();
  await bench?.end();
  backend = undefined;
  bench = undefined;
});

async function start(
  shield: Parameters<typeof makeBench>[0] = {},
  options: Partial<ShieldOptions> = {},
): Promise<{ bench: Bench; backend: KeyBackend }> {
  bench = await makeBench(shield);
  backend = await openShield({ path: bench.pty.near, pin: bench.pty.pinFile(PIN), ...options });
  return { bench, backend };
}

const contractBenches: Bench[] = [];
afterAll(async () => {
  for (const { end } of contractBenches) await end();
});

for (const algorithm of ["secp256k1", "sm2", "p256"] as const satisfies readonly ShieldAlgorithm[]) {
  let own: Bench | undefined;
  describeKeyBackend({
    name: `shield ${algorithm}`,
    algorithm,
    hasAnchor: algorithm !== "p256",
    async open() {
      if (own === undefined) {
        own = await makeBench({ algorithm, hasCounter: algorithm !== "p256" });
        contractBenches.push(own);
      }
      return await openShield({ path: own.pty.near, pin: own.pty.pinFile(PIN) });
    },
  });
}

describe("facts", () => {
  test("are read from the shield", async () => {
    const { backend } = await start({ button: "pressed", serial: "WD-77" });
    expect(backend.facts).toEqual({
      backend: "shield",
      algorithm: "secp256k1",
      mechanism: "SIGN with button",
      presence: true,
      extractable: "no",
      home: "WD-77",
    });
  });
});

describe("the PIN", () => {
  test("that is wrong is presented once, and never again by this process", async () => {
    const pinned = await makeBench();
    bench = pinned;
    const opening = openShield({ path: pinned.pty.near, pin: pinned.pty.pinFile("000000") });
    expect(await refusalOf(opening)).toBe("SHIELD_PIN_WRONG");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(pinned.shield.carriedOut[VERIFY]).toBe(2); // tries asked, PIN presented
  });

  test("is not presented when one try is left", async () => {
    const memory = shieldMemory(1);
    const pinned = await makeBench({ memory });
    bench = pinned;
    const opening = openShield({ path: pinned.pty.near, pin: pinned.pty.pinFile(PIN) });
    expect(await refusalOf(opening)).toBe("SHIELD_PIN_LAST_TRY");
    expect(memory.triesLeft).toBe(1);
  });

  test("of a locked shield is not presented", async () => {
    const pinned = await makeBench({ memory: shieldMemory(0) });
    bench = pinned;
    const opening = openShield({ path: pinned.pty.near, pin: pinned.pty.pinFile(PIN) });
    expect(await refusalOf(opening)).toBe("SHIELD_PIN_LOCKED");
  });

  test("changed while the line was away is tried once and then no more", async () => {
    const { bench, backend } = await start();
    await bench.pty.unplug();
    await bench.plugged.unplug();
    const memory = shieldMemory(TRIES_MAX);
    const changed = makeShield({ pin: "999999", memory });
    await bench.pty.plug();
    const plugged = plugIn(changed, bench.pty.far);
    expect(await refusalOf(backend.signDigest(digestOf(1), RECOVERY_MS))).toBe("SHIELD_PIN_WRONG");
    expect(await refusalOf(backend.signDigest(digestOf(2), RECOVERY_MS))).toBe("SHIELD_PIN_WRONG");
    expect(memory.triesLeft).toBe(TRIES_MAX - 1);
    await plugged.unplug();
  });

  test("is not given to another shield in the same place", async () => {
    const { bench, backend } = await start();
    await bench.pty.unplug();
    await bench.plugged.unplug();
    const other = makeShield({ serial: "ES-0002" });
    await bench.pty.plug();
    const plugged = plugIn(other, bench.pty.far);
    expect(await refusalOf(backend.signDigest(digestOf(1), 2_000))).toBe("SHIELD_OTHER");
    expect(other.carriedOut[VERIFY]).toBeUndefined();
    await plugged.unplug();
  });

  test("is not given to a shield of another serial number than configured", async () => {
    const pinned = await makeBench();
    bench = pinned;
    const opening = openShield({
      path: pinned.pty.near,
      pin: pinned.pty.pinFile(PIN),
      serial: "ES-9",
      openTimeoutMs: 1_000,
    });
    expect(await refusalOf(opening)).toBe("SHIELD_OTHER");
    expect(pinned.shield.carriedOut[VERIFY]).toBeUndefined();
  });
});

describe("the button", () => {
  test("is waited for longer than silence would be borne", async () => {
    const { bench, backend } = await start({ button: "by hand" });
    const signing = backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS);
    await until(() => bench.shield.isWaitingForButton);
    await new Promise((resolve) => setTimeout(resolve, 2_600));
    bench.shield.press();
    expect(isSignedBy("secp256k1", await backend.publicKey(), digestOf(1), await signing)).toBe(true);
    expect(bench.shield.carriedOut[SIGN]).toBe(1);
  });

  test(
    "that nobody presses ends in time, and a late press signs nothing",
    async () => {
      const { bench, backend } = await start({ button: "by hand" });
      expect(await refusalOf(backend.signDigest(digestOf(1), 700))).toBe("SHIELD_TIMEOUT");
      await until(() => !bench.shield.isWaitingForButton);
      bench.shield.press();
      expect(bench.shield.signed).toEqual([]);
      const signing = backend.signDigest(digestOf(2), SIGN_TIMEOUT_MS);
      await until(() => bench.shield.isWaitingForButton);
      bench.shield.press();
      await signing;
      expect(bench.shield.signed).toEqual([toHex(digestOf(2))]);
      // Less than the shield's own patience with its button: only the host's word may end the wait.
    },
    BUTTON_TIMEOUT_MS / 2,
  );
});

describe("the line", () => {
  test("unplugged and plugged in again serves the next signature, counter and tries intact", async () => {
    const { bench, backend } = await start();
    await backend.anchor!.write({ session: 4, reserved: 2_048 });
    for (const round of [1, 2, 3]) {
      await bench.pty.unplug();
      await bench.pty.plug();
      const signature = await backend.signDigest(digestOf(round), RECOVERY_MS);
      expect(isSignedBy("secp256k1", await backend.publicKey(), digestOf(round), signature)).toBe(true);
    }
    expect(await backend.anchor!.read()).toEqual({ session: 4, reserved: 2_048 });
  });

  test("unplugged while the button is waited for: the same call ends well after plugging in", async () => {
    const { bench, backend } = await start({ button: "by hand" });
    const signing = backend.signDigest(digestOf(1), SIGN_TIMEOUT_MS);
    await until(() => bench.shield.isWaitingForButton);
    await bench.pty.unplug();
    await until(() => !bench.shield.isWaitingForButton);
    await bench.pty.plug();
    await until(() => bench.shield.isWaitingForButton);
    bench.shield.press();
    expect(isSignedBy("secp256k1", await backend.publicKey(), digestOf(1), await signing)).toBe(true);
  });

  test("that stays away is a typed refusal within the time given", async () => {
    const { bench, backend } = await start();
    await bench.pty.unplug();
    expect(await refusalOf(backend.signDigest(digestOf(1), 500))).toBe("SHIELD_LINE_DOWN");
  });

  test("where nothing is plugged in is a typed refusal", async () => {
    const { bench } = await start();
    const path = `${bench.pty.near}-none`;
    const opening = openShield({ path, pin: bench.pty.pinFile(PIN), openTimeoutMs: 300 });
    expect(await refusalOf(opening)).toBe("SHIELD_LINE_DOWN");
  });

  test("with a shield that hangs: refused in time, recovered when it answers again", async () => {
    const { bench, backend } = await start();
    bench.shield.isMute = true;
    expect(await refusalOf(backend.signDigest(digestOf(1), 500))).toBe("SHIELD_TIMEOUT");
    expect(await refusalOf(backend.signDigest(digestOf(2), 3_000))).toBe("SHIELD_SILENT");
    bench.shield.isMute = false;
    await backend.signDigest(digestOf(3), RECOVERY_MS);
    expect(bench.shield.signed).toEqual([toHex(digestOf(3))]);
  });

  test("with a shield that was restarted without the line noticing: logged in anew", async () => {
    const { bench, backend } = await start();
    bench.shield.powerCycle();
    await backend.signDigest(digestOf(1), RECOVERY_MS);
    expect(bench.shield.signed).toEqual([toHex(digestOf(1))]);
  });

  test("takes only so many waiting calls, and each of them ends", async () => {
    const { backend } = await start({ button: "by hand" });
    const calls = Array.from({ length: SHIELD_WAITING_MAX + 3 }, (_, i) =>
      refusalOf(backend.signDigest(digestOf(i), 800)),
    );
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code === "SHIELD_BUSY").length).toBe(2);
    expect(codes.filter((code) => code === "SHIELD_TIMEOUT").length).toBe(SHIELD_WAITING_MAX + 1);
  });
});

describe("noise", () => {
  for (const [seed, flipBit] of [1e-4, 5e-4].entries()) {
    test(`of ${flipBit} flipped bits: every signature is right, and nothing else was signed`, async () => {
      const noise = { flipBit, dropByte: flipBit, repeatByte: flipBit };
      const { bench, backend } = await start({}, { openLine: noisyLine(noise, seed + 1), openTimeoutMs: 20_000 });
      const key = await backend.publicKey();
      for (let seed = 0; seed < 20; seed++) {
        const signature = await backend.signDigest(digestOf(seed), SIGN_TIMEOUT_MS);
        expect(isSignedBy("secp256k1", key, digestOf(seed), signature)).toBe(true);
      }
      const expected = Array.from({ length: 20 }, (_, seed) => toHex(digestOf(seed)));
      expect([...new Set(bench.shield.signed)]).toEqual(expected);
    });
  }
});

describe("the counter", () => {
  test("falls in neither lane", async () => {
    const { backend } = await start();
    const anchor = backend.anchor!;
    await anchor.write({ session: 5, reserved: 100 });
    expect(await refusalOf(anchor.write({ session: 6, reserved: 99 }))).toBe("SHIELD_COUNTER_FALLS");
    expect(await refusalOf(anchor.write({ session: 4, reserved: 200 }))).toBe("SHIELD_COUNTER_FALLS");
    expect(await refusalOf(anchor.write({ session: -1, reserved: 200 }))).toBe("SHIELD_COUNTER_FALLS");
    await anchor.write({ session: 5, reserved: 100 });
    expect(await anchor.read()).toEqual({ session: 5, reserved: 100 });
  });
});
