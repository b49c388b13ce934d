/** The verbs about receipts: list and verify. */
import { type Command, Option } from "commander";
import type { ReceiptLine } from "../../node/commands/receipt.js";
import { describe } from "../../text/describe.js";
import { type Console, EXIT_NO, EXIT_OK, inWords, printAnswer } from "../output.js";

type Done = (exitCode: number) => void;

interface ReceiptWords {
  readonly dataDir?: string;
  readonly suite: "ecdsa" | "sm";
  readonly json?: true;
}

export function addReceiptVerbs(program: Command, console: Console, done: Done): void {
  const receipt = program.command("receipt").description("what a gateway's rules have done, as its receipts say");
  for (const [verb, help] of [
    ["list", "the receipts"],
    ["verify", "check that receipts are whole, in a row, and fit their inputs"],
  ] as const) {
    receipt
      .command(verb)
      .description(help)
      .argument("[FILE]", 'exported receipts, one object a line: {"bytes": HEX, "inputs": HEX}')
      .option("--data-dir <DIR>", "data directory of a gateway that does not run")
      .addOption(new Option("--suite <NAME>", "suite of the gateway's chain").choices(["ecdsa", "sm"]).default("ecdsa"))
      .option("--json", "print one JSON object")
      .action(async (file: string | undefined, options: ReceiptWords) => {
        done(await receipts(console, verb === "verify", file, options));
      });
  }
}

async function receipts(
  console: Console,
  verify: boolean,
  file: string | undefined,
  options: ReceiptWords,
): Promise<number> {
  const { checkReceipts } = await import("../../node/commands/receipt.js");
  const answer = await checkReceipts({ file, dataDir: options.dataDir, suite: options.suite });
  const lines = verify
    ? [
        ...answer.faults.map((fault) => inWords(describe(fault))),
        `${answer.receipts.length} receipts, ${answer.faults.length === 0 ? "all in order" : "not in order"}`,
        `${answer.signed} of them under signed heads`,
        ...answer.keys.map((key) => `signed by ${key}`),
      ]
    : answer.receipts.map(lineOf);
  printAnswer(console, options.json === true, answer, lines);
  return verify && !answer.valid ? EXIT_NO : EXIT_OK;
}

function lineOf({ sequence, time, rule, actions }: ReceiptLine): string {
  const what = actions.map(
    ({ device, target, result }) => `${device || "people"}${target === "" ? "" : `.${target}`} ${result}`,
  );
  return `${String(sequence).padStart(8)}  ${new Date(time).toISOString()}  ${rule}: ${what.join(", ")}`;
}
