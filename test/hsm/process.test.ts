/** A process with foreign code, whoever owns it: how calls and answers travel, and how it ends. */
import { fork } from "node:child_process";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { ForeignProcess } from "../../hsm/process/foreignProcess.js";
import { ANSWERS_TOGETHER_MAX } from "../../hsm/process/limits.js";
import type { Report } from "../../hsm/process/messages.js";
import { compileModules } from "../support/compiledModules.js";
import type { ForeignRequest } from "../support/foreignProgram.js";

const LIMIT_MS = 5_000;
const compiled = compileModules(["test/support/foreignProgram", "hsm/process/parentWatch"]);
const program = compiled.path("test/support/foreignProgram");
const refusals = {
  told: (problem: string) => new RangeError(problem),
  over: (reason: string) => new TypeError(reason),
};

let foreign: ForeignProcess<ForeignRequest, string, string>;
const ask = (request: ForeignRequest) => foreign.ask(request, LIMIT_MS);

beforeEach(() => {
  foreign = new ForeignProcess(program, refusals, 1);
});
afterEach(async () => {
  foreign.end("test");
  await foreign.gone(LIMIT_MS);
});
afterAll(() => compiled.remove());

describe("calls", () => {
  it("of one turn travel together, those of the next turn by themselves", async () => {
    const first = await Promise.all(Array.from({ length: 20 }, () => ask("messages")));
    expect(first).toEqual(Array(20).fill(1));
    expect(await ask("messages")).toBe(2);
    expect(foreign.answers).toBe(21);
  });

  it("carry the time their caller has", async () => {
    const left = (await ask("deadline")) as number;
    expect(left).toBeLessThanOrEqual(LIMIT_MS);
    expect(left).toBeGreaterThan(LIMIT_MS / 2);
  });

  it("are refused with the owner's errors", async () => {
    await expect(ask("fail")).rejects.toEqual(new RangeError("fail: refused"));
    const open = ask("never");
    await expect(ask("die")).rejects.toEqual(new TypeError("SIGKILL"));
    await expect(open).rejects.toEqual(new TypeError("SIGKILL"));
    await expect(ask("messages")).rejects.toEqual(new TypeError("SIGKILL"));
    expect(foreign.hasEnded).toBe(true);
  });

  it("are not sent any more when the process was ended in the same turn", async () => {
    const asked = ask("messages");
    foreign.end("changed my mind");
    await expect(asked).rejects.toEqual(new TypeError("changed my mind"));
  });
});

describe("answers", () => {
  it("travel together while more calls are open, and no more than so many", async () => {
    const count = 2 * ANSWERS_TOGETHER_MAX + 3;
    const stdio: ("ignore" | "ipc" | "pipe")[] = ["ignore", "ignore", "ignore", "ipc", "pipe"];
    const child = fork(program, [], { serialization: "advanced", stdio, execArgv: [] });
    const sizes: number[] = [];
    child.on("message", (reports) => sizes.push((reports as Report<string, string>[]).length));
    const sum = () => sizes.reduce((all, size) => all + size, 0);
    child.send(Array.from({ length: count }, (_, id) => ({ id, timeLeftMs: LIMIT_MS, request: "messages" })));
    await expect.poll(sum, { timeout: LIMIT_MS }).toBe(count);
    expect(sizes).toEqual([ANSWERS_TOGETHER_MAX, ANSWERS_TOGETHER_MAX, 3]);
    child.kill("SIGKILL");
  });

  it("do not wait for a call that never ends", async () => {
    const never = ask("never").catch(() => undefined);
    expect(await ask("messages")).toBeGreaterThan(0);
    foreign.end("test");
    await never;
  });
});

describe("the process", () => {
  it("has said what it noted, though it died at once", async () => {
    await expect(ask("note and die")).rejects.toThrow(TypeError);
    await foreign.gone(LIMIT_MS);
    expect(foreign.note).toBe("dying");
  });

  it("that hangs is ended at once", async () => {
    const hanging = ask("hang");
    await new Promise((resolve) => setTimeout(resolve, 300));
    foreign.end("hung");
    await expect(hanging).rejects.toEqual(new TypeError("hung"));
    const start = performance.now();
    await foreign.gone(LIMIT_MS);
    expect(performance.now() - start).toBeLessThan(LIMIT_MS / 2);
  });
});
