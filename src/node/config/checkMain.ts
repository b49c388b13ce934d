/** The program behind checkInChild.ts: reads and validates the file named by its argument, answers with one line of JSON. */
import { type LoadedConfig, loadConfig } from "../config.js";
import { ConfigError, type ConfigProblem } from "./problems.js";

export type CheckAnswer = { readonly loaded: LoadedConfig } | { readonly problem: ConfigProblem };

process.stdout.write(JSON.stringify(await answerTo(process.argv[2] ?? "")));

async function answerTo(path: string): Promise<CheckAnswer> {
  try {
    return { loaded: await loadConfig(path) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { problem: thrown.problem };
    throw thrown;
  }
}
