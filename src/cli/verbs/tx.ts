/** `edgeseal tx send`: sends, and answers with the proven receipt. */
import { type Command, Option } from "commander";
import { type Console, EXIT_NO, EXIT_OK, printAnswer } from "../output.js";
import { keyParts } from "./key.js";
import { type CallOptions, callOptions } from "./sign.js";

interface SendOptions extends CallOptions {
  readonly via?: "mqtt" | "rpc";
  readonly timeout?: string;
}

export function addTxVerbs(program: Command, console: Console, done: (exitCode: number) => void): void {
  const tx = program.command("tx").description("transactions");
  callOptions(
    tx
      .command("send")
      .description("send a transaction and wait for its receipt, proven from a certified header")
      .argument("[FILE]", "what `sign tx --json` printed, or - for standard input; or sign one now with --key"),
  )
    .option("--key <NAME>", "sign now with this key")
    .addOption(
      new Option(
        "--via <WAY>",
        "through the publisher behind the brokers, or to the nodes under rpc.endpoints",
      ).choices(["mqtt", "rpc"]),
    )
    .option("--timeout <SECONDS>", "for the headers, and again for the receipt (default: 60)")
    .action(async (file: string | undefined, options: SendOptions) => done(await send(console, file, options)));
}

async function send(console: Console, file: string | undefined, options: SendOptions): Promise<number> {
  const [
    { config, context },
    commands,
    { numberOf, usage },
    { callOnChain },
    { knownChain },
    { parseObject, readInput },
  ] = await Promise.all([
    keyParts(console, options),
    import("../../node/commands/tx.js"),
    import("../../node/commands/sign.js"),
    import("../../node/commands/callWords.js"),
    import("../../node/commands/knownChain.js"),
    import("../../node/commands/readInput.js"),
  ]);
  const { key, via, timeout } = options;
  if ((file === undefined) === (key === undefined)) usage("Give either a FILE or --key");
  const timeoutMs = timeout === undefined ? commands.SEND_TIMEOUT_DEFAULT_MS : numberOf(timeout, "--timeout") * 1_000;
  if (timeoutMs < 1_000 || timeoutMs > 3_600_000) usage("--timeout takes 1 to 3600");
  const what =
    file === undefined
      ? { key: key ?? "", call: await callOnChain(options, (await knownChain(config)).anchor) }
      : { file: parseObject(await readInput(file), file) };
  const sent = await commands.sendTx({ config, keys: context, what, via, timeoutMs });
  printAnswer(console, options.json === true, sent, [
    `hash      ${sent.hash}`,
    `from      ${sent.from}`,
    `block     ${sent.number} (${sent.blockHash}), place ${sent.index}`,
    `status    ${sent.status}${sent.status === 0 ? "" : " (failed)"}${sent.message === undefined ? "" : `: ${sent.message}`}`,
    ...(sent.contractAddress === undefined ? [] : [`contract  ${sent.contractAddress}`]),
    `output    ${sent.output}`,
    ...sent.logs.map(({ address, topics, data }) => `log       ${address} ${topics.join(" ")} ${data}`),
    "proven    by a certified header; where output ends and logs begin is not fixed by FISCO's receipt hash",
  ]);
  return sent.status === 0 ? EXIT_OK : EXIT_NO;
}
