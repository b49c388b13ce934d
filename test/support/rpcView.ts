/** A simulated chain behind the methods of JSON-RPC, with parts of its view replaced where a test needs other answers. */
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { IssuerView } from "../../simulator/chain/issuerView.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { parseJson, writeJson } from "../../src/codec/json.js";
import { RpcRefusal } from "../../src/codec/problems.js";
import type { ChainView } from "../../src/node/participant/chainView.js";
import type { NodeView } from "../../src/node/rpc/context.js";
import { jsonRpc, type RpcAnswerer } from "../../src/node/rpc/jsonRpc.js";

export const GROUP = "group0";

export interface RpcOver {
  readonly view?: Partial<ChainView>;
  readonly node?: NodeView;
  readonly now?: () => number;
  readonly submitWaitMs?: number;
}

export function viewOf(chain: ChainIssuer, replaced: Partial<ChainView> = {}): ChainView {
  return Object.assign(new IssuerView(chain), replaced);
}

export function rpcOver(chain: ChainIssuer, { view, node, now, submitWaitMs }: RpcOver = {}): RpcAnswerer {
  return jsonRpc({
    view: viewOf(chain, view),
    clock: { now: now ?? (() => 0) },
    random: new SeededRandom(7),
    ...(node === undefined ? {} : { node }),
    ...(submitWaitMs === undefined ? {} : { submitWaitMs }),
  });
}

/** The result as it comes out of JSON on the other side. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever its test expects of it
export async function ask(rpc: RpcAnswerer, method: string, ...params: unknown[]): Promise<any> {
  return parseJson(writeJson(await rpc(method, params)));
}

/** Code and message of a refusal. Whatever else is thrown is thrown on. */
export async function refusalOf(
  rpc: RpcAnswerer,
  method: string,
  ...params: unknown[]
): Promise<readonly [number, string] | undefined> {
  try {
    await rpc(method, params);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RpcRefusal)) throw thrown;
    return [thrown.problem.nodeCode, thrown.problem.message];
  }
}
