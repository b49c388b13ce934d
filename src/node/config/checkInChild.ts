/** Validating a configuration file in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadedConfig } from "../config.js";
import type { CheckAnswer } from "./checkMain.js";
import { ConfigError } from "./problems.js";

const ENTRY = new URL("./checkMain.js", import.meta.url);
/** A slow board takes some seconds to load the schema. */
export const CHECK_TIMEOUT_MS = 60_000;
/** Values with all defaults, of the largest file there may be. */
export const CHECK_ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/**
 * @param path absolute, of the YAML file.
 * @returns undefined where the child could not be started or did not answer.
 * @throws ConfigError as `loadConfig` would.
 */
export async function checkInChild(path: string): Promise<LoadedConfig | undefined> {
  const answer = await askChild(path);
  if (answer === undefined) return undefined;
  if ("problem" in answer) throw new ConfigError(answer.problem);
  return answer.loaded;
}

function askChild(path: string): Promise<CheckAnswer | undefined> {
  const limits = { timeout: CHECK_TIMEOUT_MS, maxBuffer: CHECK_ANSWER_BYTES_MAX };
  return new Promise((resolve) => {
    // The child may end with a warning or an exit code of its own: what counts is whether it answered.
    const answered = (_error: unknown, out: string): void => {
      try {
        const answer: unknown = JSON.parse(out);
        resolve(isAnswer(answer) ? answer : undefined);
      } catch {
        resolve(undefined);
      }
    };
    try {
      execFile(process.execPath, [fileURLToPath(ENTRY), path], limits, answered);
    } catch {
      resolve(undefined);
    }
  });
}

/** The child is this program's own: it is enough to tell its answer from something else on the same pipe. */
function isAnswer(value: unknown): value is CheckAnswer {
  return typeof value === "object" && value !== null && ("loaded" in value || "problem" in value);
}
