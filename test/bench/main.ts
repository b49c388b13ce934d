/**
 * `npm run bench -- light --json`: one JSON line per figure. Every figure is printed with the limit measured in the same
 * run; see docs/operating/benchmarks.md.
 */
import type { Figure } from "./measure.js";

type Suite = () => Promise<AsyncIterable<Figure>>;

const SUITES: Readonly<Record<string, Suite>> = {
  light: async () => (await import("./light/light.js")).lightBench(),
  sign: async () => (await import("./sign/sign.js")).signBench(),
  ledger: async () => (await import("./ledger/ledger.js")).ledgerBench(),
  gateway: async () => (await import("./gateway/gateway.js")).gatewayBench(),
  fleet: async () => (await import("./fleet/fleet.js")).fleetBench(),
};

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes("--json");
  const names = args.filter((arg) => !arg.startsWith("--"));
  const chosen = names.length === 0 ? Object.keys(SUITES) : names;
  for (const name of chosen) {
    const suite = SUITES[name];
    if (suite === undefined) {
      process.stderr.write(`There is no benchmark "${name}"; known: ${Object.keys(SUITES).join(", ")}.\n`);
      return 2;
    }
    for await (const figure of await suite())
      process.stdout.write(`${json ? JSON.stringify(figure) : plain(figure)}\n`);
  }
  return 0;
}

function plain({ bench, value, unit, limit, ratio, must, met }: Figure): string {
  return `${bench.padEnd(20)} ${String(value).padStart(10)} ${unit.padEnd(12)} limit ${String(limit).padStart(10)}  ratio ${ratio}  must ${must}: ${met ? "met" : "MISSED"}`;
}

process.exitCode = await main(process.argv.slice(2));
