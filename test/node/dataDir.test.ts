/** The data directory: one owner at a time, nobody else's files, no lock that outlives its process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DataDir, openDataDir } from "../../src/node/dataDir.js";
import { type CompiledCli, compileCli } from "../cli/compiledCli.js";

let cli: CompiledCli;
let base: string;
let path: string;
let count = 0;

beforeAll(() => {
  cli = compileCli();
  base = mkdtempSync(join(tmpdir(), "edgeseal-data-"));
});
afterAll(() => {
  cli.remove();
  rmSync(base, { recursive: true, force: true });
});
beforeEach(() => {
  count++;
  path = join(base, `node ${count}`, "data");
});

async function codeOf(attempt: Promise<DataDir>): Promise<unknown> {
  try {
    (await attempt).close();
  } catch (thrown) {
    return (thrown as { problem: unknown }).problem;
  }
  return "OPENED";
}

/** A process that holds the directory until it is killed; resolves when it does. */
async function holder(): Promise<ChildProcess> {
  const program = `
    const { openDataDir } = await import(${JSON.stringify(join(cli.folder, "src/node/dataDir.js"))});
    const held = await openDataDir(${JSON.stringify(path)}, { create: true });
    process.stdout.write("held\\n");
    setInterval(() => held.path, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("opening", () => {
  it("makes a folder that only its owner can enter, with its format", async () => {
    const dataDir = await openDataDir(path, { create: true });
    expect(dataDir).toMatchObject({ path, storePath: join(path, "chain.db"), locked: true });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(path, "FORMAT"), "utf8")).toBe("edgeseal data directory, format 1\n");
    dataDir.close();
    (await openDataDir(path, { create: false })).close();
  });

  it("closes a folder to others that a service manager made for it", async () => {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    (await openDataDir(path, { create: true })).close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o750);
    (await openDataDir(path, { create: false })).close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("goes on where a creation was interrupted", async () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "FORMAT.unfinished"), "edge");
    (await openDataDir(path, { create: true })).close();
    expect(existsSync(join(path, "FORMAT"))).toBe(true);
  });

  it("refuses what is missing, foreign, damaged, newer or no folder, and changes nothing there", async () => {
    expect(await codeOf(openDataDir(path, { create: false }))).toEqual({ code: "DATA_DIR_MISSING", path });
    expect(existsSync(path)).toBe(false);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    chmodSync(path, 0o755);
    expect(await codeOf(openDataDir(path, { create: false }))).toMatchObject({ code: "DATA_DIR_MISSING" });
    writeFileSync(join(path, "photo.jpg"), "");
    expect(await codeOf(openDataDir(path, { create: true }))).toMatchObject({
      code: "DATA_DIR_NOT_EMPTY",
      found: "photo.jpg",
    });
    expect(statSync(path).mode & 0o777).toBe(0o755);
    writeFileSync(join(path, "FORMAT"), "edgeseal data directory, format 2\n");
    expect(await codeOf(openDataDir(path, { create: true }))).toEqual({
      code: "DATA_DIR_NEWER",
      path,
      found: 2,
      known: 1,
    });
    writeFileSync(join(path, "FORMAT"), "");
    expect(await codeOf(openDataDir(path, { create: true }))).toMatchObject({ code: "DATA_DIR_FORMAT" });
    const file = join(base, "file");
    writeFileSync(file, "");
    expect(await codeOf(openDataDir(file, { create: true }))).toMatchObject({ code: "DATA_DIR_NOT_A_FOLDER" });
    expect(await codeOf(openDataDir(join(file, "data"), { create: true }))).toMatchObject({ code: "DATA_DIR_ACCESS" });
  });
});

describe("the lock", () => {
  it("keeps a second process out and names the first", async () => {
    const first = await holder();
    expect(await codeOf(openDataDir(path, { create: true }))).toEqual({
      code: "DATA_DIR_LOCKED",
      path,
      pid: first.pid,
    });
    // Nothing is ever written to the lock file: a journal would wear flash and could be left behind.
    expect(statSync(join(path, "lock")).size).toBe(0);
    expect(readdirSync(path).sort()).toEqual(["FORMAT", "lock", "pid"]);
    await kill(first);
  });

  it("ends with a process that was killed, each time again", async () => {
    for (let i = 0; i < 3; i++) await kill(await holder());
    expect(await codeOf(openDataDir(path, { create: true }))).toBe("OPENED");
  });

  it("lets exactly one of many starting at once in", async () => {
    (await openDataDir(path, { create: true })).close();
    const program = `
      const { openDataDir } = await import(${JSON.stringify(join(cli.folder, "src/node/dataDir.js"))});
      const held = await openDataDir(${JSON.stringify(path)}, { create: true }).catch(() => undefined);
      process.stdout.write(held === undefined ? "out" : "in");
      process.stdin.on("data", () => process.exit());
      process.stdin.on("end", () => process.exit());`;
    const children = Array.from({ length: 5 }, () => spawn(process.execPath, ["--input-type=module", "-e", program]));
    const said = await Promise.all(children.map(async (child) => String((await once(child.stdout, "data"))[0])));
    for (const child of children) child.kill("SIGKILL");
    expect(said.sort()).toEqual(["in", "out", "out", "out", "out"]);
  });

  it("is let go by close", async () => {
    (await openDataDir(path, { create: true })).close();
    const second = await holder();
    await kill(second);
  });
});
