/** Whether each node that a publisher is to follow answers, and knows the anchor's group. */
import type { Clock } from "../../../base/clock.js";
import { rpcCalls } from "../../../codec/fisco/rpc.js";
import { groupListFromRpc } from "../../../codec/fisco/rpcResults.js";
import type { Config } from "../../config.js";
import { configuredRpc } from "../../configuredRpc.js";
import { systemRandom } from "../../systemClock.js";
import type { Finding } from "./finding.js";
import { failure } from "./state.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Long enough for a node that is busy, short enough for somebody who waits. */
export const ENDPOINT_WAIT_MS = 5_000;

/** Nothing for a light node. */
export async function checkEndpoints(config: Config, environment: Environment, clock: Clock): Promise<Finding[]> {
  if (config.role !== "publisher") return [];
  return await Promise.all(config.rpc.endpoints.map((endpoint) => checkEndpoint(config, endpoint, environment, clock)));
}

async function checkEndpoint(
  config: Config,
  endpoint: string,
  environment: Environment,
  clock: Clock,
): Promise<Finding> {
  const name = `node ${endpoint}`;
  try {
    const alone = { ...config, rpc: { ...config.rpc, endpoints: [endpoint], timeoutMs: ENDPOINT_WAIT_MS } };
    const rpc = await configuredRpc(alone, { environment, random: systemRandom, clock });
    try {
      const { method, params } = rpcCalls.getGroupList();
      const groups = groupListFromRpc(await rpc.call(method, params));
      return { name, level: "ok", says: `answers for the group ${groups.join(", ")}` };
    } finally {
      await rpc.stop();
    }
  } catch (thrown) {
    return failure(name, thrown);
  }
}
