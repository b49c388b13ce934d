#!/usr/bin/env node
/** `npm start`: the main job, live, without any configuration. See `--help`. */
import { parseArgs } from "node:util";
import { describe } from "../../src/text/describe.js";
import { drawChain, realLines } from "./chainScreen.js";
import { ChainWorld } from "./chainWorld.js";
import { type RealHeader, verifyRealHeaders } from "./realHeaders.js";

const REFRESH_MS = 250;
const PLAIN_LINE_MS = 1_000;
const HELP = `npm start -- [options]

Starts a broker, a chain of four sealers that issues a block a second with real
signatures, its publisher, and a light node that verifies every header.

  --upstream URL   follow the JSON-RPC of a real FISCO BCOS v3 node instead
  --group NAME     its group (default: the node's first)
  --seconds N      stop by itself after N seconds
  --attack N       fire N attacks a second
  --plain          a line a second instead of a picture (default without a terminal)
  --json           one JSON object a second

Keys: a fires the next attack, q or Ctrl-C stops.
`;

interface Options {
  readonly upstream: string | undefined;
  readonly group: string | undefined;
  readonly seconds: number;
  readonly attacksPerSecond: number;
  readonly mode: "picture" | "plain" | "json";
}

function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        upstream: { type: "string" },
        group: { type: "string" },
        seconds: { type: "string", default: "0" },
        attack: { type: "string", default: "0" },
        plain: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return HELP;
    const seconds = Number(values.seconds);
    const attacksPerSecond = Number(values.attack);
    if (!(seconds >= 0) || !(attacksPerSecond >= 0)) return `--seconds and --attack take numbers.\n\n${HELP}`;
    const plain = values.plain || process.stdout.isTTY !== true;
    const mode = values.json ? "json" : plain ? "plain" : "picture";
    return { upstream: values.upstream, group: values.group, seconds, attacksPerSecond, mode };
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.message : thrown}\n\n${HELP}`;
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    const asked = options === HELP;
    (asked ? process.stdout : process.stderr).write(options);
    process.exitCode = asked ? 0 : 2;
    return;
  }
  const world = new ChainWorld();
  let real: readonly RealHeader[] = [];
  try {
    if (options.mode === "picture") process.stdout.write("starting: broker, chain, publisher, light node ...\n");
    real = await verifyRealHeaders();
    await world.start({ upstream: options.upstream, group: options.group });
  } catch (thrown) {
    const { sentence, advice } = describe(thrown);
    process.stderr.write(`${[sentence, advice].filter(Boolean).join(" ")}\n`);
    process.exitCode = 1;
    await world.stop();
    return;
  }
  await show(world, real, options);
  await world.stop();
}

/** Draws until somebody stops it. */
function show(world: ChainWorld, real: readonly RealHeader[], options: Options): Promise<void> {
  const started = performance.now();
  const seconds = (): number => Math.floor((performance.now() - started) / 1_000);
  const picture = options.mode === "picture";
  if (options.mode === "plain") process.stdout.write(`${realLines(real).join("\n")}\n`);
  if (picture) process.stdout.write("\x1b[?1049h\x1b[?25l");
  return new Promise((resolve) => {
    const draw = (): void => {
      const snapshot = world.snapshot();
      if (picture) {
        const lines = drawChain(snapshot, real, { colour: true, seconds: seconds(), keys: true });
        process.stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`);
      } else if (options.mode === "json") process.stdout.write(`${JSON.stringify({ ...snapshot, real })}\n`);
      else process.stdout.write(`${plainLine(snapshot)}\n`);
      if (options.seconds > 0 && seconds() >= options.seconds) stop();
    };
    const drawing = setInterval(draw, picture ? REFRESH_MS : PLAIN_LINE_MS);
    const attacking =
      options.attacksPerSecond > 0 ? setInterval(() => world.attack(), 1_000 / options.attacksPerSecond) : undefined;
    const stop = (): void => {
      clearInterval(drawing);
      clearInterval(attacking);
      process.stdin.setRawMode?.(false);
      process.stdin.pause();
      if (picture) {
        const last = drawChain(world.snapshot(), real, { colour: true, seconds: seconds(), keys: false });
        process.stdout.write(`\x1b[?25h\x1b[?1049l${last.join("\n")}\n`);
      }
      resolve();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    if (!picture) return;
    process.stdin.setRawMode?.(true);
    process.stdin.on("data", (keys) => {
      for (const key of keys.toString()) {
        if (key === "a") world.attack();
        else if (key === "q" || key === "\x03") stop();
      }
    });
    draw();
  });
}

function plainLine(snapshot: ReturnType<ChainWorld["snapshot"]>): string {
  const last = snapshot.attacks.at(-1);
  const attack = last === undefined ? "" : `  attack "${last.name}": ${last.refusedBy ?? "..."}`;
  return `height ${snapshot.height ?? "-"}  ${snapshot.state}  signers ${snapshot.signers.join(",")}  verified ${snapshot.verified}  ${Math.round(snapshot.rate)}/s  wire ${snapshot.bytesIn} B  lag ${Math.round(snapshot.lagMs ?? 0)} ms  memory ${Math.round(snapshot.memoryBytes / 1_048_576)} MiB${attack}`;
}

await main();
