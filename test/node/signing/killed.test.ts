/** Real processes over a real file: killed a hundred times while they sign, kept out by each other, and on broken disks. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { SIGNING_FILE } from "../../../src/node/signing/sqliteGuardStore.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const KILLS = 50;
const LIFE_MS_MAX = 60;

let compiled: string;
let base: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "edgeseal-signing-"));
  const cache = join(ROOT, "node_modules/.cache/edgeseal");
  mkdirSync(cache, { recursive: true });
  compiled = mkdtempSync(join(cache, "signing-"));
  const toRoot = relative(compiled, ROOT);
  const config = {
    extends: `${toRoot}/tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: toRoot, outDir: "." },
    files: [`${toRoot}/test/node/signing/children/signer.ts`],
    include: [],
  };
  writeFileSync(join(compiled, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(compiled, "package.json"), JSON.stringify({ type: "module" }));
  execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", compiled]);
});

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(compiled, { recursive: true, force: true });
  rmSync(base, { recursive: true, force: true });
});

class Life {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly #firstLine: Promise<void>;
  said = "";

  constructor(folder: string, mode: "anchor" | "development", life: number, wrapper: readonly string[] = []) {
    const program = join(compiled, "test/node/signing/children/signer.js");
    const [command = "", ...words] = [...wrapper, process.execPath, program, folder, mode, String(life)];
    this.child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
    running.add(this.child);
    this.ended = once(this.child, "exit").then(() => running.delete(this.child));
    let spoke = (): void => {};
    this.#firstLine = new Promise((done) => {
      spoke = done;
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
      spoke();
    });
  }

  spoke(): Promise<unknown> {
    return Promise.race([this.#firstLine, this.ended]);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

function home(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder);
  return folder;
}

function digestsBySlot(folder: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of readFileSync(join(folder, "ledger"), "utf8").split("\n").filter(Boolean)) {
    const [slot = "", digest = ""] = line.split(" ");
    found.set(slot, (found.get(slot) ?? new Set()).add(digest));
  }
  return found;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

it.each(["anchor", "development"] as const)(
  "signs no slot twice over 50 kills (%s)",
  async (mode) => {
    const folder = home(`killed-${mode}`);
    const random = new SeededRandom(5);
    let refused = 0;
    for (let life = 0; life < KILLS; life++) {
      const node = new Life(folder, mode, life);
      await node.spoke();
      expect(node.said).not.toContain("failed");
      await pause((random.bytes(1)[0] ?? 0) % LIFE_MS_MAX);
      await node.kill();
      refused += node.said.split("SIGN_").length - 1;
    }
    const slots = digestsBySlot(folder);
    expect([...slots].filter(([, digests]) => digests.size > 1)).toEqual([]);
    expect(slots.size).toBeGreaterThan(KILLS);
    expect(refused).toBeGreaterThan(KILLS);
  },
  180_000,
);

it("keeps a second process out, and a copy of the folder away from what the first may sign", async () => {
  const folder = home("two");
  const first = new Life(folder, "anchor", 1);
  await first.spoke();
  const second = new Life(folder, "anchor", 2);
  await second.ended;
  expect(second.said).toContain("STORE_IN_USE");
  await pause(50);
  const clone = join(base, "clone");
  // The token itself is not copied: both find the same counter.
  first.child.kill("SIGSTOP");
  cpSync(folder, clone, { recursive: true });
  first.child.kill("SIGCONT");
  await pause(20);
  await first.kill();
  cpSync(join(folder, "counter"), join(clone, "counter"));
  cpSync(join(folder, "ledger"), join(clone, "ledger"));
  const copy = new Life(clone, "anchor", 3);
  await copy.spoke();
  await pause(200);
  await copy.kill();
  expect(copy.said).toContain("SIGN_BELOW_WATERMARK");
  expect(copy.said).toContain("signed");
  expect([...digestsBySlot(clone)].filter(([, digests]) => digests.size > 1)).toEqual([]);
});

it("refuses to sign on a full or failing disk and says why", async () => {
  for (const [inject, where, reason] of [
    ["pwrite64:error=ENOSPC:when=60+", "signing", "STORE_FULL"],
    ["fsync,fdatasync:error=EIO:when=30+", "signing", "STORE_IO"],
    ["pwrite64:error=EROFS:when=1+", "open", "STORE_IO"],
    ["pwrite64:error=ENOSPC:when=1+", "open", "STORE_FULL"],
  ] as const) {
    const folder = home(`disk-${inject.replace(/\W/g, "")}`);
    const call = inject.slice(0, inject.indexOf(":"));
    const strace = ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${inject}`];
    const node = new Life(folder, "development", 1, strace);
    await node.ended;
    expect(node.said, inject).toMatch(/SIGN_STORE_FAILED/);
    if (where === "open") expect(node.said).toContain(reason);
    else expect(node.said).toMatch(/^open\n(.*\n)*signed\n(.*\n)*SIGN_STORE_FAILED\n(.*\n)*SIGN_STOPPED\n/);
  }
});

it("says which file it could not use", async () => {
  const folder = home("directory");
  mkdirSync(join(folder, SIGNING_FILE));
  const node = new Life(folder, "development", 1);
  await node.ended;
  expect(node.said).toMatch(/SIGN_STORE_FAILED.*signing\.db/);
});
