/** A program that runs in a process or thread of its own, compiled for plain Node with everything it imports. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkoutRoot } from "./checkout.js";

const ROOT = checkoutRoot(import.meta.dirname);
const CACHE_FOLDER = join(ROOT, "node_modules/.cache/edgeseal");

export interface CompiledProgram {
  readonly path: string;
  remove(): void;
}

/** @param source path from the checkout's root, such as "hsm/pkcs11/tokenMain.ts". */
export function compileProgram(source: string): CompiledProgram {
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(CACHE_FOLDER, "program-"));
  const toRoot = relative(folder, ROOT);
  const config = {
    extends: `${toRoot}/tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: toRoot, outDir: "." },
    files: [`${toRoot}/${source}`],
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", folder], { stdio: ["ignore", "inherit", "inherit"] });
  return {
    path: join(folder, source.replace(/\.ts$/, ".js")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
