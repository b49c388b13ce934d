/** Generated pages are up to date, and every code of every problem union has its words. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describe as inWords } from "../../src/text/describe.js";
import { ALL_TEXTS, textOf } from "../../src/text/index.js";
import { type CompiledCli, compileCli, ROOT } from "./compiledCli.js";

let cli: CompiledCli;
beforeAll(() => {
  cli = compileCli();
});
afterAll(() => cli.remove());

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
}

/** Codes in the unions: `{ readonly code: "SOME_CODE"; ... }` or, where they share their data, `Refused<"SOME_CODE">`. */
const CODE_IN_UNION = /(?:readonly code: |Refused<)"([A-Z][A-Z0-9_]+)"/g;

const CODES = [...sourceFiles("src"), ...sourceFiles("hsm"), ...sourceFiles("simulator")].flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(CODE_IN_UNION)].map(([, code]) => code as string),
);

describe("texts", () => {
  it("exist for every code in a problem union, once", () => {
    expect(CODES.length).toBeGreaterThan(100);
    expect(CODES.filter((code) => textOf(code) === undefined)).toEqual([]);
    const listed = Object.values(ALL_TEXTS).flatMap((texts) => Object.keys(texts));
    expect(listed.filter((code, i) => listed.indexOf(code) !== i)).toEqual([]);
    expect(listed.filter((code) => !CODES.includes(code))).toEqual([]);
  });

  it("make one line of anything, also of what nobody expected", () => {
    expect(inWords({ code: "BYTES_NOT_HEX", length: 3 })).toEqual({
      code: "BYTES_NOT_HEX",
      sentence: "A text of 3 characters is not an even number of hexadecimal digits.",
      data: { length: 3 },
    });
    for (const thrown of [
      new TypeError("a\nb\u001b[31m"),
      undefined,
      3,
      "text",
      { code: "NOBODYS" },
      { code: 3 },
      null,
    ]) {
      const described = inWords(thrown);
      expect(described.code).toBe("UNEXPECTED");
      expect(described.sentence).not.toMatch(/\p{Cc}/u);
    }
    expect(inWords({ code: "RPC_ERROR", nodeCode: 1, message: "x".repeat(5_000) }).sentence.length).toBeLessThan(1_010);
  });
});

describe("generated pages", () => {
  it("are up to date", () => {
    const script = join(ROOT, "scripts/docs/main.mjs");
    const ran = spawnSync(process.execPath, [script, "--check", "--dist", cli.folder], { encoding: "utf8" });
    expect(ran).toMatchObject({ status: 0, stderr: "" });
  });
});
