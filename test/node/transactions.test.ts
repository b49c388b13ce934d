/** Transactions on their way: signed, sent over MQTT or JSON-RPC, and believed only with a proof. */
import { afterEach, describe, expect, test } from "vitest";
import type { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { simulatedNode } from "../../simulator/chain/rpcNode.js";
import { fromHex, toHex } from "../../src/base/bytes.js";
import { codeOf } from "../../src/base/error.js";
import { SILENT_LOGGER } from "../../src/base/logger.js";
import type { SignedTransaction } from "../../src/codec/fisco/transactionBuild.js";
import { transactionDataHash } from "../../src/codec/fisco/transactionHash.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { chainRpc } from "../../src/link/chainRpc.js";
import { SYNC_DEFAULTS } from "../../src/node/chainSetup.js";
import type { GuardedSigner, SignRequest } from "../../src/node/signing/port.js";
import { systemRandom } from "../../src/node/systemClock.js";
import type { Carrier } from "../../src/node/transactions/carrier.js";
import { ChainSession, startAtTrusted, type TrustStart } from "../../src/node/transactions/chainSession.js";
import { mqttCarrier } from "../../src/node/transactions/mqttCarrier.js";
import { rpcCarrier } from "../../src/node/transactions/rpcCarrier.js";
import { signTransaction } from "../../src/node/transactions/signTransaction.js";
import type { SendOutcome } from "../../src/node/upstream.js";
import { startBroker } from "../support/broker.js";
import { anchorAt, FISCO, makeChain, wireOf } from "../support/chains.js";
import { until } from "../support/linkContract.js";
import { type Broker, connectTo, runPublisher } from "../support/network.js";
import { NodeRefusal, type RpcHandler, startRpcStandIn } from "../support/rpcStandIn.js";

const SECRET = fromHex("02".repeat(32));
const CALL = { to: fromHex("cd".repeat(20)), input: fromHex("299f7f9d") };
/** Long enough for two slow cores; nothing is measured. */
const PATIENCE_MS = 30_000;
const ending: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** What the guard does, without its memory. */
function signerOf(chain: ChainIssuer, secret = SECRET): Pick<GuardedSigner, "sign" | "publicKey"> {
  const soft = softSigner(chain.suite.name);
  return {
    publicKey: soft.publicKey(SECRET),
    sign: async (request: SignRequest) => {
      if (request.purpose !== "transaction") throw new TypeError(request.purpose);
      const digest = transactionDataHash(chain.suite.hash, request.data);
      return { digest, signature: soft.signTransaction(secret, digest), repeated: false };
    },
  };
}

function sign(chain: ChainIssuer, blockLimit = chain.height + 500, secret = SECRET): Promise<SignedTransaction> {
  const { suite, chainId, groupId } = chain;
  const signer = signerOf(chain, secret);
  return signTransaction(CALL, blockLimit, { suite, signer, chainId, groupId, random: systemRandom });
}

async function startedBroker(): Promise<Broker> {
  const { broker, port } = await startBroker();
  ending.push(() => broker.stop());
  return { url: `mqtt://127.0.0.1:${port}` };
}

let names = 0;

function overMqtt(chain: ChainIssuer, broker: Broker, answerWaitMs?: number): Carrier {
  const { chainId, groupId } = chain;
  return mqttCarrier({
    name: "broker",
    link: connectTo(broker, "sender"),
    chainId,
    groupId,
    client: `sender-${++names}`,
    wire: wireOf(chain),
    random: systemRandom,
    ...(answerWaitMs === undefined ? {} : { answerWaitMs }),
    count: () => {},
  });
}

async function overRpc(chain: ChainIssuer, handler: RpcHandler): Promise<Carrier> {
  const rpc = await startRpcStandIn({ handler });
  ending.push(() => rpc.stop());
  return rpcCarrier({
    name: "node",
    rpc: chainRpc({ endpoints: [rpc.url], random: systemRandom, clock: { now: () => Date.now() } }),
    chainId: chain.chainId,
    groupId: chain.groupId,
    wire: wireOf(chain),
    segmentSize: 16,
    pollMs: 20,
    logger: SILENT_LOGGER,
    count: () => {},
  });
}

function visit(
  chain: ChainIssuer,
  carriers: readonly Carrier[],
  start: TrustStart = { anchor: anchorAt(chain) },
): ChainSession {
  const began = Date.now();
  const session = new ChainSession({
    start,
    suite: chain.suite,
    carriers,
    sync: SYNC_DEFAULTS,
    clock: { now: () => chain.head.header.timestamp + 500 + Date.now() - began },
    random: systemRandom,
    logger: SILENT_LOGGER,
  });
  session.start();
  ending.push(() => session.stop());
  return session;
}

const transactionsOf = (chain: ChainIssuer) =>
  Array.from({ length: chain.height }, (_, i) => i + 1)
    .filter((number) => chain.hasBody(number))
    .flatMap((number) => chain.transactions(number).map(({ hash }) => toHex(hash)));

describe("over MQTT through a publisher", () => {
  for (const suite of ["ecdsa", "sm"] as const) {
    test(`a transaction comes back with its proven receipt: ${suite}`, async () => {
      const chain = await makeChain({ profile: { ...FISCO, suite } });
      chain.issueMany(20);
      const broker = await startedBroker();
      const publisher = await runPublisher(chain, broker);
      ending.push(() => publisher.stop());
      const session = visit(chain, [overMqtt(chain, broker)]);
      expect(await session.height(PATIENCE_MS)).toBe(20);
      const signed = await sign(chain);
      const { verdict, blockHash } = await session.send(signed, PATIENCE_MS);
      expect(verdict).toMatchObject({ number: 21, transactionHash: signed.hash, receipt: { status: 0 } });
      expect(toHex(verdict.sender)).toBe(toHex(signed.sender));
      expect(toHex(blockHash)).toBe(toHex(chain.header(21).hash));
      // Once more, for instance because the answer was lost: the same receipt, and no second transaction.
      chain.issueMany(3);
      const again = await session.send(signed, PATIENCE_MS);
      expect(again.verdict.number).toBe(21);
      expect(transactionsOf(chain).filter((hash) => hash === toHex(signed.hash))).toHaveLength(1);
    });
  }

  test("what the node refuses for good is refused at once, with everything else going on", async () => {
    const chain = await makeChain();
    chain.issueMany(5);
    const broker = await startedBroker();
    const publisher = await runPublisher(chain, broker);
    ending.push(() => publisher.stop());
    const session = visit(chain, [overMqtt(chain, broker)]);
    await session.height(PATIENCE_MS);
    const expired = await sign(chain, 3);
    await expect(session.send(expired, PATIENCE_MS)).rejects.toMatchObject({ code: "SEND_REFUSED" });
    const foreign = await signTransaction(CALL, 500, {
      suite: chain.suite,
      signer: signerOf(chain),
      chainId: "chain1",
      groupId: "group0",
      random: systemRandom,
    });
    const asked = publisher.rpc.requests;
    await expect(session.send(foreign, PATIENCE_MS)).rejects.toMatchObject({ code: "SEND_REFUSED" });
    expect(asked).toBeGreaterThan(0);
    expect(publisher.node.status().counters).toMatchObject({ TRANSACTION_CHAIN_ID: 1 });
    expect((await session.send(await sign(chain), PATIENCE_MS)).verdict.number).toBe(6);
    expect(chain.height).toBe(6);
  });

  test("a visit that begins with a question on the connection it follows the chain by", async () => {
    const chain = await makeChain();
    chain.issueMany(20);
    const broker = await startedBroker();
    const publisher = await runPublisher(chain, broker);
    ending.push(() => publisher.stop());
    await until(() => publisher.node.status().published?.head === 20, "the published head");
    for (const number of [0, 20]) {
      const carrier = overMqtt(chain, broker);
      const trusted = { number, hash: chain.header(number).hash };
      const start = await startAtTrusted(anchorAt(chain), trusted, [carrier]);
      expect(start?.header?.header.number).toBe(number);
      const session = visit(chain, [carrier], start);
      expect(await session.height(5_000)).toBe(chain.height);
    }
  });

  test("nobody behind the broker: no answer, said so", async () => {
    const chain = await makeChain();
    chain.issueMany(2);
    const session = visit(chain, [overMqtt(chain, await startedBroker(), 100)]);
    await expect(session.height(300)).rejects.toMatchObject({ code: "SEND_NOT_SYNCED" });
    await expect(session.send(await sign(chain), 300)).rejects.toMatchObject({ code: "SEND_NO_ANSWER" });
  });
});

describe("by JSON-RPC", () => {
  test("a transaction comes back with its proven receipt, also when it is one of many asked at once", async () => {
    const chain = await makeChain();
    chain.issueMany(20);
    const session = visit(chain, [await overRpc(chain, simulatedNode(chain))]);
    expect(await session.height(PATIENCE_MS)).toBe(20);
    const signed = await Promise.all(Array.from({ length: 8 }, () => sign(chain)));
    const receipts = await Promise.all(signed.map((one) => session.send(one, PATIENCE_MS)));
    expect(receipts.map(({ verdict }) => toHex(verdict.transactionHash))).toEqual(
      signed.map(({ hash }) => toHex(hash)),
    );
    expect(chain.height).toBe(28);
  });

  test("the node's answer is lost, and comes the second time", async () => {
    const chain = await makeChain();
    chain.issueMany(3);
    const node = simulatedNode(chain);
    let lost = 0;
    const carrier = await overRpc(chain, (method, params) => {
      const answer = node(method, params);
      if (method === "sendTransaction" && lost++ === 0) throw new NodeRefusal(10_010, "TransactionPoolTimeout");
      return answer;
    });
    const session = visit(chain, [carrier]);
    await session.height(PATIENCE_MS);
    const signed = await sign(chain);
    expect((await session.send(signed, PATIENCE_MS)).verdict.number).toBe(4);
    expect(lost).toBe(1);
    expect((await session.send(signed, PATIENCE_MS)).verdict.number).toBe(4);
    expect(chain.height).toBe(4);
  });

  test("a receipt of another transaction, and one whose output was altered, are not believed", async () => {
    const chain = await makeChain();
    chain.issueMany(3);
    const node = simulatedNode(chain);
    const session = (handler: RpcHandler) => overRpc(chain, handler).then((carrier) => visit(chain, [carrier]));
    const altered = await session((method, params) => {
      const answer = node(method, params);
      return method === "getTransactionReceipt" ? { ...(answer as object), output: "0x01" } : answer;
    });
    await altered.height(PATIENCE_MS);
    const failed = (await sign(chain)
      .then((one) => altered.send(one, 2_000))
      .catch(codeOf)) as string;
    expect(failed).toBe("SEND_ANSWER_UNPROVEN");
    let known: string | undefined;
    const swapped = await session((method, params) => {
      if (method === "getTransactionReceipt" && known !== undefined) return node(method, [params[0], "", known, true]);
      return node(method, params);
    });
    await swapped.height(PATIENCE_MS);
    const first = await sign(chain);
    await swapped.send(first, PATIENCE_MS);
    known = `0x${toHex(first.hash)}`;
    await expect(swapped.send(await sign(chain), 2_000)).rejects.toMatchObject({ code: "SEND_ANSWER_UNPROVEN" });
  });

  test("a whole and proven answer about another transaction is no answer", async () => {
    const chain = await makeChain();
    chain.issueMany(3);
    const carrier = await overRpc(chain, simulatedNode(chain));
    const first = await sign(chain);
    const outcome = await carrier.send(first.bytes);
    expect(outcome.status).toBe("proven");
    carrier.send = async () => outcome;
    const session = visit(chain, [carrier]);
    await session.height(PATIENCE_MS);
    await expect(session.send(await sign(chain), 2_000)).rejects.toMatchObject({ code: "SEND_ANSWER_UNPROVEN" });
  });

  test("a refusal by one does not hide that another may have taken it", async () => {
    const chain = await makeChain();
    chain.issueMany(3);
    const answering = async (outcome: SendOutcome): Promise<Carrier> => {
      const carrier = await overRpc(chain, simulatedNode(chain));
      carrier.send = async () => outcome;
      return carrier;
    };
    const refusing = { status: "refused", code: "publisher" } as const;
    const fateWith = async (...outcomes: SendOutcome[]): Promise<unknown> => {
      const session = visit(chain, await Promise.all(outcomes.map(answering)));
      await session.height(PATIENCE_MS);
      return session.send(await sign(chain), 1_500).catch(codeOf);
    };
    expect(await fateWith(refusing, { status: "pending" })).toBe("SEND_NO_ANSWER");
    expect(await fateWith({ status: "pending" }, refusing)).toBe("SEND_NO_ANSWER");
    expect(await fateWith(refusing, refusing)).toBe("SEND_REFUSED");
    expect(await fateWith({ status: "pending" })).toBe("SEND_NO_ANSWER");
  });

  test("starts at a header certified before, whose sealers its hash vouches for", async () => {
    const chain = await makeChain();
    chain.issueMany(300);
    const node = simulatedNode(chain);
    const carrier = await overRpc(chain, node);
    const head = { number: 300, hash: chain.header(300).hash };
    const start = await startAtTrusted(anchorAt(chain), head, [carrier]);
    expect(start?.anchor).toMatchObject({ height: 300, sealers: chain.sealers(300) });
    const lie = { number: 300, hash: chain.header(299).hash };
    expect(await startAtTrusted(anchorAt(chain), lie, [carrier])).toBeUndefined();
    const signed = await sign(chain);
    const session = visit(chain, [carrier], start);
    expect(await session.height(PATIENCE_MS)).toBe(300);
    expect((await session.send(signed, PATIENCE_MS)).verdict.number).toBe(301);
    // Its block is far below the next visitor's start by then, and hangs on it by parent hashes.
    chain.issueMany(200);
    const later = await overRpc(chain, node);
    const newest = await startAtTrusted(anchorAt(chain), { number: 501, hash: chain.header(501).hash }, [later]);
    const next = visit(chain, [later], newest);
    await next.height(PATIENCE_MS);
    expect((await next.send(signed, PATIENCE_MS)).verdict.number).toBe(301);
  });
});

test("a key that signs with something else than it shows is found out before anything is sent", async () => {
  const chain = await makeChain();
  await expect(sign(chain, 100, fromHex("03".repeat(32)))).rejects.toMatchObject({ code: "SEND_SIGNER_DIFFERS" });
});
