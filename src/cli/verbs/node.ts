/** The verbs that work on a node: start, stop, status, doctor. */
import { type Command, Option } from "commander";
import { writeJson } from "../../codec/json.js";
import { isJsonObject, type JsonObject } from "../../node/jsonObject.js";
import { describe } from "../../text/describe.js";
import { asJson, type Console, EXIT_NO, EXIT_OK, inWords, printAnswer } from "../output.js";
import { gatewayLines } from "./gatewayStatus.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";
import type { StartVerbOptions } from "./start.js";

type Done = (exitCode: number) => void;

export function addNodeVerbs(program: Command, console: Console, done: Done): void {
  configOption(program.command("start").description("run the node of a configuration until it is stopped"))
    .addOption(
      new Option("--log-level <LEVEL>", "instead of the configured one").choices(["debug", "info", "warn", "error"]),
    )
    .action(async (options: StartVerbOptions) => {
      const { start } = await import("./start.js");
      done(await start(console, options));
    });
  configOption(program.command("stop").description("stop the running node")).action(async (options: NodeOptions) =>
    done(await stop(console, options)),
  );
  configOption(
    program.command("status").description("role, anchor, height, state, sources and counters of the node"),
  ).action(async (options: NodeOptions) => done(await status(console, options)));
  configOption(
    program.command("doctor").description("check the machine, the configuration, the state and the brokers"),
  ).action(async (options: NodeOptions) => done(await doctor(console, options)));
}

async function stop(console: Console, options: NodeOptions): Promise<number> {
  const { stopNode } = await import("../../node/commands/stop.js");
  const result = await stopNode(await configOf(console, options));
  printAnswer(console, options.json === true, result, [result.stopped ? "stopped" : "still stopping; look at its log"]);
  return result.stopped ? EXIT_OK : EXIT_NO;
}

async function status(console: Console, options: NodeOptions): Promise<number> {
  const [{ readStatus }, { systemClock }] = await Promise.all([
    import("../../node/commands/status.js"),
    import("../../node/systemClock.js"),
  ]);
  const answer = await readStatus(await configOf(console, options), systemClock);
  printAnswer(console, options.json === true, answer, statusLines(answer));
  return EXIT_OK;
}

async function configOf(console: Console, options: NodeOptions) {
  const { loadConfig } = await import("../../node/config.js");
  return (await loadConfig(configPath(console, options))).config;
}

function ledgerLines(ledger: JsonObject, line: (name: string, value: unknown) => string[]): string[] {
  const { transactions, failed, pending, rpc, recoveryWorkers, refused } = ledger;
  return [
    ...line("carried out", `${transactions} transactions, ${failed} of them failed; ${pending} waiting`),
    ...line("json-rpc", `${rpc}, ${recoveryWorkers} threads for signatures`),
    ...(isJsonObject(refused)
      ? Object.entries(refused).map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`)
      : []),
  ];
}

/** Of whatever a node says: fields that it lacks are left out. */
export function statusLines(status: JsonObject): string[] {
  const line = (name: string, value: unknown): string[] =>
    value === undefined || value === null
      ? []
      : [`${name.padEnd(12)}${typeof value === "string" ? value : writeJson(value)}`];
  const { anchor, sources, counters, problem, headerAgeMs, role, running, state, ledger, gateway } = status;
  const crash = status.faultModel === "crash" ? " (sealers are trusted not to lie)" : "";
  return [
    ...line("role", `${role}, ${running === true ? "running" : "not running"}`),
    ...line("state", state),
    ...(isJsonObject(problem) ? line("because", inWords(describe(problem))) : []),
    ...line("chain", status.chain === undefined ? undefined : `${status.chain}, group ${status.group}`),
    ...line("fault model", status.faultModel === undefined ? undefined : `${status.faultModel}${crash}`),
    ...(isJsonObject(anchor) ? line("anchor", `height ${anchor.height}, ${anchor.hash}`) : []),
    ...line("height", status.height),
    ...line("hash", status.hash),
    ...line("header age", typeof headerAgeMs === "number" ? `${(headerAgeMs / 1_000).toFixed(1)} s` : undefined),
    ...(isJsonObject(ledger) ? ledgerLines(ledger, line) : []),
    ...(isJsonObject(gateway) ? gatewayLines(gateway) : []),
    ...(Array.isArray(sources) ? sources.flatMap((source: unknown) => line("source", sourceText(source))) : []),
    ...(isJsonObject(counters)
      ? Object.entries(counters).map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`)
      : []),
  ];
}

function sourceText(source: unknown): string | undefined {
  if (!isJsonObject(source)) return undefined;
  const { name, connected, score, resting, newestShown } = source;
  const parts = [String(name), connected === true ? "connected" : "not connected"];
  if (typeof score === "number") parts.push(`score ${score}`);
  if (resting === true) parts.push("resting after bad answers");
  if (typeof newestShown === "number") parts.push(`shows height ${newestShown}`);
  return parts.join(", ");
}

const MARKS = { ok: "ok  ", warn: "WARN", fail: "FAIL" } as const;

async function doctor(console: Console, options: NodeOptions): Promise<number> {
  const [{ doctor: examine }, { systemClock }] = await Promise.all([
    import("../../node/commands/doctor.js"),
    import("../../node/systemClock.js"),
  ]);
  const { environment } = console;
  const found = await examine({ configPath: configPath(console, options), environment, clock: systemClock });
  const findings = found.map((finding) => {
    if (!("problem" in finding)) return finding;
    const { message, ...rest } = asJson(describe(finding.problem));
    return { name: finding.name, level: finding.level, says: message, ...rest };
  });
  const well = !findings.some(({ level }) => level === "fail");
  const lines = findings.map(({ name, level, says, advice }) => {
    const text = `${MARKS[level]}  ${name}: ${says}`;
    return advice === undefined ? text : `${text}\n      -> ${advice}`;
  });
  printAnswer(console, options.json === true, { well, findings }, lines);
  return well ? EXIT_OK : EXIT_NO;
}
