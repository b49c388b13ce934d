/** What `npm start --` understands. */
import { parseArgs } from "node:util";

export const HELP = `npm start -- [options]

Starts a home on this machine: a broker, devices of several makers, a gateway whose
rules act on smoke, and a chain of one sealer that its light client follows.

  --cut-chain-after S  cut the chain off after S seconds; the home goes on
  --folder DIR         keep configuration, rules, databases and logs there (empty or new)
  --chain-only         instead of the home: four sealers, a publisher, a light node that
                       verifies every header, and some 170 attacks on it
  --upstream URL       like --chain-only, with a real FISCO BCOS v3 node's JSON-RPC
  --group NAME         its group (default: the node's first)

  --seconds N          stop by itself after N seconds
  --attack N           a stranger lies N times a second (in the home once at most)
  --plain              a line a second instead of a picture (default without a terminal)
  --json               one JSON object a second

Keys: c cuts the chain off and brings it back, a lets a stranger lie, q or Ctrl-C stops.
`;

export interface Options {
  readonly chainOnly: boolean;
  readonly upstream: string | undefined;
  readonly group: string | undefined;
  readonly folder: string | undefined;
  /** 0: never by itself. */
  readonly cutChainAfterS: number;
  readonly seconds: number;
  readonly attacksPerSecond: number;
  readonly mode: "picture" | "plain" | "json";
}

/** A text is to be shown instead: the help that was asked for, or what is wrong. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        "chain-only": { type: "boolean", default: false },
        upstream: { type: "string" },
        group: { type: "string" },
        folder: { type: "string" },
        "cut-chain-after": { type: "string", default: "0" },
        seconds: { type: "string", default: "0" },
        attack: { type: "string", default: "0" },
        plain: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return HELP;
    const seconds = Number(values.seconds);
    const attacksPerSecond = Number(values.attack);
    const cutChainAfterS = Number(values["cut-chain-after"]);
    if (!(seconds >= 0) || !(attacksPerSecond >= 0) || !(cutChainAfterS >= 0))
      return `--seconds, --attack and --cut-chain-after take numbers.\n\n${HELP}`;
    const chainOnly = values["chain-only"] || values.upstream !== undefined;
    if (chainOnly && (values.folder !== undefined || cutChainAfterS > 0))
      return `--folder and --cut-chain-after are for the home.\n\n${HELP}`;
    const plain = values.plain || process.stdout.isTTY !== true;
    const mode = values.json ? "json" : plain ? "plain" : "picture";
    const { upstream, group, folder } = values;
    return { chainOnly, upstream, group, folder, cutChainAfterS, seconds, attacksPerSecond, mode };
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.message : thrown}\n\n${HELP}`;
  }
}
