/**
 * The JSON-RPC of a participant: all methods over one view of a chain. In: a method's name and parameters. Out: the
 * result, a promise of it, or an RpcRefusal with FISCO's code. It knows nothing of HTTP, and changes nothing but through
 * `ChainView.submit` and the filters.
 */
import { blockMethods } from "./blocks.js";
import { type RpcContext, type RpcOptions, SUBMIT_WAIT_MS, soloNode } from "./context.js";
import { contractMethods } from "./contracts.js";
import { filterMethods } from "./filters.js";
import { FilterTable } from "./filterTable.js";
import { groupMethods } from "./groups.js";
import { method, type RpcMethod } from "./method.js";
import { openRpcOf } from "./openRpc.js";
import { refuseMethod } from "./refusals.js";
import { Searches } from "./searches.js";
import { stateProofMethods } from "./stateProofs.js";
import { statusMethods } from "./status.js";
import { transactionMethods } from "./transactions.js";

const described: readonly RpcMethod[] = [
  ...blockMethods,
  ...transactionMethods,
  ...contractMethods,
  ...groupMethods,
  ...statusMethods,
  ...filterMethods,
  ...stateProofMethods,
];

const discover = method({
  name: "rpc.discover",
  tag: "description",
  summary: "This description.",
  params: [],
  result: { name: "openrpc", schema: { type: "object" } },
  answer: () => OPENRPC,
});

/** Every method there is. */
export const RPC_METHODS: readonly RpcMethod[] = [...described, discover];

/** What `rpc.discover` answers, and docs/openrpc.json. */
export const OPENRPC = openRpcOf(RPC_METHODS);

const BY_NAME: ReadonlyMap<string, RpcMethod> = new Map(RPC_METHODS.map((one) => [one.name, one]));

/**
 * Carries out a method: at once where it can, so that what one call sees is one state of the chain.
 * @param signal aborted when nobody waits for the answer any more: a search ends then.
 * @throws RpcRefusal, also as the promise's rejection
 */
export type RpcAnswerer = (method: string, params: readonly unknown[], signal?: AbortSignal) => unknown;

export function jsonRpc(options: RpcOptions): RpcAnswerer {
  const { view, node, clock, random, submitWaitMs } = options;
  const context: Omit<RpcContext, "signal"> = {
    view,
    node: node ?? soloNode(view),
    filters: new FilterTable(clock, random),
    searches: new Searches(),
    submitWaitMs: submitWaitMs ?? SUBMIT_WAIT_MS,
  };
  return (name, params, signal) => (BY_NAME.get(name) ?? refuseMethod()).answer({ ...context, signal }, params);
}
