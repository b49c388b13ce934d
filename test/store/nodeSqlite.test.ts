import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STORE_CONTRACT } from "../support/storeContract.js";
import { type CompiledChildren, compileChildren } from "./children/compile.js";
import { nodeWithSqlite } from "./children/node22.js";

interface CaseReport {
  readonly name: string;
  readonly problem: string;
}

let folder: string;
let children: CompiledChildren;
const reports = new Map<string, string>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-node-sqlite-"));
  children = compileChildren();
  const command = ["--disable-warning=ExperimentalWarning", children.program("contract"), folder, "node:sqlite"];
  const said = execFileSync(nodeWithSqlite(), command, { encoding: "utf8" });
  for (const line of said.trim().split("\n")) {
    const { name, problem } = JSON.parse(line) as CaseReport;
    reports.set(name, problem);
  }
}, 120_000);
afterAll(() => {
  children.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("store on node:sqlite", () => {
  for (const { name } of STORE_CONTRACT) {
    it(name, () => expect(reports.get(name)).toBe(""));
  }
});
