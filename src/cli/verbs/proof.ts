/** `edgeseal proof`: what the chain says about one thing, believed only with a proof from a certified header. */
import { type Command, Option } from "commander";
import { type Console, EXIT_NO, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

interface ProofOptions extends NodeOptions {
  readonly via?: "mqtt" | "rpc";
  readonly timeout?: string;
}

export function addProofVerbs(program: Command, console: Console, done: Done): void {
  const proof = program.command("proof").description("proven answers about records, names, transactions and receipts");
  proofOptions(
    proof
      .command("state")
      .description("a record of the state: its value, or that there is none (exit code 1)")
      .argument("<TABLE>", "table, docs/protocol.md lists those of the system contracts")
      .argument("<KEY>", "key in the table")
      .option("--number <N>", "height; left out: the newest"),
  ).action(async (table: string, key: string, options: ProofOptions & { readonly number?: string }) =>
    done(await state(console, { table, key }, options)),
  );
  proofOptions(
    proof
      .command("cns")
      .description("the address behind a name of the contract name service")
      .argument("<NAME>", "name")
      .argument("<VERSION>", "version"),
  ).action(async (name: string, version: string, options: ProofOptions) =>
    done(await cns(console, name, version, options)),
  );
  for (const [what, says] of [
    ["tx", "a transaction: in which block it is, and what it asks for"],
    ["receipt", "a receipt: what became of a transaction"],
  ] as const) {
    proofOptions(proof.command(what).description(says).argument("<HASH>", "0x and 64 hex digits")).action(
      async (hash: string, options: ProofOptions) => done(await event(console, what, hash, options)),
    );
  }
}

function proofOptions(command: Command): Command {
  return configOption(command)
    .addOption(
      new Option(
        "--via <WAY>",
        "through the publisher behind the brokers, or to the nodes under rpc.endpoints",
      ).choices(["mqtt", "rpc"]),
    )
    .option("--timeout <SECONDS>", "for the headers, and again for the proof (default: 60)");
}

async function partsOf(console: Console, { via, timeout, ...options }: ProofOptions) {
  const [{ loadConfig }, commands, { numberOf, usage }] = await Promise.all([
    import("../../node/config.js"),
    import("../../node/commands/proof.js"),
    import("../../node/commands/sign.js"),
  ]);
  const timeoutMs = timeout === undefined ? commands.PROOF_TIMEOUT_DEFAULT_MS : numberOf(timeout, "--timeout") * 1_000;
  if (timeoutMs < 1_000 || timeoutMs > 3_600_000) usage("--timeout takes 1 to 3600");
  const { config } = await loadConfig(configPath(console, options));
  return { commands, numberOf, context: { config, environment: console.environment, via, timeoutMs } };
}

async function state(
  console: Console,
  record: { readonly table: string; readonly key: string },
  options: ProofOptions & { readonly number?: string },
): Promise<number> {
  const { commands, numberOf, context } = await partsOf(console, options);
  const number = options.number === undefined ? undefined : numberOf(options.number, "--number");
  const found = await commands.proveState(context, record, number);
  printAnswer(console, options.json === true, found, [
    `record    ${found.table} / ${found.key}`,
    found.value === null ? "value     none: proven" : `value     ${found.value}`,
    ...(found.text === undefined ? [] : [`text      ${found.text}`]),
    `block     ${found.number} (${found.blockHash})`,
    `proven    by a certified header and ${found.proofBytes} bytes of proof`,
  ]);
  return found.value === null ? EXIT_NO : EXIT_OK;
}

async function cns(console: Console, name: string, version: string, options: ProofOptions): Promise<number> {
  const { commands, context } = await partsOf(console, options);
  const found = await commands.proveCns(context, name, version);
  printAnswer(console, options.json === true, found, [
    `name      ${found.name} ${found.version}`,
    found.address === null ? "address   none: proven" : `address   ${found.address}`,
    `block     ${found.number} (${found.blockHash})`,
    `proven    by a certified header and ${found.proofBytes} bytes of proof`,
  ]);
  return found.address === null ? EXIT_NO : EXIT_OK;
}

async function event(console: Console, what: "tx" | "receipt", hash: string, options: ProofOptions): Promise<number> {
  const { commands, context } = await partsOf(console, options);
  const found = await commands.proveTransaction(context, hash);
  const shown = what === "tx" ? found.transaction : found.receipt;
  const answer = {
    ...shown,
    hash: found.hash,
    number: found.number,
    index: found.index,
    blockHash: found.blockHash,
    proven: true,
  };
  printAnswer(console, options.json === true, answer, [
    ...Object.entries(shown).map(([field, value]) => `${field.padEnd(9)} ${String(value)}`),
    `hash      ${found.hash}`,
    `block     ${found.number} (${found.blockHash}), place ${found.index}`,
    "proven    by a certified header",
  ]);
  return EXIT_OK;
}
