/** `edgeseal stop`: asks the running node to end. */
import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../config.js";
import { askNode } from "../control/client.js";
import { CommandError } from "./problems.js";

/** A node closes its links and its store well within this. */
export const STOP_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Resolves when the node takes no commands any more. @throws CommandError `COMMAND_NODE_NOT_RUNNING`, ControlError */
export async function stopNode(config: Config): Promise<{ readonly stopped: boolean }> {
  if ((await askNode(config.dataDir, { command: "stop" })) === undefined) {
    throw new CommandError({ code: "COMMAND_NODE_NOT_RUNNING", dataDir: config.dataDir });
  }
  for (let waitedMs = 0; waitedMs < STOP_WAIT_MS; waitedMs += LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
    const answer = await askNode(config.dataDir, { command: "status" }).catch(() => undefined);
    if (answer === undefined) return { stopped: true };
  }
  return { stopped: false };
}
