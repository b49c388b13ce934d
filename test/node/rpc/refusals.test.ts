/** Every code a request may be refused with, and that nothing else ever comes out, whatever goes in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signCall } from "../../../simulator/chain/blockContent.js";
import type { ChainIssuer } from "../../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../../simulator/chain/rpcNode.js";
import { to0x } from "../../../src/base/bytes.js";
import { POOL_REFUSALS } from "../../../src/codec/fisco/transactionStatus.js";
import { encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { writeJson } from "../../../src/codec/json.js";
import { RpcRefusal } from "../../../src/codec/problems.js";
import type { SubmitOutcome } from "../../../src/node/participant/chainView.js";
import { RPC_METHODS } from "../../../src/node/rpc/jsonRpc.js";
import { PARAMS_MAX } from "../../../src/node/rpc/method.js";
import { TEXT_PARAM_LENGTH_MAX } from "../../../src/node/rpc/params.js";
import { makeChain } from "../../support/chains.js";
import { GROUP, refusalOf, rpcOver } from "../../support/rpcView.js";
import { sampleTransaction } from "../../support/sampleTransaction.js";

const HASH = to0x(new Uint8Array(32).fill(3));
const ADDRESS = "ab".repeat(20);

async function busyChain(): Promise<ChainIssuer> {
  const chain = await makeChain();
  chain.issue({ transactions: 2 });
  return chain;
}

describe("a request is refused", () => {
  it("-32601: for a method nobody has", async () => {
    const rpc = rpcOver(await busyChain());
    const text = "The method does not exist/is not available.";
    for (const name of ["getNothing", "", "constructor", "__proto__", "toString", "GETBLOCKNUMBER"]) {
      expect(await refusalOf(rpc, name, GROUP)).toEqual([-32601, text]);
    }
  });

  it("-32602: for parameters that are missing or of another kind", async () => {
    const rpc = rpcOver(await busyChain());
    const bad: readonly (readonly [string, ...unknown[]])[] = [
      ["getBlockNumber", 1],
      ["getBlockNumber", GROUP, 1],
      ["getBlockNumber", "x".repeat(TEXT_PARAM_LENGTH_MAX + 1)],
      ["getBlockByNumber", GROUP, ""],
      ["getBlockByNumber", GROUP, "", "1"],
      ["getBlockByNumber", GROUP, "", -1],
      ["getBlockByNumber", GROUP, "", 1.5],
      ["getBlockByNumber", GROUP, "", 2n ** 64n],
      ["getBlockByNumber", GROUP, "", 1, "true"],
      ["getBlockByNumber", GROUP, "", 1, true, 0],
      ["getBlockByHash", GROUP, "", `${HASH}00`],
      ["getBlockByHash", GROUP, "", 7],
      ["getTransaction", GROUP, "", "0xzz"],
      ["getTransaction", GROUP, "", HASH, 1],
      ["sendTransaction", GROUP, "", "0x123"],
      ["sendTransaction", GROUP, "", null],
      ["call", GROUP, "", "", "0x"],
      ["call", GROUP, "", ADDRESS],
      ["call", GROUP, "", ADDRESS, "0x", 5],
      ["getCode", GROUP, "", "0x1003"],
      ["getSystemConfigByKey", GROUP, "", {}],
      ["getFilterChanges", GROUP, 3],
      ["edgeseal_getStateProof", GROUP, "", "t"],
      ["edgeseal_getStateProof", GROUP, "", "t", "k", "latest"],
      ["getGroupList", ...Array.from({ length: PARAMS_MAX + 1 }, () => "x")],
    ];
    for (const [name, ...params] of bad) {
      const [code, message] = (await refusalOf(rpc, name, ...params)) ?? [];
      expect([name, params.length, code]).toEqual([name, params.length, -32602]);
      expect(message).toMatch(/^Invalid params: [\w ]+\.$/);
    }
  });

  it("-32005 and -32000: for a group or node that is another", async () => {
    const rpc = rpcOver(await busyChain());
    expect(await refusalOf(rpc, "getBlockNumber", "group1", "")).toEqual([-32005, "The group group1 does not exist!"]);
    const [, message] = (await refusalOf(rpc, "getSealerList", "g".repeat(1_000))) ?? [];
    expect(message?.length).toBeLessThan(100);
    expect((await refusalOf(rpc, "getBlockNumber", GROUP, "node9"))?.[0]).toBe(-32000);
  });

  it("3008: for what is not there or not kept", async () => {
    const chain = await busyChain();
    chain.issue();
    const rpc = rpcOver(chain);
    const absent: readonly (readonly [string, ...unknown[]])[] = [
      ["getBlockByNumber", 9],
      // A block that was issued without content: its header is known, its transactions are not.
      ["getBlockByNumber", 2, false],
      ["getBlockHashByNumber", 9],
      ["getBlockByHash", HASH],
      ["getTransaction", HASH],
      ["getTransactionReceipt", HASH],
      ["getSystemConfigByKey", "no_such_key"],
      ["getSystemConfigByKey", "constructor"],
      ["edgeseal_getStateProof", "t", "k"],
    ];
    for (const [name, ...params] of absent) {
      expect([name, (await refusalOf(rpc, name, GROUP, "", ...params))?.[0]]).toEqual([name, 3008]);
    }
  });

  it("10000 and on: for a transaction that the pool does not take, in the pool's words", async () => {
    const chain = await busyChain();
    const node = simulatedNode(chain);
    const send = (bytes: Uint8Array) => refusalOf(node, "sendTransaction", GROUP, "", to0x(bytes));
    const context = chain.executionContext(chain.height + 1, 0);
    const signed = (changes: object): Uint8Array => {
      const from = chain.users[0]!;
      const call = { from, to: new Uint8Array(20), input: new Uint8Array(4) };
      return encodeTransaction(signCall(call, { ...context, ...changes }), new Uint8Array(32));
    };
    const expected = ({ code, message }: { readonly code: number; readonly message: string }) => [code, message];
    const taken = sampleTransaction(chain).bytes;
    expect(await send(taken)).toBeUndefined();
    expect(await send(taken)).toEqual(expected(POOL_REFUSALS.nonceCheckFail));
    expect(await send(signed({ number: 5_000 }))).toEqual(expected(POOL_REFUSALS.blockLimitCheckFail));
    expect(await send(new Uint8Array(3))).toEqual(expected(POOL_REFUSALS.malformed));
    expect(await send(signed({ chainId: "other" }))).toEqual(expected(POOL_REFUSALS.invalidChainId));
    expect(await send(signed({ groupId: "other" }))).toEqual(expected(POOL_REFUSALS.invalidGroupId));
    const { transaction } = sampleTransaction(chain);
    const unsigned = encodeTransaction({ ...transaction, signature: new Uint8Array(65) }, new Uint8Array(32));
    expect(await send(unsigned)).toEqual(expected(POOL_REFUSALS.invalidSignature));
    for (const refusal of Object.values(POOL_REFUSALS)) {
      const waits: number[] = [];
      const submit = async (_bytes: Uint8Array, waitMs: number): Promise<SubmitOutcome> => {
        waits.push(waitMs);
        return { kind: "refused", ...refusal };
      };
      const rpc = rpcOver(chain, { view: { submit }, submitWaitMs: 77 });
      expect(await refusalOf(rpc, "sendTransaction", GROUP, "", "0x00")).toEqual(expected(refusal));
      expect(waits).toEqual([77]);
    }
  });

  it("10008: for a call whose signature is none", async () => {
    const rpc = rpcOver(await busyChain());
    const codes = ["0x00", to0x(new Uint8Array(65)), to0x(new Uint8Array(65).fill(255))].map((sign) =>
      refusalOf(rpc, "call", GROUP, "", ADDRESS, "0x", sign),
    );
    for (const refusal of await Promise.all(codes)) expect(refusal).toEqual([10008, "Invalid signature"]);
  });
});

describe("anything at all as parameters", () => {
  const CODES = new Set([-32602, -32601, -32005, -32003, -32000, 3008, 10003, 10008]);
  const deep = (depth: number): unknown => (depth === 0 ? "x" : [deep(depth - 1)]);
  const oddities = fc.constantFrom<unknown>(
    deep(30),
    { fromBlock: deep(30), topics: deep(30), address: deep(30) },
    "0x",
    "0x0",
    "latest",
    HASH,
    ADDRESS,
    `0x${"00".repeat(100_000)}`,
    2n ** 255n,
    -0,
    Number.MAX_SAFE_INTEGER,
    1e308,
    Number.MIN_VALUE,
    "\u0000",
    { ["__proto__"]: 1, length: 3 },
    Object.create(null),
  );
  const param = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<unknown>(GROUP, "", null, undefined) },
    { weight: 3, arbitrary: oddities },
    { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 6 }) },
    { weight: 1, arbitrary: fc.bigInt() },
    { weight: 1, arbitrary: fc.string() },
  );
  // Half of the time the group and the node are right, so that what comes behind them is read.
  const params = fc.oneof(
    fc.array(param, { maxLength: 20 }),
    fc.array(param, { maxLength: 5 }).map((rest) => [GROUP, "", ...rest]),
    fc.array(param, { maxLength: 3 }).map((rest) => [GROUP, ...rest]),
  );

  it("is answered, or refused with one of our codes and in our words", async () => {
    const chain = await busyChain();
    const rpc = rpcOver(chain);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...RPC_METHODS), params, async ({ name }, given) => {
        try {
          writeJson(await rpc(name, given));
        } catch (thrown) {
          if (!(thrown instanceof RpcRefusal)) throw thrown;
          const { nodeCode, message } = thrown.problem;
          expect([name, CODES.has(nodeCode), nodeCode]).toEqual([name, true, nodeCode]);
          expect(message).not.toMatch(/TypeError|RangeError|undefined|\bat\b .*\(|node_modules|\/src\//);
          expect(message.length).toBeLessThan(200);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(chain.height).toBe(1);
  });
});
