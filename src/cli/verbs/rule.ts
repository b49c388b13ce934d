/** The verbs about rules: check, explain, run, simulate; reload at a running gateway. */
import type { Command } from "commander";
import type { RuleFilesRequest, TriedLine } from "../../node/commands/rule.js";
import type { RuleMistake } from "../../node/rules/problems.js";
import { describe } from "../../text/describe.js";
import { type Console, EXIT_NO, EXIT_OK, inWords, printAnswer } from "../output.js";

import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

interface HomeWords {
  readonly home?: string;
  readonly profiles?: string;
  readonly json?: true;
}

interface RunWords extends HomeWords {
  readonly inputs: string;
}

interface SimulateWords extends HomeWords {
  readonly days: string;
  readonly seed: string;
  readonly report?: string;
}

export function addRuleVerbs(program: Command, console: Console, done: Done): void {
  const rule = program
    .command("rule")
    .description("rules of a gateway: written, checked and tried without devices")
    .addHelpText(
      "after",
      "\nFILE is a rule, or one folder with devices.yaml, policy.yaml, rules/ and scenes/; of a rule alone these are\n" +
        "looked for in its folder and the one above. docs/examples has some.",
    );
  homeOptions(
    rule
      .command("check")
      .description("compile and analyse rules; every mistake with its line and column")
      .argument("<FILE...>", "rules, or a folder"),
  ).action(async (files: string[], options: HomeWords) => done(await check(console, files, options)));
  homeOptions(
    rule
      .command("explain")
      .description("what rules do, in sentences, and which devices they read and set")
      .argument("<FILE...>", "rules, or a folder"),
  ).action(async (files: string[], options: HomeWords) => done(await explain(console, files, options)));
  homeOptions(
    rule
      .command("run")
      .description("evaluate rules against readings of a file, print the commands")
      .argument("<FILE...>", "rules, or a folder")
      .requiredOption(
        "--inputs <JSONL>",
        'one object a line: {"at": seconds, "device": ID, "property": NAME, "value": VALUE}',
      ),
  ).action(async (files: string[], options: RunWords) => done(await run(console, files, options)));
  homeOptions(
    rule
      .command("simulate")
      .description("rules over days of made-up readings, in virtual time")
      .argument("<FILE...>", "rules, or a folder")
      .option("--days <N>", "days", "1")
      .option("--seed <N>", "the same seed gives the same days", "7")
      .option("--report <FILE>", "write a page with a picture"),
  ).action(async (files: string[], options: SimulateWords) => done(await simulate(console, files, options)));
  configOption(
    rule
      .command("reload")
      .description("the running gateway reads devices, rules, scenes and policy from their files again"),
  ).action(async (options: NodeOptions) => done(await reload(console, options)));
}

async function reload(console: Console, options: NodeOptions): Promise<number> {
  const [{ reloadFiles }, { loadConfig }] = await Promise.all([
    import("../../node/commands/device.js"),
    import("../../node/config.js"),
  ]);
  const { config } = await loadConfig(configPath(console, options));
  const { rules, mistakes } = await reloadFiles(config);
  printAnswer(console, options.json === true, { rules, mistakes }, [
    ...mistakes.map(mistakeLine),
    `${rules.active} rules active, ${rules.paused} paused, ${rules.scenes} scenes`,
  ]);
  return mistakes.length === 0 ? EXIT_OK : EXIT_NO;
}

function homeOptions(command: Command): Command {
  return command
    .option("--home <DIR>", "folder with devices.yaml")
    .option("--profiles <DIR>", "folder with profiles of one's own")
    .option("--json", "print one JSON object");
}

function requestOf(files: readonly string[], { home, profiles }: HomeWords): RuleFilesRequest {
  return { files, home, profiles };
}

function placed(file: string, line: number, column: number): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}

function mistakeLine({ file, line, column, problem }: RuleMistake): string {
  const words = inWords(describe(problem));
  // The file of devices is read elsewhere too; its sentences name the place themselves.
  return problem.code.startsWith("DEVICES_") ? words : `${placed(file, line, column)}: ${words}`;
}

async function check(console: Console, files: readonly string[], options: HomeWords): Promise<number> {
  const { checkRules } = await import("../../node/commands/rule.js");
  const checked = await checkRules(requestOf(files, options));
  printAnswer(console, options.json === true, checked, [
    ...checked.mistakes.map(mistakeLine),
    ...checked.findings.map(
      ({ file, line, column, finding }) =>
        `${placed(file, line, column)}: ${finding.level}: ${inWords(describe(finding))}`,
    ),
    ...checked.rules.map(({ id, hash, status }) => `${id.padEnd(24)} ${status.toLowerCase().padEnd(9)} ${hash}`),
    checked.ok ? `all good; analysis ${checked.digest}` : "not good",
  ]);
  return checked.ok ? EXIT_OK : EXIT_NO;
}

async function explain(console: Console, files: readonly string[], options: HomeWords): Promise<number> {
  const { explainRules } = await import("../../node/commands/rule.js");
  const explained = await explainRules(requestOf(files, options));
  printAnswer(console, options.json === true, explained, [
    ...explained.mistakes.map(mistakeLine),
    ...explained.rules.flatMap(({ id, title, sentences }) => [`${id}: ${title}`, ...sentences, ""]),
    ...explained.devices.map(
      ({ id, readBy, setBy }) =>
        `${id.padEnd(24)} read by ${readBy.join(", ") || "nobody"}; set by ${setBy.join(", ") || "nobody"}`,
    ),
  ]);
  return explained.mistakes.length === 0 ? EXIT_OK : EXIT_NO;
}

async function run(console: Console, files: readonly string[], options: RunWords): Promise<number> {
  const { readLines, runRules } = await import("../../node/commands/rule.js");
  const tried = await runRules(requestOf(files, options), readLines(options.inputs));
  printAnswer(console, options.json === true, tried, tried.lines.map(triedLine));
  return EXIT_OK;
}

function triedLine(line: TriedLine): string {
  const at = `${(line.atMs / 1_000).toFixed(3).padStart(12)} s  `;
  if (line.kind === "command") return `${at}${line.device}.${line.target} = ${line.value}`;
  if (line.kind === "notice") return `${at}${line.rule} says: ${line.text}`;
  return `${at}${inWords(describe({ code: line.code, rule: line.rule }))}`;
}

async function simulate(console: Console, files: readonly string[], options: SimulateWords): Promise<number> {
  const [{ simulateRules, simulationPage }, { numberOf }] = await Promise.all([
    import("../../node/commands/ruleSimulation.js"),
    import("../../node/commands/sign.js"),
  ]);
  const days = numberOf(options.days, "--days");
  const result = await simulateRules(requestOf(files, options), days, numberOf(options.seed, "--seed"));
  if (options.report !== undefined) {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(options.report, simulationPage(result));
  }
  printAnswer(console, options.json === true, result, [
    `${result.readings} readings in ${days} days (seed ${result.seed})`,
    `commands   ${result.commands}, of which ${result.reversals} undid another within 5 s`,
    `notices    ${result.notices}`,
    `receipts   ${result.receipts}`,
    ...Object.entries(result.targets).map(([target, count]) => `  ${String(count).padStart(7)}  ${target}`),
    ...Object.entries(result.refusals).map(([code, count]) => `  ${String(count).padStart(7)}  refused: ${code}`),
  ]);
  return EXIT_OK;
}
