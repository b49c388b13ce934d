/** The verbs about the devices of a running gateway: list, show, join, remove, release, set. */
import type { Command } from "commander";
import type { CandidateLine, DeviceLine, DeviceReading, DeviceWhole } from "../../node/commands/device.js";
import { type Console, EXIT_NO, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

interface JoinOptions extends NodeOptions {
  readonly seconds: string;
}

/** What a command may have become without being a failure: some devices do not confirm. */
const CARRIED_OUT: ReadonlySet<string> = new Set(["done", "sent"]);
const JOIN_SECONDS_DEFAULT = "60";

export function addDeviceVerbs(program: Command, console: Console, done: Done): void {
  const device = program.command("device").description("the devices of the running gateway");
  configOption(device.command("list").description("every device, and who wants to join")).action(
    async (options: NodeOptions) => done(await list(console, options)),
  );
  configOption(device.command("show").description("one device with its readings").argument("<ID>")).action(
    async (id: string, options: NodeOptions) => done(await show(console, id, options)),
  );
  configOption(
    device
      .command("join")
      .description("let devices join for a while; shows who came (Ctrl-C closes the window)")
      .option("--seconds <N>", "how long, 1 to 900", JOIN_SECONDS_DEFAULT),
  ).action(async (options: JoinOptions) => done(await join(console, options)));
  configOption(device.command("remove").description("forget a device; it has to join again").argument("<ID>")).action(
    async (id: string, options: NodeOptions) => done(await change(console, "remove", id, options)),
  );
  configOption(device.command("release").description("hear a device again that was isolated").argument("<ID>")).action(
    async (id: string, options: NodeOptions) => done(await change(console, "release", id, options)),
  );
  configOption(
    device
      .command("set")
      .description("set a property, or carry out an action, and wait for the answer")
      .argument("<ID>")
      .argument("<TARGET>", "property or action of its profile")
      .argument("[VALUE]", "on, off, a number in the property's unit, a word"),
  ).action(async (id: string, target: string, value: string | undefined, options: NodeOptions) =>
    done(await set(console, { id, target, value }, options)),
  );
}

async function partsOf(console: Console, options: NodeOptions) {
  const [commands, { loadConfig }] = await Promise.all([
    import("../../node/commands/device.js"),
    import("../../node/config.js"),
  ]);
  return { commands, config: (await loadConfig(configPath(console, options))).config };
}

async function list(console: Console, options: NodeOptions): Promise<number> {
  const { commands, config } = await partsOf(console, options);
  const answer = await commands.listDevices(config);
  printAnswer(console, options.json === true, answer, [
    ...answer.devices.map(deviceText),
    ...answer.candidates.map(candidateText),
    ...(answer.devices.length + answer.candidates.length === 0 ? ["no devices yet: `edgeseal device join`"] : []),
    ...(answer.joiningForMs > 0 ? [`the join window is open for ${seconds(answer.joiningForMs)} more`] : []),
  ]);
  return EXIT_OK;
}

function deviceText({ id, availability, profile, name, registration, isolated }: DeviceLine): string {
  const notes = [
    ...(registration === "registered" ? [] : [registration]),
    ...(isolated === undefined ? [] : [isolatedText(isolated)]),
  ];
  const note = notes.length === 0 ? "" : `  (${notes.join(", ")})`;
  return `${id.padEnd(24)} ${availability.padEnd(8)} ${profile.padEnd(24)} ${name}${note}`;
}

function candidateText({ address, link, profile, serial }: CandidateLine): string {
  return `${address.padEnd(24)} ${"waiting".padEnd(8)} ${profile.padEnd(24)} serial ${serial}, over ${link}`;
}

function isolatedText(isolated: number | string): string {
  return typeof isolated === "number" ? `isolated for ${seconds(isolated)}` : `isolated ${isolated}`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}

async function show(console: Console, id: string, options: NodeOptions): Promise<number> {
  const { commands, config } = await partsOf(console, options);
  const device = await commands.showDevice(config, id);
  printAnswer(console, options.json === true, device, showLines(device, Date.now()));
  return EXIT_OK;
}

function showLines(device: DeviceWhole, now: number): string[] {
  const line = (name: string, value: string): string => `${name.padEnd(14)}${value}`;
  const listed = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [line(name, values.join(", "))];
  const { isolated, owner, publicKey } = device;
  return [
    line("device", `${device.id} (${device.name})`),
    line("model", `${device.profile}, ${device.title}`),
    line("class", `${device.deviceClass}, safety class ${device.safetyClass}`),
    line("reached", `link ${device.link}, address ${device.address}`),
    line("availability", device.availability),
    line("registration", `${device.registration}${device.fixed ? ", named in the file of devices" : ""}`),
    line("vouched for", device.vouchedFor),
    ...(publicKey === undefined ? [] : [line("key", publicKey)]),
    ...(owner === undefined ? [] : [line("owner", owner)]),
    ...(isolated === undefined ? [] : [line("isolated", isolatedText(isolated))]),
    ...listed("groups", device.groups),
    ...listed("can be set", device.writable),
    ...listed("actions", device.actions),
    ...Object.entries(device.readings).map(([name, reading]) => readingText(name, reading, now)),
  ];
}

function readingText(name: string, { value, at, fresh }: DeviceReading, now: number): string {
  const age = at > 0 ? `${seconds(Math.max(0, now - at))} ago` : "at an unknown time";
  return `  ${name.padEnd(22)} ${String(value).padEnd(12)} ${age}${fresh ? "" : ", stale"}`;
}

async function join(console: Console, options: JoinOptions): Promise<number> {
  const [{ commands, config }, { CommandError }, { numberOf }] = await Promise.all([
    partsOf(console, options),
    import("../../node/commands/problems.js"),
    import("../../node/commands/sign.js"),
  ]);
  const wanted = numberOf(options.seconds, "--seconds");
  if (wanted < 1 || wanted > commands.JOIN_SECONDS_MAX) {
    const reason = `--seconds must be from 1 to ${commands.JOIN_SECONDS_MAX}`;
    throw new CommandError({ code: "COMMAND_USAGE", reason });
  }
  const onTerminal = process.stderr.isTTY === true && options.json !== true;
  const shown = new Set<string>();
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once("SIGINT", stop);
  try {
    const result = await commands.watchJoining(config, {
      seconds: wanted,
      signal: abort.signal,
      onLook: (joined, { candidates, joiningForMs }) => {
        if (onTerminal) console.error("\r\x1b[K");
        if (options.json !== true) {
          for (const device of joined) tellOnce(console, shown, device.id, `joined   ${deviceText(device)}`);
        }
        if (!onTerminal || joiningForMs <= 0) return;
        const waiting = candidates.length === 0 ? "" : `, ${candidates.length} not let in yet`;
        console.error(`open for ${seconds(joiningForMs)} more, ${joined.length} joined${waiting}`);
      },
    });
    const counted = `${result.joined.length} joined`;
    printAnswer(console, options.json === true, result, [
      ...result.candidates.map((candidate) => `not in   ${candidateText(candidate)}`),
      counted,
    ]);
    return EXIT_OK;
  } finally {
    process.off("SIGINT", stop);
  }
}

function tellOnce(console: Console, shown: Set<string>, id: string, text: string): void {
  if (shown.has(id)) return;
  shown.add(id);
  console.out(`${text}\n`);
}

async function change(
  console: Console,
  ask: "remove" | "release",
  device: string,
  options: NodeOptions,
): Promise<number> {
  const { commands, config } = await partsOf(console, options);
  const answer = await commands.askGateway(config, { ask, device });
  printAnswer(console, options.json === true, answer, [`${device} ${ask === "remove" ? "removed" : "released"}`]);
  return EXIT_OK;
}

async function set(
  console: Console,
  { id, target, value }: { readonly id: string; readonly target: string; readonly value: string | undefined },
  options: NodeOptions,
): Promise<number> {
  const { commands, config } = await partsOf(console, options);
  const { result, latencyUs } = await commands.setDevice(config, id, target, value);
  const took = `${(latencyUs / 1_000).toFixed(1)} ms`;
  const answer = { device: id, target, ...(value === undefined ? {} : { value }), result, latencyUs };
  printAnswer(console, options.json === true, answer, [`${id}.${target}: ${result} after ${took}`]);
  return CARRIED_OUT.has(result) ? EXIT_OK : EXIT_NO;
}
