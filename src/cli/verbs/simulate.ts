/** `edgeseal simulate`: virtual worlds. The simulator is loaded only here. */
import type { Command } from "commander";
import { type Console, EXIT_OK, printAnswer } from "../output.js";

type Done = (exitCode: number) => void;

interface FleetOptions {
  readonly devices?: string;
  readonly broker?: string;
  readonly ca?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly restartCommand?: string;
  readonly scenario: string;
  readonly seed?: string;
  readonly duration?: string;
  readonly report?: string;
  readonly json?: true;
}

interface Progress {
  readonly atMs: number;
  readonly runMs: number;
  readonly devices: number;
  readonly connected: number;
  readonly publishesPerSecond: number;
}

const SCENARIO_DEFAULT = "smart-home";
const BAR_CHARACTERS = 24;
const EMBEDDED = "embedded";

export function addSimulateVerbs(program: Command, console: Console, done: Done): void {
  const simulate = program.command("simulate").description("virtual devices, for trying and for measuring");
  simulate
    .command("fleet")
    .description("thousands of virtual devices, in memory or at a broker, and what happens to them")
    .option("--devices <N>", "how many (default: the scenario's)")
    .option(
      "--broker <URL>",
      `mqtt://host[:port], mqtts://..., or "${EMBEDDED}" for one of its own (default: in memory)`,
    )
    .option("--ca <FILE>", "PEM file of the authorities to trust at mqtts:// instead of the system's")
    .option("--username <NAME>", "user name of all devices at the broker")
    .option("--password-file <FILE>", "file that holds the password")
    .option("--restart-command <COMMAND>", "shell command that restarts the broker where the scenario says so")
    .option(
      "--scenario <FILE|NAME>",
      "smart-home, apartment-block, factory-line, cold-chain, or a YAML file",
      SCENARIO_DEFAULT,
    )
    .option("--seed <N>", "the same seed, the same devices (default: 1)")
    .option("--duration <TIME>", "90s, 10m, 1d (default: the scenario's)")
    .option("--report <FILE>", "write an HTML page with plots")
    .option("--json", "print one JSON object")
    .action(async (options: FleetOptions) => done(await fleet(console, options)));
}

async function fleet(console: Console, options: FleetOptions): Promise<number> {
  const { simulateFleet } = await import("../../../simulator/fleet/command.js");
  const bar = new ProgressBar(console, process.stderr.isTTY === true && options.json !== true);
  const abort = new AbortController();
  const stop = () => abort.abort();
  // The first Ctrl-C ends the run with a report, the second one at once.
  process.once("SIGINT", stop);
  try {
    const { json: _json, ...words } = options;
    const result = await simulateFleet({
      ...words,
      onProgress: (progress) => bar.show(progress),
      signal: abort.signal,
    });
    bar.clear();
    printAnswer(console, options.json === true, result.answer, result.lines);
    return EXIT_OK;
  } finally {
    process.off("SIGINT", stop);
    bar.clear();
  }
}

/** One line on standard error that is drawn over again; nothing where nobody looks. */
class ProgressBar {
  readonly #console: Console;
  readonly #shown: boolean;
  #drawn = false;

  constructor(console: Console, shown: boolean) {
    this.#console = console;
    this.#shown = shown;
  }

  show({ atMs, runMs, devices, connected, publishesPerSecond }: Progress): void {
    if (!this.#shown) return;
    const share = Math.min(1, atMs / runMs);
    const full = Math.round(share * BAR_CHARACTERS);
    const bar = `${"█".repeat(full)}${"░".repeat(BAR_CHARACTERS - full)}`;
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    this.#console.error(
      `\r\x1b[K${bar}${percent}  ${connected} of ${devices} connected, ${publishesPerSecond} messages/s`,
    );
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) this.#console.error("\r\x1b[K");
    this.#drawn = false;
  }
}
