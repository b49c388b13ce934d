/** The verb about the scenes of a running gateway: run. */
import type { Command } from "commander";
import { type Console, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

export function addSceneVerbs(program: Command, console: Console, done: (exitCode: number) => void): void {
  const scene = program.command("scene").description("the scenes of the running gateway");
  configOption(
    scene.command("run").description("start a scene; what became of it is in its receipt").argument("<NAME>"),
  ).action(async (name: string, options: NodeOptions) => {
    const [{ askGateway }, { loadConfig }] = await Promise.all([
      import("../../node/commands/device.js"),
      import("../../node/config.js"),
    ]);
    const { config } = await loadConfig(configPath(console, options));
    const answer = await askGateway(config, { ask: "scene", scene: name });
    printAnswer(console, options.json === true, answer, [`${name} started`]);
    done(EXIT_OK);
  });
}
