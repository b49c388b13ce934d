import type { Command } from "commander";
import { CONFIG_FILE_DEFAULT } from "../../node/config.js";
import type { Console } from "../output.js";

export interface NodeOptions {
  readonly config?: string;
  readonly json?: true;
}

/** Adds what every verb takes that works on a configured node. */
export function configOption(command: Command): Command {
  return command
    .option("-c, --config <FILE>", `configuration (default: $EDGESEAL_CONFIG or ${CONFIG_FILE_DEFAULT})`)
    .option("--json", "print one JSON object");
}

export function configPath({ environment }: Console, options: NodeOptions): string {
  return options.config ?? environment.EDGESEAL_CONFIG ?? CONFIG_FILE_DEFAULT;
}
