/** The JSON-RPC client of the nodes that a configuration names. */
import type { Clock } from "../base/clock.js";
import type { Random } from "../base/random.js";
import type { ChainRpc } from "../link/chainRpc.js";
import { readRpcFiles } from "./config/files.js";
import type { Config } from "./config.js";
import { NodeError } from "./problems.js";

export interface ConfiguredRpcParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly random: Random;
  readonly clock: Clock;
}

/** @throws NodeError `NODE_NO_ENDPOINT`; ConfigError, RpcError `RPC_OPTION_INVALID` */
export async function configuredRpc(
  config: Config,
  { environment, random, clock }: ConfiguredRpcParts,
): Promise<ChainRpc> {
  const { endpoints, timeoutMs } = config.rpc;
  if (endpoints.length === 0) throw new NodeError({ code: "NODE_NO_ENDPOINT", path: config.path });
  const { chainRpc } = await import("../link/chainRpc.js");
  const { ca, token } = readRpcFiles(config, environment);
  return chainRpc({
    ...{ endpoints, timeoutMs, random, clock },
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
}
