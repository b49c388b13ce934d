/** An anchor from a real node's own word, for looking at it: good enough to follow, not to trust. */

import type { Anchor } from "../../src/chain/anchor.js";
import { genesisSealers, readGenesis } from "../../src/codec/fisco/genesis.js";
import { headerFromRpc } from "../../src/codec/fisco/headerRpc.js";
import { rpcCalls } from "../../src/codec/fisco/rpc.js";
import { groupInfoFromRpc, groupListFromRpc } from "../../src/codec/fisco/rpcResults.js";
import { hashHeader } from "../../src/codec/hashedHeader.js";
import { loadSuite } from "../../src/crypto/backend/select.js";
import type { RpcCaller } from "../../src/node/rpcSource.js";
import { SimulatorError } from "../chain/problems.js";

/**
 * Asks the node for its group, suite and block 0.
 * @throws RpcError, HeaderError; SimulatorError `SIMULATOR_OPTION` where the node has no group
 */
export async function anchorOfNode(rpc: RpcCaller, wanted: string | undefined, now: number): Promise<Anchor> {
  const call = ({ method, params }: { method: string; params: readonly unknown[] }) => rpc.call(method, params);
  const group = wanted ?? groupListFromRpc(await call(rpcCalls.getGroupList()))[0];
  if (group === undefined)
    throw new SimulatorError({ code: "SIMULATOR_OPTION", option: "group", reason: "the node has none" });
  const info = groupInfoFromRpc(await call(rpcCalls.getGroupInfo(group)));
  const { signed } = headerFromRpc(await call(rpcCalls.getBlockByNumber(group, "", 0, true, true)));
  const suiteName = info.nodes.find(({ suite }) => suite !== undefined)?.suite ?? "ecdsa";
  const profile = { suite: suiteName, layout: "fisco", faultModel: "bft" } as const;
  const { hash, header } = hashHeader(signed, await loadSuite(suiteName), profile);
  return {
    chainId: info.chainId,
    groupId: info.groupId,
    profile,
    height: 0,
    hash,
    sealers: genesisSealers(readGenesis(header.extraData)),
    acceptedAt: now,
    publishers: [],
    governors: [],
  };
}
