/** The verbs about device profiles: check, list, show, export, try, schema. */
import { type Command, Option } from "commander";
import type { CheckedFile, MistakeLine } from "../../node/commands/profile.js";
import { type Console, EXIT_NO, EXIT_OK, inWords, printAnswer } from "../output.js";

type Done = (exitCode: number) => void;

interface JsonOption {
  readonly json?: true;
}

interface FolderOptions extends JsonOption {
  readonly profiles?: string;
}

interface ExportWords extends FolderOptions {
  readonly as: "tm" | "td";
  readonly device?: string;
  readonly name?: string;
  readonly base?: string;
  readonly address?: string;
  readonly password?: true;
}

interface TryWords extends FolderOptions {
  readonly address: string;
  readonly topic?: string;
  readonly payload?: string;
  readonly set?: string;
}

export function addProfileVerbs(program: Command, console: Console, done: Done): void {
  const profile = program.command("profile").description("what device models are able to, and how they are spoken to");
  profile
    .command("check")
    .description("check profile files; every mistake with its line and column")
    .argument("<FILE...>", "files that end in .yaml")
    .option("--json", "print one JSON object")
    .action(async (files: string[], options: JsonOption) => done(await check(console, files, options)));
  folderOption(profile.command("list").description("the profiles that are there")).action(
    async (options: FolderOptions) => done(await list(console, options)),
  );
  folderOption(
    profile.command("show").description("one profile").argument("<ID>", "vendor/model, or a file that ends in .yaml"),
  ).action(async (id: string, options: FolderOptions) => done(await show(console, id, options)));
  folderOption(
    profile
      .command("export")
      .description("a profile as a W3C Thing Model, or a device as a Thing Description")
      .argument("<ID>", "vendor/model, or a file that ends in .yaml")
      .addOption(new Option("--as <KIND>", "Thing Model or Thing Description").choices(["tm", "td"]).default("tm"))
      .option("--device <DEVICE>", "td: the device's id")
      .option("--name <NAME>", "td: its name for people")
      .option("--base <URL>", "td: its link, such as mqtt://127.0.0.1:1883")
      .option("--address <ADDRESS>", "td: its place on the link; the id where left out")
      .option("--password", "td: the link asks for user and password"),
  ).action(async (id: string, options: ExportWords) => done(await exportAs(console, id, options)));
  folderOption(
    profile
      .command("try")
      .description("what a message of a device says by a profile, or what the device would be told (MQTT)")
      .argument("<ID>", "vendor/model, or a file that ends in .yaml")
      .requiredOption("--address <ADDRESS>", "the device's place on the broker")
      .option("--topic <TOPIC>", "topic of a message")
      .option("--payload <TEXT>", "what the message holds")
      .option("--set <NAME=VALUE>", "a property and its value, or an action"),
  ).action(async (id: string, options: TryWords) => done(await tryOut(console, id, options)));
  profile
    .command("schema")
    .description("print the JSON schema of profile files")
    .option("--json", "it is JSON anyway")
    .action(async () => {
      const { profileJsonSchema } = await import("../../node/profiles/schema.js");
      console.out(`${JSON.stringify(profileJsonSchema(), undefined, 2)}\n`);
      done(EXIT_OK);
    });
}

function folderOption(command: Command): Command {
  return command
    .option("--profiles <DIR>", "a folder of your own beside those that come with edgeseal")
    .option("--json", "print one JSON object");
}

async function check(console: Console, files: readonly string[], options: JsonOption): Promise<number> {
  const { checkProfiles } = await import("../../node/commands/profile.js");
  const checked = await checkProfiles(files);
  printAnswer(console, options.json === true, checked, checked.files.flatMap(checkedLines));
  return checked.files.every(({ mistakes }) => mistakes.length === 0) ? EXIT_OK : EXIT_NO;
}

function checkedLines({ file, id, mistakes }: CheckedFile): string[] {
  return mistakes.length === 0 ? [`ok  ${file}  ${id}`] : mistakes.map(mistakeWords);
}

/** `FILE:LINE:COLUMN: sentence`, which editors and terminals make a link of. */
function mistakeWords({ file, line, column, code, message, advice }: MistakeLine): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return `${place}: ${inWords({ code, sentence: message, ...(advice === undefined ? {} : { advice }) })}`;
}

async function list(console: Console, options: FolderOptions): Promise<number> {
  const { listProfiles } = await import("../../node/commands/profile.js");
  const found = await listProfiles(options.profiles);
  const width = Math.max(0, ...found.profiles.map(({ id }) => id.length));
  printAnswer(console, options.json === true, found, [
    ...found.profiles.map(({ id, protocol, title }) => `${id.padEnd(width)}  ${protocol.padEnd(8)}  ${title}`),
    ...found.mistakes.map(mistakeWords),
  ]);
  return found.mistakes.length === 0 ? EXIT_OK : EXIT_NO;
}

async function show(console: Console, id: string, options: FolderOptions): Promise<number> {
  const { showProfile } = await import("../../node/commands/profile.js");
  const shown = await showProfile(id, options.profiles);
  const { properties, actions, events, binding, ...head } = shown;
  const lines = (title: string, parts: readonly object[]) => [
    ...(parts.length === 0 ? [] : [title]),
    ...parts.map((part) => `  ${wordsOf(part)}`),
  ];
  printAnswer(console, options.json === true, shown, [
    `${head.id}  ${head.title}`,
    ...(head.description === undefined ? [] : [head.description]),
    `class ${head.class}, safety class ${head.safetyClass}, spoken to by ${binding.protocol}`,
    ...lines("properties", properties),
    ...lines("actions", actions),
    ...lines("events", events),
  ]);
  return EXIT_OK;
}

/** `on  capability switch.on, type boolean, ...` */
function wordsOf(part: object): string {
  const { name, ...rest } = part as { readonly name: string } & Record<string, unknown>;
  const words = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${name}  ${words.join(", ")}`;
}

async function exportAs(console: Console, id: string, options: ExportWords): Promise<number> {
  const { exportProfile } = await import("../../node/commands/profile.js");
  const { as, device, name, base, address } = options;
  const password = options.password === true;
  const thing = await exportProfile(id, options.profiles, { as, device, name, base, address, password });
  console.out(options.json === true ? `${JSON.stringify(thing)}\n` : `${JSON.stringify(thing, undefined, 2)}\n`);
  return EXIT_OK;
}

async function tryOut(console: Console, id: string, options: TryWords): Promise<number> {
  const { tryCommand, tryMessage } = await import("../../node/commands/profileTry.js");
  const json = options.json === true;
  if (options.set !== undefined) {
    const told = await tryCommand(id, options.profiles, options.address, options.set);
    printAnswer(console, json, told, [`${told.topic}  ${told.payload}`]);
    return EXIT_OK;
  }
  const heard = await tryMessage(id, options.profiles, options.address, options.topic ?? "", options.payload ?? "");
  const { topics, readings, events, availability, problems } = heard;
  const lines = [
    ...readings.map(({ name, value, unit }) => `${name} = ${value}${unit === undefined ? "" : ` ${unit}`}`),
    ...events.map(({ name, value }) => `${name} happened${value === undefined ? "" : `: ${value}`}`),
    ...(availability === undefined ? [] : [`it is ${availability}`]),
    ...problems.map(({ name, code, message }) => `${name === undefined ? "" : `${name}: `}${message} [${code}]`),
  ];
  const nothing = [
    "The message says nothing by this profile, which hears the device on:",
    ...topics.map((t) => `  ${t}`),
  ];
  printAnswer(console, json, heard, lines.length === 0 ? nothing : lines);
  return lines.length > 0 && problems.length === 0 ? EXIT_OK : EXIT_NO;
}
