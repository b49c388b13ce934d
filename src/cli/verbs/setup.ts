/** The verbs that prepare a node: init, anchor, config; and the demonstration. */
import type { Command } from "commander";
import type { AnchorJson } from "../../chain/anchor.js";
import { type Console, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

export function addSetupVerbs(program: Command, console: Console, done: Done): void {
  program
    .command("init")
    .description("unpack a provisioning bundle: configuration, credentials and anchor of a new node")
    .requiredOption("-b, --bundle <FILE>", "the bundle, or - for standard input")
    .option("--expect <FINGERPRINT>", "refuse any other bundle than the one with this fingerprint")
    .option("--role <ROLE>", "light, publisher or gateway, instead of what the bundle says")
    .option("--dir <DIR>", "folder of the configuration", ".")
    .option("--json", "print one JSON object")
    .action(async (options: InitOptions) => done(await init(console, options)));

  const anchor = program.command("anchor").description("show or change what this node trusts");
  configOption(anchor.command("show").description("show the recorded anchor")).action(async (options: NodeOptions) =>
    done(await showAnchor(console, options)),
  );
  configOption(
    anchor
      .command("set")
      .description("trust this anchor from now on; headers verified from another one are dropped")
      .argument("<FILE>", "anchor or bundle, or - for standard input"),
  ).action(async (file: string, options: NodeOptions) => done(await setAnchor(console, file, options)));
  configOption(
    anchor
      .command("accept")
      .description("accept the sealers of a header for whose change there is no proof (state SEALERS_UNPROVEN)")
      .argument("<NUMBER>", "number of the header")
      .argument("<HASH>", "its hash, compared with the operator of the chain"),
  ).action(async (number: string, hash: string, options: NodeOptions) =>
    done(await accept(console, number, hash, options)),
  );

  const config = program.command("config").description("the configuration file");
  config
    .command("schema")
    .description("print the JSON schema of edgeseal.yaml")
    .option("--json", "it is JSON anyway")
    .action(async () => {
      const { configJsonSchema } = await import("../../node/config/schema.js");
      console.out(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
      done(EXIT_OK);
    });
}

interface InitOptions {
  readonly bundle: string;
  readonly expect?: string;
  readonly role?: string;
  readonly dir: string;
  readonly json?: true;
}

async function init(console: Console, options: InitOptions): Promise<number> {
  const [{ initNode }, { readInput }, { systemClock }] = await Promise.all([
    import("../../node/commands/init.js"),
    import("../../node/commands/readInput.js"),
    import("../../node/systemClock.js"),
  ]);
  const result = await initNode({
    bundle: await readInput(options.bundle),
    bundleName: options.bundle,
    folder: options.dir,
    clock: systemClock,
    ...(options.expect === undefined ? {} : { expect: options.expect }),
    ...(options.role === undefined ? {} : { role: options.role }),
  });
  printAnswer(console, options.json === true, result, [
    `fingerprint  ${result.fingerprint}`,
    result.compared
      ? "             it is the expected one"
      : "             compare it with the operator's, by another way than the one the bundle came",
    `config       ${result.config} (${result.configWritten ? "written" : "was there, left as it is"})`,
    `data         ${result.dataDir}`,
    `anchor       ${anchorText(result.anchor)} (${result.anchorRecorded ? "recorded" : "was recorded already"})`,
    ...(result.files.length === 0 ? [] : [`credentials  ${result.files.join(", ")}`]),
    ...(result.examples.length === 0 ? [] : [`to change    ${result.examples.join(", ")}`]),
    "next         edgeseal doctor, then edgeseal start",
  ]);
  return EXIT_OK;
}

function anchorText({ chain, group, suite, layout, faultModel, height, hash, sealers }: AnchorJson): string {
  const count = sealers === undefined ? "sealers from block 0" : `${sealers.length} sealers`;
  return `${chain}/${group} (${suite}, ${layout}, ${faultModel}), height ${height}, ${hash}, ${count}`;
}

async function commandParts(console: Console, options: NodeOptions) {
  const [commands, { loadConfig }, { systemClock }] = await Promise.all([
    import("../../node/commands/anchor.js"),
    import("../../node/config.js"),
    import("../../node/systemClock.js"),
  ]);
  const { config } = await loadConfig(configPath(console, options));
  return { commands, config, clock: systemClock };
}

async function showAnchor(console: Console, options: NodeOptions): Promise<number> {
  const { commands, config, clock } = await commandParts(console, options);
  const anchor = await commands.showAnchor(config, clock);
  const accepted = anchor.acceptedAt === undefined ? "" : new Date(anchor.acceptedAt).toISOString();
  printAnswer(console, options.json === true, anchor, [
    anchorText(anchor),
    `accepted ${accepted}`,
    ...(anchor.sealers ?? []).map(({ nodeID, weight }) => `sealer ${nodeID} weight ${weight}`),
  ]);
  return EXIT_OK;
}

async function setAnchor(console: Console, file: string, options: NodeOptions): Promise<number> {
  const { parseObject, readInput } = await import("../../node/commands/readInput.js");
  const { commands, config, clock } = await commandParts(console, options);
  const result = await commands.setAnchor(config, parseObject(await readInput(file), file), clock);
  const what = result.changed ? "trusted from now on" : "is the anchor already";
  printAnswer(console, options.json === true, result, [`${anchorText(result.anchor)}: ${what}`]);
  return EXIT_OK;
}

const DECIMAL = /^\d{1,15}$/;

async function accept(console: Console, number: string, hash: string, options: NodeOptions): Promise<number> {
  const { commands, config } = await commandParts(console, options);
  const height = DECIMAL.test(number) ? Number(number) : Number.NaN;
  const result = await commands.acceptSealers(config, height, hash);
  printAnswer(console, options.json === true, result, [`the sealers of header ${result.number} are trusted`]);
  return EXIT_OK;
}
