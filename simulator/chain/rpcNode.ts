/** A FISCO BCOS v3 node as its JSON-RPC shows it: a participant's own methods, with a simulated chain behind them. */
import { equalBytes } from "../../src/base/bytes.js";
import { type NodeView, soloNode } from "../../src/node/rpc/context.js";
import { jsonRpc, type RpcAnswerer } from "../../src/node/rpc/jsonRpc.js";
import type { ChainIssuer } from "./chainIssuer.js";
import { IssuerView, type IssuerViewOptions } from "./issuerView.js";

/** Answers at once, except `sendTransaction`. @throws RpcRefusal with the node's code and message. */
export type SimulatedNode = RpcAnswerer;

export interface SimulatedNodeOptions extends IssuerViewOptions {
  /** By which requests may address the node; its id by default. */
  readonly name?: string;
}

const FIRST_PEER_PORT = 30_300;

/**
 * A node of the issuer's chain. It answers by the issuer's state of the moment; `sendTransaction` makes it issue a
 * block.
 */
export function simulatedNode(issuer: ChainIssuer, options: SimulatedNodeOptions = {}): SimulatedNode {
  const view = new IssuerView(issuer, options);
  return jsonRpc({
    view,
    node: nodeAmongSealers(issuer, view, options.name),
    clock: { now: options.now ?? (() => issuer.head.header.timestamp) },
    random: issuer.random,
  });
}

/** The other sealers are its peers, and all are as far as it is. */
function nodeAmongSealers(issuer: ChainIssuer, view: IssuerView, name: string | undefined): NodeView {
  const solo = soloNode(view);
  return {
    ...solo,
    name: name ?? solo.name,
    endPoint: `0.0.0.0:${FIRST_PEER_PORT}`,
    peers: () =>
      view
        .sealers()
        .nodeIds.filter((nodeId) => !equalBytes(nodeId, view.identity.nodeId))
        .map((nodeId, i) => ({
          nodeId,
          endPoint: `127.0.0.1:${FIRST_PEER_PORT + 1 + i}`,
          blockNumber: issuer.height,
          latestHash: issuer.head.hash,
        })),
  };
}
