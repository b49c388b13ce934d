import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shieldMemory, shieldMemoryFile } from "../../hsm/emulator/memory.js";
import type { UShield } from "../../hsm/emulator/uShield.js";
import { type CommandApdu, decodeResponse, encodeCommand } from "../../hsm/shield/apdu.js";
import { COMMAND } from "../../hsm/shield/commands.js";
import { encodeFrame, type Frame, FrameReader, type FrameType } from "../../hsm/shield/frame.js";
import { toHex, utf8Bytes } from "../../src/base/bytes.js";
import { digestOf } from "../support/keyBackendContract.js";
import { makeShield, PIN, TRIES_MAX } from "./shieldBench.js";

/** A host that talks frames to a shield without any line. */
class Host {
  readonly answers: Frame[] = [];
  readonly #shield: UShield;
  #sequence = 0;
  session = 1;

  constructor(shield: UShield) {
    this.#shield = shield;
    const reader = new FrameReader();
    shield.send = (bytes) => this.answers.push(...reader.push(bytes));
    this.say("sync");
  }

  say(type: FrameType, payload: Uint8Array = new Uint8Array(0), sequence = this.#sequence): Frame | undefined {
    this.#shield.receive(encodeFrame({ type, session: this.session, sequence, payload }));
    return this.answers.at(-1);
  }

  ask(command: CommandApdu): number {
    this.#sequence++;
    const answer = this.say("request", encodeCommand(command));
    return decodeResponse(answer!.payload)?.status ?? 0;
  }

  repeat(command: CommandApdu): Frame | undefined {
    return this.say("request", encodeCommand(command));
  }
}

function loggedIn(shield: UShield): Host {
  const host = new Host(shield);
  expect(host.ask(COMMAND.select)).toBe(0x9000);
  expect(host.ask(COMMAND.verifyPin(utf8Bytes(PIN)))).toBe(0x9000);
  return host;
}

describe("the emulated shield", () => {
  test("does nothing before it is selected and the PIN is right", () => {
    const host = new Host(makeShield());
    expect(host.ask(COMMAND.pinTries)).toBe(0x6a82);
    expect(host.ask(COMMAND.select)).toBe(0x9000);
    expect(host.ask(COMMAND.sign(digestOf(1)))).toBe(0x6982);
    expect(host.ask(COMMAND.readCounter)).toBe(0x6982);
    expect(host.ask(COMMAND.pinTries)).toBe(0x63c5);
    expect(host.ask({ ...COMMAND.select, cla: 0x40 })).toBe(0x6e00);
    expect(host.ask({ ...COMMAND.readCounter, ins: 0x77 })).toBe(0x6d00);
  });

  test("counts tries, locks after the last and stays locked", () => {
    const memory = shieldMemory(2);
    const host = new Host(makeShield({ memory }));
    host.ask(COMMAND.select);
    const wrong = COMMAND.verifyPin(utf8Bytes("0000"));
    expect(host.ask(wrong)).toBe(0x63c1);
    expect(host.ask(wrong)).toBe(0x6983);
    expect(host.ask(COMMAND.verifyPin(utf8Bytes(PIN)))).toBe(0x6983);
    expect(memory.triesLeft).toBe(0);
  });

  test("gives all tries back for the right PIN, and a wrong one logs out", () => {
    const memory = shieldMemory(2);
    const host = loggedIn(makeShield({ memory }));
    expect(memory.triesLeft).toBe(TRIES_MAX);
    host.ask(COMMAND.verifyPin(utf8Bytes("0000")));
    expect(host.ask(COMMAND.sign(digestOf(1)))).toBe(0x6982);
  });

  test("carries a repeated command out once and gives the same answer", () => {
    const shield = makeShield({ algorithm: "sm2" });
    const host = loggedIn(shield);
    host.ask(COMMAND.sign(digestOf(1)));
    const first = host.answers.at(-1)!;
    const again = host.repeat(COMMAND.sign(digestOf(1)))!;
    // Random nonces: a second signature would be another one.
    expect(toHex(again.payload)).toBe(toHex(first.payload));
    expect(shield.signed.length).toBe(1);
  });

  test("counts a repeated wrong PIN once", () => {
    const memory = shieldMemory(TRIES_MAX);
    const host = new Host(makeShield({ memory }));
    host.ask(COMMAND.select);
    const wrong = COMMAND.verifyPin(utf8Bytes("0000"));
    host.ask(wrong);
    for (let i = 0; i < 5; i++) host.repeat(wrong);
    expect(memory.triesLeft).toBe(TRIES_MAX - 1);
  });

  test("drops an older command that was held up", () => {
    const shield = makeShield();
    const host = loggedIn(shield);
    host.ask(COMMAND.sign(digestOf(1)));
    const answers = host.answers.length;
    host.say("request", encodeCommand(COMMAND.sign(digestOf(2))), 1);
    expect(host.answers.length).toBe(answers);
    expect(shield.signed).toEqual([toHex(digestOf(1))]);
  });

  test("forgets PIN and button with a new session and says so to an old one", () => {
    const shield = makeShield({ button: "by hand" });
    const host = loggedIn(shield);
    host.ask(COMMAND.sign(digestOf(1)));
    expect(host.answers.at(-1)?.type).toBe("wait");
    host.session = 2;
    host.say("sync");
    expect(shield.isWaitingForButton).toBe(false);
    host.session = 1;
    host.ask(COMMAND.sign(digestOf(1)));
    expect(host.answers.at(-1)?.type).toBe("unknownSession");
    shield.press();
    expect(shield.signed).toEqual([]);
  });

  test("cancels what waits for the button", () => {
    const shield = makeShield({ button: "by hand" });
    const host = loggedIn(shield);
    host.ask(COMMAND.sign(digestOf(1)));
    host.say("cancel");
    expect(decodeResponse(host.answers.at(-1)!.payload)?.status).toBe(0x6400);
    shield.press();
    expect(shield.signed).toEqual([]);
    shield.powerCycle();
  });

  test("keeps tries and counter in a file, whatever happens to the process", () => {
    const folder = mkdtempSync(join(tmpdir(), "edgeseal-shield-"));
    const path = join(folder, "memory.json");
    const first = loggedIn(makeShield({ memory: shieldMemoryFile(path, TRIES_MAX) }));
    expect(first.ask(COMMAND.raiseCounter({ session: 2, reserved: 1_024 }))).toBe(0x9000);
    first.ask(COMMAND.verifyPin(utf8Bytes("0000")));
    const memory = shieldMemoryFile(path, TRIES_MAX);
    expect(memory.triesLeft).toBe(TRIES_MAX - 1);
    const second = loggedIn(makeShield({ memory }));
    expect(second.ask(COMMAND.raiseCounter({ session: 3, reserved: 1_023 }))).toBe(0x9401);
    expect(second.ask(COMMAND.raiseCounter({ session: 1, reserved: 2_000 }))).toBe(0x9401);
    expect(second.ask(COMMAND.raiseCounter({ session: 3, reserved: 1_024 }))).toBe(0x9000);
    rmSync(folder, { recursive: true, force: true });
  });
});
