/** `edgeseal sign tx`: signs without sending, for a machine without a network or for a later `tx send`. */
import type { Command } from "commander";
import type { CallWords } from "../../node/commands/callWords.js";
import { type Console, EXIT_OK, printAnswer } from "../output.js";
import { keyParts } from "./key.js";
import { configOption, type NodeOptions } from "./shared.js";

export interface CallOptions extends NodeOptions, CallWords {
  readonly key?: string;
}

interface SignOptions extends CallOptions {
  readonly key: string;
  readonly blockLimit?: string;
}

/** What `sign tx` and `tx send` both take. */
export function callOptions(command: Command): Command {
  return configOption(command)
    .option("--to <ADDRESS>", "called contract, 40 hex digits; left out for a deployment")
    .option("--input <HEX>", "ABI-encoded call, or the code of a deployment")
    .option("--call <SIGNATURE>", 'the called method instead of --input, such as "set(string,string)"')
    .option("--arg <VALUE>", "its arguments, one --arg each", (word: string, before: readonly string[] = []) => [
      ...before,
      word,
    ])
    .option("--abi <JSON>", "ABI that a deployment publishes")
    .option("--tx-version <N>", "0 (default, every v3 node), 1 (from 3.3.0 on), 2 (from 3.7.0 on)")
    .option("--value <NUMBER>", "from version 1 on")
    .option("--gas-price <NUMBER>", "from version 1 on")
    .option("--gas-limit <NUMBER>", "from version 1 on")
    .option("--max-fee-per-gas <NUMBER>", "from version 1 on")
    .option("--max-priority-fee-per-gas <NUMBER>", "from version 1 on")
    .option("--extension <HEX>", "from version 2 on");
}

export function addSignVerbs(program: Command, console: Console, done: (exitCode: number) => void): void {
  const sign = program.command("sign").description("sign without sending");
  callOptions(sign.command("tx").description("sign a transaction; `tx send` takes what --json prints"))
    .requiredOption("--key <NAME>", "one of the configured keys")
    .option("--block-limit <N>", "last height at which it is valid (default: the known height and 500)")
    .action(async (options: SignOptions) => done(await signTx(console, options)));
}

async function signTx(console: Console, options: SignOptions): Promise<number> {
  const [{ config, context }, commands, { callOnChain }, { knownChain }, { BLOCK_LIMIT_AHEAD }] = await Promise.all([
    keyParts(console, options),
    import("../../node/commands/sign.js"),
    import("../../node/commands/callWords.js"),
    import("../../node/commands/knownChain.js"),
    import("../../codec/fisco/transactionBuild.js"),
  ]);
  const { anchor, number } = await knownChain(config);
  const call = await callOnChain(options, anchor);
  const { key, blockLimit } = options;
  const limit = blockLimit === undefined ? number + BLOCK_LIMIT_AHEAD : commands.numberOf(blockLimit, "--block-limit");
  const { dataDir } = config;
  const signed = commands.signedToJson(
    await commands.signTx(context, { key, anchor, dataDir, blockLimit: limit, call }),
  );
  printAnswer(console, options.json === true, signed, [
    `hash         ${signed.hash}`,
    `from         ${signed.from}`,
    `chain        ${signed.chainID}, group ${signed.groupID}`,
    `valid up to  ${signed.blockLimit}`,
    ...(signed.warnings ?? []).map((warning) => `warning      ${warning}: the hash leaves another reading open`),
    `transaction  ${signed.transaction}`,
  ]);
  return EXIT_OK;
}
