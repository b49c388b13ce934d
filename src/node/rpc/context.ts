/** What the methods of JSON-RPC work with: the chain, the node around it, and the filters its clients have made. */
import { toHex } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import type { ChainView } from "../participant/chainView.js";
import type { FilterTable } from "./filterTable.js";
import type { Searches } from "./searches.js";

/** Another node of the group, as far as this one knows it. */
export interface PeerView {
  /** X || Y. */
  readonly nodeId: Uint8Array;
  /** Host and port of its peer connection. */
  readonly endPoint: string;
  readonly blockNumber: number;
  readonly latestHash: Uint8Array;
}

/** What a node knows that is not on its chain. `soloNode` answers for a node that is alone. */
export interface NodeView {
  /** By which clients may address it in a request's second parameter. */
  readonly name: string;
  /** Where it listens for peers; "" where it does not. */
  readonly endPoint: string;
  peers(): readonly PeerView[];
  consensus(): {
    readonly view: number;
    /** Of the next block, in the list of the next block. */
    readonly leaderIndex: number;
    /** Whether it waits in vain for the leader. */
    readonly timeout: boolean;
    /** View changes in a row. */
    readonly changeCycle: number;
  };
  /** The highest block it has heard of; its own head where it knows of none above. */
  highest(): { readonly number: number; readonly hash: Uint8Array };
}

export interface RpcContext {
  readonly view: ChainView;
  readonly node: NodeView;
  readonly filters: FilterTable;
  readonly searches: Searches;
  /** How long `sendTransaction` waits for the transaction's block. */
  readonly submitWaitMs: number;
  /** Aborted when nobody waits for this call's answer any more; undefined where that is never known. */
  readonly signal: AbortSignal | undefined;
}

export interface RpcOptions {
  readonly view: ChainView;
  /** By default a node without peers, named by its id. */
  readonly node?: NodeView;
  /** For the age of filters. */
  readonly clock: Clock;
  /** For the ids of filters. */
  readonly random: Random;
  /** Default SUBMIT_WAIT_MS. */
  readonly submitWaitMs?: number;
}

export const SUBMIT_WAIT_MS = 30_000;

export function soloNode(view: ChainView): NodeView {
  return {
    name: toHex(view.identity.nodeId),
    endPoint: "",
    peers: () => [],
    consensus: () => {
      const next = view.head().header.number + 1;
      const sealers = view.sealers().nodeIds.length;
      return { view: next, leaderIndex: sealers === 0 ? 0 : next % sealers, timeout: false, changeCycle: 0 };
    },
    highest: () => ({ number: view.head().header.number, hash: view.head().hash }),
  };
}
