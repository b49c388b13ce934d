/**
 * `edgeseal start`: the node of a configuration, until it is asked to stop or its store fails. On the way to the first
 * header nothing is loaded that is not needed: no schema for a file that was validated before, no command-line room.
 */
import type { Logger } from "../../base/logger.js";
import { writeChecked } from "../config/checked.js";
import { type Config, loadConfigSparingly } from "../config.js";
import { serveControl } from "../control.js";
import { openDataDir } from "../dataDir.js";
import { type LogFormat, type LogLevel, lineLogger } from "../logging.js";
import { SdNotify } from "../sdNotify.js";

export interface StartOptions {
  readonly configPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logFormat: LogFormat;
  /** Instead of the configured one. */
  readonly logLevel?: LogLevel;
  readonly writeLog: (line: string) => void;
}

export interface StartedNode {
  readonly config: Config;
  /** Resolves when the node has ended: with undefined after `stop`, with the error that ended it otherwise. */
  readonly ended: Promise<unknown>;
  /** May be called more than once. */
  stop(): void;
}

/** @throws ConfigError, DataDirError, StoreError, NodeError, ControlError; nothing is left open then. */
export async function startCommand(options: StartOptions): Promise<StartedNode> {
  const { config, fileId, fresh } = await loadConfigSparingly(options.configPath);
  const logger = lineLogger(options.logFormat, options.logLevel ?? config.log.level, options.writeLog);
  // Started early, because its imports read many files while the data directory's lock waits for the disk.
  const starter = import("../startNode.js");
  const dataDir = await openDataDir(config.dataDir, {
    create: true,
    lock: config.store.engine === "memory" ? "where possible" : "needed",
  });
  try {
    if (fresh !== undefined) writeChecked(config.dataDir, fileId, fresh);
    const { startNode } = await starter;
    const end = new Ending();
    const node = await startNode(config, dataDir, logger, { onFailure: (error) => end.request(error) });
    const control = await serveControl(dataDir.path, node, () => end.request(undefined)).catch(async (thrown) => {
      await node.stop();
      throw thrown;
    });
    const notify = new SdNotify({ environment: options.environment, logger, isAlive: () => !end.requested });
    void notify.ready(`${config.role} node ${config.client}`);
    logger.info({ role: config.role, client: config.client, dataDir: dataDir.path, pid: process.pid }, "started");
    const ended = end.wait().then(async (cause) => {
      await shutDown(logger, [() => notify.stopping(), () => control.close(), () => node.stop()]);
      notify.close();
      dataDir.close();
      logger.info({}, "stopped");
      return cause;
    });
    return { config, ended, stop: () => end.request(undefined) };
  } catch (thrown) {
    dataDir.close();
    throw thrown;
  }
}

/** The first request to end counts, with its reason. */
class Ending {
  requested = false;
  readonly #waiting: Promise<unknown>;
  #resolve: (cause: unknown) => void = () => {};

  constructor() {
    this.#waiting = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  request(cause: unknown): void {
    this.requested = true;
    this.#resolve(cause);
  }

  wait(): Promise<unknown> {
    return this.#waiting;
  }
}

/** Every step is taken, whatever became of the one before. */
async function shutDown(logger: Logger, steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (thrown) {
      logger.error({ reason: thrown instanceof Error ? thrown.message : String(thrown) }, "stopping was not clean");
    }
  }
}
