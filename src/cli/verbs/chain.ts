/** `edgeseal chain`: a new chain of participants, and a look at one that runs. */
import { type Command, Option } from "commander";
import { fromHex } from "../../base/bytes.js";
import { type Console, EXIT_OK, printAnswer } from "../output.js";
import { configOption, configPath, type NodeOptions } from "./shared.js";

type Done = (exitCode: number) => void;

interface InitOptions {
  readonly nodes: string;
  readonly suite: "ecdsa" | "sm";
  readonly consensus: "solo" | "raft" | "pbft";
  readonly out: string;
  readonly chain: string;
  readonly group: string;
  readonly sealerKey?: readonly string[];
  readonly rpcPort: string;
  readonly mqttPort: string;
  readonly json?: true;
}

export function addChainVerbs(program: Command, console: Console, done: Done): void {
  const chain = program.command("chain").description("chains of our own participants");
  chain
    .command("init")
    .description("make a new chain: configurations, keys, certificates, a bundle for light nodes, start scripts")
    .requiredOption("--out <DIR>", "folder to make, or an empty one")
    .option("--nodes <N>", "participants", "1")
    .addOption(new Option("--suite <SUITE>", "cryptography").choices(["ecdsa", "sm"]).default("ecdsa"))
    .addOption(new Option("--consensus <KIND>", "who seals blocks").choices(["solo", "raft", "pbft"]).default("solo"))
    .option("--chain <ID>", "chain id", "chain0")
    .option("--group <ID>", "group id", "group0")
    .option(
      "--sealer-key <HEX>",
      "public key of a sealer's key made elsewhere, for instance on a token; once per node, in order",
      (word: string, before: readonly string[] = []) => [...before, word],
    )
    .option("--rpc-port <PORT>", "JSON-RPC of the first node; the others count up", "20200")
    .option("--mqtt-port <PORT>", "broker of the first node; the others count up", "1883")
    .option("--json", "print one JSON object")
    .action(async (options: InitOptions) => done(await init(console, options)));
  configOption(chain.command("status").description("the participant under rpc.endpoints, as it says itself")).action(
    async (options: NodeOptions) => done(await status(console, options)),
  );
  configOption(
    chain
      .command("block")
      .description("a block, its header verified from what this node trusts")
      .argument("[NUMBER]", "left out: the newest"),
  ).action(async (number: string | undefined, options: NodeOptions) => done(await block(console, number, options)));
  configOption(
    chain
      .command("tx")
      .description("a transaction and its receipt, as the node under rpc.endpoints says; `proof tx` proves it")
      .argument("<HASH>", "0x and 64 hex digits"),
  ).action(async (hash: string, options: NodeOptions) => done(await transaction(console, hash, options)));
}

async function init(console: Console, options: InitOptions): Promise<number> {
  const [{ initChain }, { numberOf, usage }, { systemClock, systemRandom }] = await Promise.all([
    import("../../node/commands/chainInit.js"),
    import("../../node/commands/sign.js"),
    import("../../node/systemClock.js"),
  ]);
  const made = await initChain({
    nodes: numberOf(options.nodes, "--nodes"),
    suite: options.suite,
    consensus: options.consensus,
    folder: options.out,
    chainId: options.chain,
    groupId: options.group,
    sealerKeys: (options.sealerKey ?? []).map((word) =>
      /^(?:0x)?[0-9a-fA-F]{128}$/.test(word) ? fromHex(word) : usage("--sealer-key takes 128 hex digits"),
    ),
    rpcPort: numberOf(options.rpcPort, "--rpc-port"),
    mqttPort: numberOf(options.mqttPort, "--mqtt-port"),
    program: [process.execPath, process.argv[1] ?? ""],
    clock: systemClock,
    random: systemRandom,
  });
  printAnswer(console, options.json === true, made, [
    `chain        ${options.chain}, group ${options.group}, block 0 ${made.genesisHash}`,
    ...made.nodes.map(({ name, rpc, mqtt }) => `${name.padEnd(12)} ${made.folder}/${name}  ${rpc}  ${mqtt}`),
    `light nodes  ${made.bundle}`,
    `governor     ${made.admin}`,
    ...made.notes.map((note) => `note         ${note}`),
    `next         ${made.folder}/node0/start.sh`,
    `             edgeseal init --bundle ${made.bundle} --dir light && edgeseal start --config light/edgeseal.yaml`,
  ]);
  return EXIT_OK;
}

async function status(console: Console, options: NodeOptions): Promise<number> {
  const { chainStatus } = await import("../../node/commands/chain.js");
  const found = await chainStatus(await configOf(console, options), console.environment);
  printAnswer(console, options.json === true, found, [
    `chain         ${found.chain}, group ${found.group}, ${found.suite}`,
    `height        ${found.height} (${found.hash})`,
    `transactions  ${found.transactions}, of which ${found.failed} failed; ${found.pending} waiting`,
    ...found.sealers.map(({ nodeID, weight }) => `sealer        ${nodeID.slice(0, 16)}... weight ${weight}`),
    `node          ${found.endpoint}`,
  ]);
  return EXIT_OK;
}

async function block(console: Console, number: string | undefined, options: NodeOptions): Promise<number> {
  const [{ provenBlock }, { numberOf }] = await Promise.all([
    import("../../node/commands/chain.js"),
    import("../../node/commands/sign.js"),
  ]);
  const height = number === undefined ? undefined : numberOf(number, "NUMBER");
  const found = await provenBlock(await configOf(console, options), console.environment, height);
  printAnswer(console, options.json === true, found, [
    `block         ${found.number} (${found.hash})`,
    `time          ${new Date(found.timestamp).toISOString()}`,
    `state root    ${found.stateRoot}`,
    `transactions  root ${found.transactionsRoot}`,
    `receipts      root ${found.receiptsRoot}`,
    `sealers       ${found.sealers}, signed by ${found.signatures}`,
    "proven        verified from this node's anchor",
  ]);
  return EXIT_OK;
}

async function transaction(console: Console, hash: string, options: NodeOptions): Promise<number> {
  const { statedTransaction } = await import("../../node/commands/chain.js");
  const found = await statedTransaction(await configOf(console, options), console.environment, hash);
  printAnswer(console, options.json === true, found, [
    `hash      ${found.hash}`,
    `block     ${found.number}`,
    `from      ${found.from}`,
    `to        ${found.to}`,
    `status    ${found.status}${found.message === "" ? "" : `: ${found.message}`}`,
    `gas       ${found.gasUsed}`,
    `output    ${found.output}`,
    "          as the node says; `edgeseal proof receipt` proves it",
  ]);
  return EXIT_OK;
}

async function configOf(console: Console, options: NodeOptions) {
  const { loadConfig } = await import("../../node/config.js");
  return (await loadConfig(configPath(console, options))).config;
}
