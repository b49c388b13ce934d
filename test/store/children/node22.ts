/** A Node that has `node:sqlite`: this one when it is new enough, else one from npm, kept in the cache folder. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { CACHE_FOLDER } from "./compile.js";

const NODE_VERSION = "22.23.3";

/** @throws Error when it cannot be had, with npm's words: skipping the engine silently would hide a broken store. */
export function nodeWithSqlite(): string {
  if (isBuiltin("node:sqlite")) return process.execPath;
  const packageName = `node-${process.platform}-${process.arch}`;
  const prefix = join(CACHE_FOLDER, `node-${NODE_VERSION}`);
  const binary = join(prefix, "node_modules", packageName, "bin/node");
  if (existsSync(binary)) return binary;
  mkdirSync(prefix, { recursive: true });
  const command = ["install", "--prefix", prefix, "--no-save", "--ignore-scripts", `${packageName}@${NODE_VERSION}`];
  try {
    execFileSync("npm", command, { cwd: prefix, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`node:sqlite cannot be tested: npm gave no ${packageName}@${NODE_VERSION}: ${words}`, {
      cause: error,
    });
  }
  if (!existsSync(binary)) throw new Error(`node:sqlite cannot be tested: ${packageName} holds no bin/node`);
  return binary;
}
