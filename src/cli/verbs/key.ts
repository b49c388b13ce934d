/** The verbs about keys: generate, list, import, public, selftest, and the history of what they have signed. */
import type { Command } from "commander";
import type { Extractable } from "../../crypto/keyBackend.js";
import type { PublicKey } from "../../node/commands/key.js";
import { type Console, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

interface SelfTestOptions extends NodeOptions {
  readonly count?: string;
}

interface AdvanceOptions extends NodeOptions {
  readonly height?: string;
  readonly term?: string;
  readonly receipt?: string;
  readonly view?: string;
}

interface ImportOptions extends NodeOptions {
  readonly pem: string;
}

export function addKeyVerbs(program: Command, console: Console, done: Done): void {
  const key = program.command("key").description("the keys that the configuration names");
  configOption(key.command("list").description("list them; no key is opened")).action(async (options: NodeOptions) =>
    done(await list(console, options)),
  );
  configOption(
    key.command("generate").description("make the key in its home; never over another one").argument("<NAME>"),
  ).action(async (name: string, options: NodeOptions) => done(await generate(console, name, options)));
  configOption(
    key
      .command("import")
      .description("take the key of a console's account file (PEM) into an encrypted file")
      .argument("<NAME>")
      .requiredOption("--pem <FILE>", "the account file, or - for standard input"),
  ).action(async (name: string, options: ImportOptions) => done(await importPem(console, name, options)));
  configOption(
    key.command("public").description("public key and account address, read from the key's home").argument("<NAME>"),
  ).action(async (name: string, options: NodeOptions) => done(await showPublic(console, name, options)));
  configOption(
    key
      .command("selftest")
      .description("sign and verify: back end, mechanism, latency, extractable or not, anchor or not")
      .argument("<NAME>")
      .option("--count <N>", "signatures to make"),
  ).action(async (name: string, options: SelfTestOptions) => done(await selfTest(console, name, options)));
  addHistoryVerbs(key, console, done);
}

function addHistoryVerbs(key: Command, console: Console, done: Done): void {
  const history = key.command("history").description("what the guard remembers of a key");
  configOption(
    history.command("export").description("print it, with a checksum, for another machine").argument("<NAME>"),
  ).action(async (name: string, options: NodeOptions) => done(await exportHistory(console, name, options)));
  configOption(
    history
      .command("import")
      .description("join what another machine has printed; the stricter of both holds")
      .argument("<NAME>")
      .argument("<FILE>", "the printed history, or - for standard input"),
  ).action(async (name: string, file: string, options: NodeOptions) =>
    done(await importHistory(console, name, file, options)),
  );
  configOption(
    history
      .command("advance")
      .description("vouch that nothing above these numbers was ever signed with the key")
      .argument("<NAME>")
      .option("--height <N>", "of headers and votes")
      .option("--term <N>", "of Raft votes")
      .option("--receipt <N>", "of receipt heads: epoch * 2^32 + sequence")
      .option("--view <N>", "highest view of votes"),
  ).action(async (name: string, options: AdvanceOptions) => done(await advance(console, name, options)));
}

export async function keyParts(console: Console, options: NodeOptions) {
  const [{ loadConfig }, { systemRandom }] = await Promise.all([
    import("../../node/config.js"),
    import("../../node/systemClock.js"),
  ]);
  const { config } = await loadConfig(configPath(console, options));
  return { config, context: { place: config, environment: console.environment, random: systemRandom } };
}

function keyLines({ name, family, algorithm, backend, publicKey, address }: PublicKey): string[] {
  return [
    `key        ${name} (${family}, ${algorithm}, ${backend})`,
    `public     ${publicKey}`,
    `address    ${address}`,
  ];
}

async function list(console: Console, options: NodeOptions): Promise<number> {
  const { config } = await keyParts(console, options);
  const { listKeys } = await import("../../node/commands/key.js");
  const keys = listKeys(config);
  const lines = keys.map(({ name, family, algorithm, backend }) => `${name}  ${family}, ${algorithm}, in ${backend}`);
  printAnswer(console, options.json === true, { keys }, lines.length === 0 ? ["no keys are configured"] : lines);
  return EXIT_OK;
}

async function generate(console: Console, name: string, options: NodeOptions): Promise<number> {
  const { context } = await keyParts(console, options);
  const { generateKey } = await import("../../node/commands/key.js");
  const made = await generateKey(context, name);
  printAnswer(console, options.json === true, made, keyLines(made));
  return EXIT_OK;
}

async function importPem(console: Console, name: string, options: ImportOptions): Promise<number> {
  const { context } = await keyParts(console, options);
  const [{ importKey }, { readInput }] = await Promise.all([
    import("../../node/commands/key.js"),
    import("../../node/commands/readInput.js"),
  ]);
  const pem = await readInput(options.pem);
  const imported = await importKey(context, name, pem).finally(() => pem.fill(0));
  printAnswer(console, options.json === true, imported, keyLines(imported));
  return EXIT_OK;
}

async function showPublic(console: Console, name: string, options: NodeOptions): Promise<number> {
  const { context } = await keyParts(console, options);
  const { publicKeyOf } = await import("../../node/commands/key.js");
  const shown = await publicKeyOf(context, name);
  printAnswer(console, options.json === true, shown, keyLines(shown));
  return EXIT_OK;
}

const EXTRACTED: Readonly<Record<Extractable, string>> = {
  yes: "can be: not for sealer keys",
  once: "not now, but perhaps before: not for sealer keys",
  no: "cannot be",
  unknown: "unknown",
};

async function selfTest(console: Console, name: string, options: SelfTestOptions): Promise<number> {
  const [{ context }, commands, { numberOf, usage }] = await Promise.all([
    keyParts(console, options),
    import("../../node/commands/key.js"),
    import("../../node/commands/sign.js"),
  ]);
  const { count } = options;
  const signatures = count === undefined ? undefined : numberOf(count, "--count");
  const { SELF_TEST_SIGNATURES_MAX: most } = commands;
  if (signatures !== undefined && (signatures < 1 || signatures > most)) usage(`--count takes 1 to ${most}`);
  const result = await commands.selfTestKey(context, name, {
    ...(signatures === undefined ? {} : { signatures }),
    askPerson: () => console.error("Press the button of the shield for every signature.\n"),
  });
  printAnswer(console, options.json === true, result, [
    ...keyLines(result),
    `mechanism  ${result.mechanism}`,
    `home       ${result.home}`,
    `extracted  ${EXTRACTED[result.extractable]}`,
    `anchor     ${result.anchor ? "present" : "absent: not for sealer keys"}`,
    `latency    p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, ${result.signatures} signatures made and verified`,
  ]);
  return EXIT_OK;
}

async function historyParts(console: Console, name: string, options: NodeOptions) {
  const { config, context } = await keyParts(console, options);
  const [{ knownChain }, commands] = await Promise.all([
    import("../../node/commands/knownChain.js"),
    import("../../node/commands/keyHistory.js"),
  ]);
  const { anchor } = await knownChain(config);
  return { commands, context: { ...context, anchor, dataDir: config.dataDir, name } };
}

async function exportHistory(console: Console, name: string, options: NodeOptions): Promise<number> {
  const { commands, context } = await historyParts(console, name, options);
  // It is JSON anyway, and its checksum covers it as it is.
  console.out(await commands.exportKeyHistory(context));
  return EXIT_OK;
}

async function importHistory(console: Console, name: string, file: string, options: NodeOptions): Promise<number> {
  const { readInput } = await import("../../node/commands/readInput.js");
  const text = new TextDecoder().decode(await readInput(file));
  const { commands, context } = await historyParts(console, name, options);
  const result = await commands.importKeyHistory(context, text);
  printAnswer(console, options.json === true, result, [`histories of ${result.keys} keys joined`]);
  return EXIT_OK;
}

async function advance(console: Console, name: string, options: AdvanceOptions): Promise<number> {
  const { numberOf, usage } = await import("../../node/commands/sign.js");
  const { height, term, receipt, view } = options;
  const to = {
    ...(height === undefined ? {} : { height: numberOf(height, "--height") }),
    ...(term === undefined ? {} : { term: numberOf(term, "--term") }),
    ...(receipt === undefined ? {} : { receipt: numberOf(receipt, "--receipt") }),
  };
  if (Object.keys(to).length === 0) usage("Give --height, --term or --receipt");
  const { commands, context } = await historyParts(console, name, options);
  const result = await commands.advanceKeyHistory(
    context,
    to,
    view === undefined ? undefined : numberOf(view, "--view"),
  );
  printAnswer(console, options.json === true, result, [
    `key ${result.key}`,
    ...Object.entries(result.watermarks).map(([track, mark]) => `${track}: nothing at or below ${mark} is signed`),
  ]);
  return EXIT_OK;
}
