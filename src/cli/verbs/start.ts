/**
 * The verb that runs for months on a small board. It loads neither the command-line library nor the texts unless something
 * goes wrong: together they take 8 MB.
 */
import { parseArgs } from "node:util";
import { CommandError } from "../../node/commands/problems.js";
import { startCommand } from "../../node/commands/start.js";
import { LOG_LEVELS, type LogLevel } from "../../node/logging.js";
import type { Console } from "../output.js";
import { configPath, type NodeOptions } from "./shared.js";

export interface StartVerbOptions extends NodeOptions {
  readonly logLevel?: LogLevel;
}

/** The options of a plain `start` command line, or undefined for one that the command-line library has to judge. */
export function plainStart(words: readonly string[]): StartVerbOptions | undefined {
  if (words[0] !== "start") return undefined;
  try {
    const { values } = parseArgs({
      args: words.slice(1),
      options: {
        config: { type: "string", short: "c" },
        json: { type: "boolean" },
        "log-level": { type: "string" },
      },
    });
    const logLevel = LOG_LEVELS.find((level) => level === values["log-level"]);
    if (values["log-level"] !== undefined && logLevel === undefined) return undefined;
    return {
      ...(values.config === undefined ? {} : { config: values.config }),
      ...(values.json === true ? { json: true } : {}),
      ...(logLevel === undefined ? {} : { logLevel }),
    };
  } catch {
    return undefined;
  }
}

/** Runs the node until it ends. @returns the exit code. */
export async function start(console: Console, options: StartVerbOptions): Promise<number> {
  const { environment } = console;
  try {
    refuseDebugger(environment);
    const node = await startCommand({
      configPath: configPath(console, options),
      environment,
      logFormat: options.json === true ? "json" : "text",
      ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
      writeLog: console.error,
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => node.stop());
    const cause = await node.ended;
    if (cause === undefined) return 0;
    throw cause;
  } catch (thrown) {
    const { printFailure } = await import("../output.js");
    return printFailure(console, options.json === true, thrown);
  }
}

/** A debugger port hands the whole node to whoever reaches it; SIGUSR1 would open one at run time (nodejs.org, "Signal events"). */
function refuseDebugger(environment: Console["environment"]): void {
  if (environment.EDGESEAL_DEBUG === "1") return;
  process.on("SIGUSR1", () => {});
  const flags = [...process.execArgv, environment.NODE_OPTIONS ?? ""].join(" ");
  if (!flags.includes("--inspect")) return;
  const reason = "A node with a debugger port is refused; set EDGESEAL_DEBUG=1 on a machine where that is meant";
  throw new CommandError({ code: "COMMAND_USAGE", reason });
}
