/** docs/openrpc.json: the methods of a participant's JSON-RPC, as `rpc.discover` answers them. */

/** @param load imports a module of the compiled tree by its path. */
export async function openRpcPage(load) {
  const { OPENRPC } = await load("src/node/rpc/jsonRpc.js");
  return `${JSON.stringify(OPENRPC, null, 2)}\n`;
}
