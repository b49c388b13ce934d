import { afterEach, describe, expect, it } from "vitest";
import { signCall } from "../../simulator/chain/blockContent.js";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { type SimulatedNode, simulatedNode } from "../../simulator/chain/rpcNode.js";
import { type SimulatedServer, startRpcServer } from "../../simulator/chain/rpcServer.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { fromHex, to0x, toHex } from "../../src/base/bytes.js";
import { blockFromRpc } from "../../src/codec/fisco/blockRpc.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../src/codec/fisco/headerRpc.js";
import { checkSignedHeader } from "../../src/codec/fisco/headerRules.js";
import { proofFromRpc } from "../../src/codec/fisco/proofRpc.js";
import { receiptHash } from "../../src/codec/fisco/receiptHash.js";
import { receiptFromRpc } from "../../src/codec/fisco/receiptRpc.js";
import { type RpcCall, rpcCalls } from "../../src/codec/fisco/rpc.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { transactionFromRpc } from "../../src/codec/fisco/transactionRpc.js";
import { POOL_REFUSALS } from "../../src/codec/fisco/transactionStatus.js";
import { encodeTransaction } from "../../src/codec/fisco/transactionTars.js";
import { parseJson, writeJson } from "../../src/codec/json.js";
import { RpcRefusal } from "../../src/codec/problems.js";
import { merkleRoot, verifyMerkleProof } from "../../src/crypto/merkle.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { RPC_CODES } from "../../src/node/rpc/refusals.js";
import { makeChain } from "../support/chains.js";
import { RPC_DECODERS } from "../support/rpcDecoders.js";

const GROUP = "group0";

/** The result as it comes out of JSON on the other side. */
async function ask(node: SimulatedNode, { method, params }: RpcCall): Promise<unknown> {
  return parseJson(writeJson(await node(method, params)));
}

async function busyChain(suite: "ecdsa" | "sm" = "ecdsa"): Promise<ChainIssuer> {
  const issuer = await makeChain({ profile: { suite, layout: "fisco", faultModel: "bft" } });
  issuer.issue({ transactions: 5 });
  issuer.issue({ sealers: [{ kind: "add", weight: 2n ** 60n }], transactions: 1 });
  return issuer;
}

describe("a simulated node", () => {
  for (const suite of ["ecdsa", "sm"] as const) {
    it(`${suite}: answers with headers and blocks that hash to what they claim`, async () => {
      const issuer = await busyChain(suite);
      const node = simulatedNode(issuer);
      const { hash } = issuer.suite;
      expect(RPC_DECODERS.getBlockNumber(await ask(node, rpcCalls.getBlockNumber(GROUP, "")))).toBe(2);
      for (const number of [0, 1, 2]) {
        const claimed = RPC_DECODERS.getBlockHashByNumber(
          await ask(node, rpcCalls.getBlockHashByNumber(GROUP, "", number)),
        );
        const bare = headerFromRpc(await ask(node, rpcCalls.getBlockByNumber(GROUP, "", number, true, true))).signed;
        checkSignedHeader(bare, issuer.profile);
        expect(to0x(headerHash(hash, bare.header))).toBe(to0x(claimed));
        for (const onlyHash of [true, false]) {
          const shown = await ask(node, rpcCalls.getBlockByNumber(GROUP, "", number, false, onlyHash));
          const block = blockFromRpc(shown, hash);
          expect(to0x(merkleRoot(hash, block.transactionHashes))).toBe(to0x(block.signed.header.txsRoot));
        }
        const byHash = await ask(node, { method: "getBlockByHash", params: [GROUP, "", to0x(claimed), true, true] });
        expect(headerFromRpc(byHash).signed).toEqual(bare);
      }
    });

    it(`${suite}: proves transactions and receipts`, async () => {
      const issuer = await busyChain(suite);
      const node = simulatedNode(issuer);
      const { hash } = issuer.suite;
      for (const number of [1, 2]) {
        const { header } = issuer.header(number);
        for (const [index, issued] of issuer.transactions(number).entries()) {
          const shown = (await ask(node, rpcCalls.getTransaction(GROUP, "", issued.hash, true))) as {
            txProof: unknown;
          };
          const transaction = transactionFromRpc(shown, hash);
          const place = verifyMerkleProof(hash, transaction.hash, header.txsRoot, proofFromRpc(shown.txProof));
          const answer = receiptFromRpc(await ask(node, rpcCalls.getTransactionReceipt(GROUP, "", issued.hash, true)));
          const leaf = receiptHash(hash, answer.receipt);
          const other = verifyMerkleProof(hash, leaf, header.receiptsRoot, answer.proof ?? []);
          expect([place?.index, other?.index]).toEqual([index, index]);
          expect(await ask(node, rpcCalls.getTransaction(GROUP, "", issued.hash, false))).not.toHaveProperty("txProof");
        }
      }
    });
  }

  it("tells about group, sealers and status in the shapes of real nodes", async () => {
    const issuer = await busyChain();
    const node = simulatedNode(issuer);
    const sealers = RPC_DECODERS.getSealerList(await ask(node, rpcCalls.getSealerList(GROUP, "")));
    // The set of the next block, with a weight beyond 2^53.
    expect(sealers.map(({ weight }) => weight).sort()).toEqual([1n, 1n, 1n, 1n, 2n ** 60n]);
    expect(sealers.map(({ nodeId }) => toHex(nodeId))).toEqual(issuer.sealers(3).nodeIds.map(toHex));
    expect(RPC_DECODERS.getGroupInfo(await ask(node, rpcCalls.getGroupInfo(GROUP)))).toMatchObject({
      chainId: "chain0",
      groupId: GROUP,
      nodes: [{ suite: "ecdsa", compatibilityVersion: 0x0303_0000 }],
    });
    expect(RPC_DECODERS.getGroupList(await ask(node, rpcCalls.getGroupList()))).toEqual([GROUP]);
    expect(RPC_DECODERS.getGroupPeers(await ask(node, { method: "getGroupPeers", params: [GROUP] })).length).toBe(5);
    expect(RPC_DECODERS.getGroupPeers(await ask(node, { method: "getObserverList", params: [GROUP, ""] }))).toEqual([]);
    const status = RPC_DECODERS.getConsensusStatus(
      await ask(node, { method: "getConsensusStatus", params: [GROUP, ""] }),
    );
    expect(to0x(status.hash)).toBe(to0x(issuer.head.hash));
    const sync = RPC_DECODERS.getSyncStatus(await ask(node, { method: "getSyncStatus", params: [GROUP, ""] }));
    expect(to0x(sync.genesisHash)).toBe(to0x(issuer.genesis().hash));
    const config = RPC_DECODERS.getSystemConfigByKey(
      await ask(node, rpcCalls.getSystemConfigByKey(GROUP, "", "compatibility_version")),
    );
    expect(config.value).toBe("3.3.0");
    const total = RPC_DECODERS.getTotalTransactionCount(
      await ask(node, { method: "getTotalTransactionCount", params: [GROUP, ""] }),
    );
    expect(total.transactionCount).toBe(7);
  });

  it("takes a transaction into a block of its own and answers with the proven receipt", async () => {
    const issuer = await busyChain();
    const logs = [{ topics: [new Uint8Array(32).fill(7)], data: new Uint8Array(32) }];
    const node = simulatedNode(issuer, { execute: () => ({ logs }) });
    const { bytes, hash } = callOf(issuer);
    const receipt = receiptFromRpc(await ask(node, rpcCalls.sendTransaction(GROUP, "", bytes, true)));
    expect(issuer.height).toBe(3);
    expect(receipt.receipt.logs).toEqual([{ ...logs[0], address: "11".repeat(20) }]);
    expect(to0x(receipt.claimedTransactionHash!)).toBe(to0x(hash));
    const leaf = receiptHash(issuer.suite.hash, receipt.receipt);
    expect(verifyMerkleProof(issuer.suite.hash, leaf, issuer.head.header.receiptsRoot, receipt.proof!)?.index).toBe(0);
    expect(await code(node, rpcCalls.sendTransaction(GROUP, "", bytes, true))).toBe(POOL_REFUSALS.nonceCheckFail.code);
  });

  it("refuses what real nodes refuse, with their codes", async () => {
    const issuer = await busyChain();
    const node = simulatedNode(issuer);
    const send = (bytes: Uint8Array): Promise<unknown> => code(node, rpcCalls.sendTransaction(GROUP, "", bytes, false));
    expect(await code(node, { method: "getNothing", params: [GROUP] })).toBe(RPC_CODES.methodNotFound);
    expect(await code(node, rpcCalls.getBlockNumber("group1", ""))).toBe(RPC_CODES.groupNotExist);
    expect(await code(node, rpcCalls.getBlockHashByNumber(GROUP, "", 99))).toBe(RPC_CODES.storage);
    expect(await code(node, { method: "getBlockByNumber", params: [GROUP, "", "x"] })).toBe(RPC_CODES.invalidParams);
    expect(await code(node, { method: "getTransaction", params: [GROUP, "", "0xzz"] })).toBe(RPC_CODES.invalidParams);
    expect(await code(node, rpcCalls.getTransaction(GROUP, "", new Uint8Array(32), true))).toBe(RPC_CODES.storage);
    expect(await send(new Uint8Array(3))).toBe(POOL_REFUSALS.malformed.code);
    expect(await send(callOf(issuer, { chainId: "other" }).bytes)).toBe(POOL_REFUSALS.invalidChainId.code);
    expect(await send(callOf(issuer, { groupId: "other" }).bytes)).toBe(POOL_REFUSALS.invalidGroupId.code);
    expect(await send(callOf(issuer, { number: -1_000 }).bytes)).toBe(POOL_REFUSALS.malformed.code);
    expect(await send(callOf(issuer, { number: 5_000 }).bytes)).toBe(POOL_REFUSALS.blockLimitCheckFail.code);
    const zeroSigned = callOf(issuer).transaction;
    const forged = { ...zeroSigned, signature: new Uint8Array(65) };
    expect(await send(encodeTransaction(forged, new Uint8Array(32)))).toBe(POOL_REFUSALS.invalidSignature.code);
    expect(issuer.height).toBe(2);
    issuer.issue();
    expect(await code(node, rpcCalls.getBlockByNumber(GROUP, "", 3, false, true))).toBe(RPC_CODES.storage);
  });

  it("does not let a submitted call change the sealers whose keys it does not hold", async () => {
    const issuer = await busyChain();
    const node = simulatedNode(issuer);
    const call = callOf(issuer, {}, fromHex("0000000000000000000000000000000000001003"));
    const receipt = receiptFromRpc(await ask(node, rpcCalls.sendTransaction(GROUP, "", call.bytes, false)));
    expect(receipt.receipt.status).toBe(15);
    expect(issuer.sealers(4)).toBe(issuer.sealers(3));
  });
});

function callOf(issuer: ChainIssuer, changes: object = {}, to: Uint8Array = new Uint8Array(20).fill(0x11)) {
  const context = { ...issuer.executionContext(issuer.height + 1, 0), random: new SeededRandom(3), ...changes };
  const transaction = signCall({ from: issuer.users[0]!, to, input: new Uint8Array(4) }, context);
  const hash = transactionDataHash(issuer.suite.hash, transaction.data);
  return { transaction, hash, bytes: encodeTransaction(transaction, hash) };
}

async function code(node: SimulatedNode, { method, params }: RpcCall): Promise<unknown> {
  try {
    await node(method, params);
  } catch (thrown) {
    if (thrown instanceof RpcRefusal) return thrown.problem.nodeCode;
    throw thrown;
  }
  return "answered";
}

describe("the simulated node's server", () => {
  let server: SimulatedServer | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  it("serves the client that talks to real nodes", async () => {
    const issuer = await busyChain();
    server = await startRpcServer({ node: simulatedNode(issuer) });
    const rpc = chainRpc({ endpoints: [server.url], random: new SeededRandom(1), clock: { now: () => 0 } });
    try {
      expect(await rpc.call("getBlockNumber", [GROUP, ""])).toBe(2);
      const call = rpcCalls.getBlockByNumber(GROUP, "", 2, true, true);
      const { signed } = headerFromRpc(await rpc.call(call.method, call.params));
      expect(to0x(headerHash(issuer.suite.hash, signed.header))).toBe(to0x(issuer.head.hash));
      await expect(rpc.call("getNothing", [GROUP])).rejects.toMatchObject({ code: "RPC_NODE_ERROR" });
    } finally {
      await rpc.stop();
    }
  });

  it("answers nonsense with an error and goes on", async () => {
    server = await startRpcServer({ node: simulatedNode(await busyChain()) });
    const post = async (body: string): Promise<unknown> =>
      (await fetch(server!.url, { method: "POST", body })).json() as unknown;
    expect(await post("{")).toMatchObject({ error: { code: -32700 } });
    expect(await post("[]")).toMatchObject({ error: { code: -32600 } });
    expect(await post('{"id":3,"method":"getBlockNumber"}')).toMatchObject({ id: 3, error: { code: -32600 } });
    expect((await fetch(server.url)).status).toBe(405);
    expect(await post('{"jsonrpc":"2.0","id":4,"method":"getBlockNumber","params":[]}')).toMatchObject({
      id: 4,
      result: 2,
    });
  });

  it("listens on loopback only", async () => {
    const node = simulatedNode(await busyChain());
    await expect(startRpcServer({ node, host: "0.0.0.0" })).rejects.toThrow("SIMULATOR_OPTION");
  });
});
