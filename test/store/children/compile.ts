/**
 * Compiles the child programs and what they import, and nothing else, into a folder of their own: a child runs on plain
 * Node without a test runner's loader, and on a Node that cannot read TypeScript. The folder lies inside node_modules, so
 * that packages are found from there and no tool takes it for source.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");
export const CACHE_FOLDER = join(ROOT, "node_modules/.cache/edgeseal");

export interface CompiledChildren {
  /** The JavaScript file of a program in this folder. */
  program(name: "writer" | "contract" | "fullDisk"): string;
  remove(): void;
}

export function compileChildren(): CompiledChildren {
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(CACHE_FOLDER, "children-"));
  const toRoot = relative(folder, ROOT);
  const config = {
    extends: `${toRoot}/tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: toRoot, outDir: "." },
    files: ["writer", "contract", "fullDisk"].map((name) => `${toRoot}/test/store/children/${name}.ts`),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", folder], { stdio: ["ignore", "inherit", "inherit"] });
  return {
    program: (name) => join(folder, "test/store/children", `${name}.js`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
