import { type Command, Option } from "commander";
import type { VerifyKind, VerifyResult } from "../../node/commands/verify.js";
import { describe } from "../../text/describe.js";
import { type Console, EXIT_NO, EXIT_OK, inWords, printAnswer } from "../output.js";

interface Options {
  readonly suite?: "ecdsa" | "sm";
  readonly profile: "fisco" | "edgeseal";
  readonly faultModel: "bft" | "crash";
  readonly trust?: string;
  readonly json?: true;
}

const HELP: Readonly<Record<VerifyKind, string>> = {
  header: "structure, hash, signatures and quorum of a block header",
  tx: "hash and sender of a transaction",
  receipt: "hash of a receipt",
  proof: "a Merkle proof: an object { suite, leaf, root, proof }",
};

export function addVerify(program: Command, console: Console, done: (exitCode: number) => void): void {
  const verify = program
    .command("verify")
    .description("check a header, transaction, receipt or proof from an untrusted node; needs no configuration")
    .addHelpText(
      "after",
      "\nFILE holds what JSON-RPC returned, the result alone or the whole response; - is standard input.\n" +
        "Exit code 0: valid. 1: not valid. 2: not a JSON object.",
    );
  for (const [kind, help] of Object.entries(HELP) as [VerifyKind, string][]) {
    const command = verify
      .command(kind)
      .description(help)
      .argument("<FILE>", "JSON file, or - for standard input")
      .addOption(new Option("--suite <NAME>", "suite of the chain (default: ecdsa)").choices(["ecdsa", "sm"]))
      .addOption(
        new Option("--profile <NAME>", "layout of the chain's headers").choices(["fisco", "edgeseal"]).default("fisco"),
      )
      .addOption(
        new Option("--fault-model <NAME>", "fault model of the chain").choices(["bft", "crash"]).default("bft"),
      )
      .option("--json", "print one JSON object");
    if (kind === "header") {
      command.option("--trust <FILE>", 'the sealers to trust: { "sealers": [{ "nodeID": "0x..", "weight": "1" }] }');
    }
    command.action(async (file: string, options: Options) => done(await run(console, kind, file, options)));
  }
}

async function run(console: Console, kind: VerifyKind, file: string, options: Options): Promise<number> {
  const [{ parseObject, readInput }, { verify }] = await Promise.all([
    import("../../node/commands/readInput.js"),
    import("../../node/commands/verify.js"),
  ]);
  const input = parseObject(await readInput(file), file);
  const { suite, trust } = options;
  const result = await verify(kind, input, {
    layout: options.profile,
    faultModel: options.faultModel,
    ...(suite === undefined ? {} : { suite }),
    ...(trust === undefined ? {} : { trust: parseObject(await readInput(trust), trust) }),
  });
  if (result.valid) {
    printAnswer(console, options.json === true, result, linesOf(result));
    return EXIT_OK;
  }
  const description = describe(result.problem);
  const { code, sentence: message } = description;
  printAnswer(console, options.json === true, { valid: false, code, message }, [`not valid: ${inWords(description)}`]);
  return EXIT_NO;
}

function linesOf(result: Extract<VerifyResult, { valid: true }>): string[] {
  switch (result.kind) {
    case "header":
      return [
        `valid header ${result.number}`,
        `hash     ${result.hash}`,
        `signers  ${result.signers.join(", ") || "none"} (weight ${result.weight}, quorum ${result.quorum})`,
        result.anchored
          ? "anchored: its sealers are the ones you trust"
          : "not anchored: consistent in itself, but anybody can make such a header; give --trust",
      ];
    case "tx":
      return [
        "valid transaction",
        `hash     ${result.hash}`,
        `sender   ${result.sender}`,
        ...(result.warnings ?? []).map((warning) => `warning  ${warning}: the hash leaves another reading open`),
      ];
    case "receipt":
      return ["valid receipt (hash-consistent; a receipt alone proves no event)", `hash     ${result.hash}`];
    case "proof":
      return [`valid proof of position ${result.index}`];
  }
}
