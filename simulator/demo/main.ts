#!/usr/bin/env node
/** `npm start`: the main job, live, without any configuration. See `--help`. */
import { describe } from "../../src/text/describe.js";
import { drawChain, realLines } from "./chainScreen.js";
import { ChainWorld } from "./chainWorld.js";
import { drawHome, homeLine } from "./homeScreen.js";
import { HomeWorld } from "./homeWorld.js";
import { HELP, type Options, readOptions } from "./options.js";
import { type RealHeader, verifyRealHeaders } from "./realHeaders.js";
import { type Demo, show } from "./show.js";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    const asked = options === HELP;
    (asked ? process.stdout : process.stderr).write(options);
    process.exitCode = asked ? 0 : 2;
    return;
  }
  const real = await verifyRealHeaders();
  const { demo, start } = options.chainOnly ? chainDemo(options, real) : homeDemo(options, real);
  try {
    if (options.mode === "picture") process.stdout.write("starting: brokers, chain, gateway, devices ...\n");
    await start();
    if (options.mode === "plain") process.stdout.write(`${realLines(real).join("\n")}\n`);
    await show(demo, options);
  } catch (thrown) {
    const { sentence, advice } = describe(thrown);
    process.stderr.write(`${[sentence, advice].filter(Boolean).join(" ")}\n`);
    process.exitCode = 1;
  }
  await demo.stop();
}

interface Prepared {
  readonly demo: Demo;
  readonly start: () => Promise<void>;
}

function homeDemo({ folder }: Options, real: readonly RealHeader[]): Prepared {
  const world = new HomeWorld();
  return {
    start: () => world.start({ folder }),
    demo: {
      draw: (screen) => drawHome(world.snapshot(), real, screen),
      line: () => homeLine(world.snapshot()),
      json: () => ({ ...world.snapshot(), real }),
      attack: () => world.attack(),
      cutChain: () => world.toggleChain(),
      failed: world.failed,
      stop: () => world.stop(),
    },
  };
}

function chainDemo({ upstream, group }: Options, real: readonly RealHeader[]): Prepared {
  const world = new ChainWorld();
  return {
    start: () => world.start({ upstream, group }),
    demo: {
      draw: (screen) => drawChain(world.snapshot(), real, screen),
      line: () => chainLine(world.snapshot()),
      json: () => ({ ...world.snapshot(), real }),
      attack: () => world.attack(),
      stop: () => world.stop(),
    },
  };
}

function chainLine(snapshot: ReturnType<ChainWorld["snapshot"]>): string {
  const last = snapshot.attacks.at(-1);
  const attack = last === undefined ? "" : `  attack "${last.name}": ${last.refusedBy ?? "..."}`;
  return `height ${snapshot.height ?? "-"}  ${snapshot.state}  signers ${snapshot.signers.join(",")}  verified ${snapshot.verified}  ${Math.round(snapshot.rate)}/s  wire ${snapshot.bytesIn} B  lag ${Math.round(snapshot.lagMs ?? 0)} ms  memory ${Math.round(snapshot.memoryBytes / 1_048_576)} MiB${attack}`;
}

await main();
