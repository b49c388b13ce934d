/** The command line: which verbs there are. What they do is in node/commands, where other doors can use it too. */
import { Command, CommanderError } from "commander";
import { type Console, EXIT_OK, EXIT_USAGE, printFailure } from "./output.js";
import { addChainVerbs } from "./verbs/chain.js";
import { addDeviceVerbs } from "./verbs/device.js";
import { addKeyVerbs } from "./verbs/key.js";
import { addNodeVerbs } from "./verbs/node.js";
import { addProfileVerbs } from "./verbs/profile.js";
import { addProofVerbs } from "./verbs/proof.js";
import { addReceiptVerbs } from "./verbs/receipt.js";
import { addRuleVerbs } from "./verbs/rule.js";
import { addSceneVerbs } from "./verbs/scene.js";
import { addSetupVerbs } from "./verbs/setup.js";
import { addSignVerbs } from "./verbs/sign.js";
import { addSimulateVerbs } from "./verbs/simulate.js";
import { addTxVerbs } from "./verbs/tx.js";
import { addVerify } from "./verbs/verify.js";
import { version } from "./version.js";

/**
 * Runs one command.
 * @param words the command line without the program's name.
 * @returns the exit code: 0 done, 1 the answer is no, 2 not understood.
 */
export async function run(words: readonly string[], console: Console): Promise<number> {
  let exitCode: number = EXIT_OK;
  const program = programOf(console, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return printFailure(console, words.includes("--json"), thrown);
  }
}

function programOf(console: Console, done: (exitCode: number) => void): Command {
  const program = new Command("edgeseal")
    .description("Follows a FISCO BCOS style chain on a small device, and believes only what it has verified itself.")
    .option("-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: console.out, writeErr: console.error })
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nA new node:\n" +
        "  edgeseal init --bundle chain.bundle.json    configuration and trust from the chain's operator\n" +
        "  edgeseal doctor                             is everything as it must be?\n" +
        "  edgeseal start                              run\n" +
        "  edgeseal status                             how is it doing?\n\n" +
        "Without a node, from anywhere:\n" +
        "  edgeseal verify header FILE --trust FILE    check what a stranger's node says\n",
    );
  program.on("option:version", () => {
    console.out(`${version()}\n`);
    throw new CommanderError(EXIT_OK, "edgeseal.version", "version");
  });
  addNodeVerbs(program, console, done);
  addSetupVerbs(program, console, done);
  addKeyVerbs(program, console, done);
  addSignVerbs(program, console, done);
  addTxVerbs(program, console, done);
  addChainVerbs(program, console, done);
  addProofVerbs(program, console, done);
  addDeviceVerbs(program, console, done);
  addProfileVerbs(program, console, done);
  addRuleVerbs(program, console, done);
  addSceneVerbs(program, console, done);
  addReceiptVerbs(program, console, done);
  addVerify(program, console, done);
  addSimulateVerbs(program, console, done);
  return program;
}
