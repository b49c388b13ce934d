/** Child processes run on plain Node, which reads no TypeScript: modules and what they import, compiled for them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkoutRoot } from "./checkout.js";

const ROOT = checkoutRoot(import.meta.dirname);
/** Inside node_modules packages are found, and no tool takes the folder for source. */
const CACHE_FOLDER = join(ROOT, "node_modules/.cache/edgeseal");

export interface CompiledModules {
  /** The JavaScript of a module named by its path from the root, without ending. */
  path(module: string): string;
  remove(): void;
}

export function compileModules(modules: readonly string[]): CompiledModules {
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(CACHE_FOLDER, "modules-"));
  const toRoot = relative(folder, ROOT);
  const config = {
    extends: `${toRoot}/tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: toRoot, outDir: "." },
    files: modules.map((module) => `${toRoot}/${module}.ts`),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", folder], { stdio: ["ignore", "inherit", "inherit"] });
  return {
    path: (module) => join(folder, `${module}.js`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
