import { afterEach, describe, expect, it } from "vitest";
import { type ChainRpc, type ChainRpcOptions, chainRpc } from "../../src/link/chainRpc.js";
import { RpcError, type RpcProblem } from "../../src/link/problems.js";
import { seededRandom } from "../support/linkContract.js";
import { freePort } from "../support/mosquitto.js";
import { NodeRefusal, type RpcFault, type RpcStandIn, recordedPairs, startRpcStandIn } from "../support/rpcStandIn.js";
import { TcpProxy } from "../support/tcpProxy.js";
import { makeTlsMaterial } from "../support/tls.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const time = { now: 1_700_000_000_000 };

async function standIn(options: Parameters<typeof startRpcStandIn>[0] = {}): Promise<RpcStandIn> {
  const server = await startRpcStandIn(options);
  closing.push(() => server.stop());
  return server;
}

function client(endpoints: readonly string[], options: Partial<ChainRpcOptions> = {}): ChainRpc {
  const clock = { now: () => time.now };
  const rpc = chainRpc({ endpoints, timeoutMs: 5_000, random: seededRandom(), clock, ...options });
  closing.push(() => rpc.stop());
  return rpc;
}

async function problemOf(promise: Promise<unknown>): Promise<RpcProblem> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof RpcError) return thrown.problem;
    throw thrown;
  }
  throw new Error("it did not fail");
}

describe("answers", () => {
  it("gives back every recorded result", async () => {
    const server = await standIn();
    const rpc = client([server.url]);
    const pairs = recordedPairs();
    expect(pairs.length).toBeGreaterThan(30);
    const results = await rpc.callMany(pairs.map((pair) => pair.request));
    const plain = JSON.parse(JSON.stringify(results)) as unknown[];
    expect(plain).toEqual(pairs.map((pair) => pair.response.result));
    expect(server.connections).toBeLessThanOrEqual(8);
  });

  it("keeps connections", async () => {
    const server = await standIn();
    const rpc = client([server.url]);
    for (let i = 0; i < 20; i++) await rpc.call("getBlockNumber", []);
    expect([server.requests, server.connections]).toEqual([20, 1]);
  });

  it("keeps integers beyond 2^53-1 whole, and keys harmless", async () => {
    const { createServer } = await import("node:http");
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        const { id } = JSON.parse(body) as { id: number };
        response.end(`{"jsonrpc":"2.0","id":${id},"result":{"weight":9223372036854775807,"__proto__":{"x":1}}}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address() as { port: number };
    const result = (await client([`http://127.0.0.1:${address.port}`]).call("x", [])) as Record<string, unknown>;
    expect(result.weight).toBe(9_223_372_036_854_775_807n);
    expect(result.x).toBeUndefined();
  });

  it("passes on what the node refuses, with its code, without asking another node", async () => {
    const first = await standIn({
      handler: () => {
        throw new NodeRefusal(-32005, "no ".repeat(200));
      },
    });
    const second = await standIn();
    const problem = await problemOf(client([first.url, second.url]).call("getBlockNumber", []));
    expect(problem).toMatchObject({ code: "RPC_NODE_ERROR", nodeCode: -32005 });
    expect(problem.code === "RPC_NODE_ERROR" && problem.message.length).toBe(200);
    expect(second.requests).toBe(0);
  });

  it("runs no more at once than allowed, and refuses more than may wait", async () => {
    let running = 0;
    let most = 0;
    const server = await standIn({
      handler: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        return 1;
      },
    });
    const rpc = client([server.url], { concurrencyMax: 3 });
    const calls = Array.from({ length: 60 }, () => ({ method: "m", params: [] }));
    expect((await rpc.callMany(calls)).length).toBe(60);
    expect(most).toBe(3);
    const tooMany = Array.from({ length: 257 }, () => ({ method: "m", params: [] }));
    expect(await problemOf(rpc.callMany(tooMany))).toEqual({ code: "RPC_BATCH_TOO_LARGE", count: 257, limit: 256 });
    server.setFault("hang");
    const many = Array.from({ length: 1_100 }, () => problemOf(rpc.call("m", [])));
    await rpc.stop();
    const codes = (await Promise.all(many)).map((problem) => problem.code);
    expect(codes.filter((code) => code === "RPC_BUSY").length).toBe(1_100 - 3 - 1_024);
    expect(codes.filter((code) => code === "RPC_STOPPED").length).toBe(3 + 1_024);
    expect((await problemOf(rpc.call("m", []))).code).toBe("RPC_STOPPED");
  });

  it("asks again once when a kept connection turns out to be closed", async () => {
    const server = await standIn();
    const proxy = new TcpProxy(Number(new URL(server.url).port));
    await proxy.start();
    closing.push(() => proxy.stop());
    const rpc = client([`http://127.0.0.1:${proxy.port}`]);
    await rpc.call("getBlockNumber", []);
    const second = rpc.call("getBlockNumber", []);
    proxy.cut();
    expect(await second).toBe(8);
    expect(rpc.endpoints[0]).toMatchObject({ failures: 0 });
  });
});

describe("every way to fail has its code", () => {
  it.each<[RpcFault, Partial<RpcProblem>, Partial<ChainRpcOptions>]>([
    ["status 500", { code: "RPC_HTTP_STATUS", status: 500 }, {}],
    ["redirect", { code: "RPC_HTTP_STATUS", status: 302 }, {}],
    ["hang", { code: "RPC_TIMEOUT", timeoutMs: 150 }, { timeoutMs: 150 }],
    ["drip", { code: "RPC_TIMEOUT", timeoutMs: 150 }, { timeoutMs: 150 }],
    ["huge body", { code: "RPC_TOO_LARGE", limit: 1_000_000 }, { responseBytesMax: 1_000_000 }],
    ["huge length", { code: "RPC_TOO_LARGE", size: 2 ** 40 }, {}],
    ["bad json", { code: "RPC_NOT_JSON", reason: "JSON_SYNTAX" }, {}],
    ["not utf-8", { code: "RPC_NOT_JSON", reason: "not UTF-8" }, {}],
    ["not an object", { code: "RPC_ANSWER_SHAPE", reason: "not an object" }, {}],
    ["no result", { code: "RPC_ANSWER_SHAPE", reason: "neither result nor error" }, {}],
    ["wrong id", { code: "RPC_ANSWER_SHAPE", reason: "foreign id" }, {}],
    ["error object", { code: "RPC_NODE_ERROR", nodeCode: -32000, message: "no" }, {}],
    ["reset", { code: "RPC_UNREACHABLE", reason: "ECONNRESET" }, {}],
    ["cut short", { code: "RPC_UNREACHABLE" }, {}],
  ])("%s", async (fault, problem, options) => {
    const server = await standIn();
    server.setFault(fault);
    const rpc = client([server.url], options);
    expect(await problemOf(rpc.call("getBlockNumber", []))).toMatchObject({ ...problem, endpoint: `${server.url}/` });
    server.setFault(undefined);
    time.now += 60_000;
    expect(await rpc.call("getBlockNumber", [])).toBe(8);
  });

  it("nobody listens", async () => {
    const rpc = client([`http://127.0.0.1:${await freePort()}`]);
    expect(await problemOf(rpc.call("m", []))).toMatchObject({ code: "RPC_UNREACHABLE", reason: "ECONNREFUSED" });
  });

  it("parameters that JSON cannot say, or too many of them", async () => {
    const server = await standIn();
    const rpc = client([server.url]);
    expect((await problemOf(rpc.call("m", [1n]))).code).toBe("RPC_PARAMS");
    expect((await problemOf(rpc.call("m", ["x".repeat(5_000_000)]))).code).toBe("RPC_PARAMS");
    expect(server.requests).toBe(0);
  });

  it("certificates that cannot be trusted", async () => {
    const tls = makeTlsMaterial();
    closing.push(async () => tls.remove());
    for (const certificate of [tls.wrongName, tls.expired, tls.selfSigned]) {
      const server = await standIn({ tls: certificate });
      expect((await problemOf(client([server.url], { ca: tls.ca }).call("m", []))).code).toBe("RPC_TLS");
    }
    const server = await standIn({ tls: tls.right });
    expect((await problemOf(client([server.url], { ca: tls.otherCa }).call("m", []))).code).toBe("RPC_TLS");
    expect((await problemOf(client([server.url]).call("m", []))).code).toBe("RPC_TLS");
    expect(await client([server.url], { ca: tls.ca }).call("getBlockNumber", [])).toBe(8);
    const plain = await standIn();
    const wrongPort = client([plain.url.replace("http:", "https:")], { ca: tls.ca });
    expect((await problemOf(wrongPort.call("m", []))).code).toBe("RPC_TLS");
  });
});

describe("several endpoints", () => {
  it("fails over within one call, prefers who answers, and comes back when the other recovers", async () => {
    const [first, second] = [await standIn(), await standIn()];
    const rpc = client([first.url, second.url]);
    first.setFault("status 500");
    expect(await rpc.call("getBlockNumber", [])).toBe(8);
    expect([first.requests, second.requests]).toEqual([1, 1]);
    for (let i = 0; i < 5; i++) await rpc.call("getBlockNumber", []);
    expect([first.requests, second.requests]).toEqual([1, 6]);
    first.setFault(undefined);
    second.setFault("status 500");
    time.now += 60_000;
    expect(await rpc.call("getBlockNumber", [])).toBe(8);
    expect(rpc.endpoints.map((endpoint) => endpoint.failures)).toEqual([0, 1]);
  });

  it("does not ask an endpoint again before its back-off is over", async () => {
    const server = await standIn();
    const rpc = client([server.url]);
    server.setFault("status 500");
    expect((await problemOf(rpc.call("getBlockNumber", []))).code).toBe("RPC_HTTP_STATUS");
    server.setFault(undefined);
    for (let i = 0; i < 10; i++) expect((await problemOf(rpc.call("m", []))).code).toBe("RPC_HTTP_STATUS");
    time.now += 249;
    expect((await problemOf(rpc.call("m", []))).code).toBe("RPC_HTTP_STATUS");
    expect(server.requests).toBe(1);
    time.now += 251;
    expect(await rpc.call("getBlockNumber", [])).toBe(8);
  });

  it("is not locked out by a clock that is set back", async () => {
    const server = await standIn();
    const rpc = client([server.url]);
    server.setFault("status 500");
    await problemOf(rpc.call("getBlockNumber", []));
    server.setFault(undefined);
    time.now -= 365 * 86_400_000;
    expect(await rpc.call("getBlockNumber", [])).toBe(8);
  });

  it("counts calls that fail together as one failure", async () => {
    const server = await standIn();
    server.setFault("status 500");
    const rpc = client([server.url]);
    await Promise.all(Array.from({ length: 8 }, () => problemOf(rpc.call("m", []))));
    expect(rpc.endpoints[0]).toMatchObject({ failures: 1 });
  });
});

describe("options", () => {
  it.each<[Partial<ChainRpcOptions>, string]>([
    [{ endpoints: [] }, "none"],
    [{ endpoints: ["nonsense"] }, "not a URL"],
    [{ endpoints: ["ftp://127.0.0.1"] }, "the scheme is neither http nor https"],
    [{ endpoints: ["http://u:p@127.0.0.1"] }, "credentials belong in headers"],
    [{ endpoints: ["http://192.0.2.1"], headers: { authorization: "x" } }, "headers need https"],
    [{ endpoints: ["http://127.0.0.1"], headers: { "a b": "x" } }, "not fit for HTTP"],
    [{ endpoints: ["http://127.0.0.1"], headers: { a: "x\r\nb: y" } }, "not fit for HTTP"],
    [{ endpoints: Array.from({ length: 33 }, () => "http://127.0.0.1") }, "more than 32"],
  ])("%#", (options, reason) => {
    const make = () => chainRpc({ endpoints: [], random: seededRandom(), clock: { now: () => 0 }, ...options });
    try {
      make();
      expect.unreachable();
    } catch (thrown) {
      expect((thrown as RpcError).problem).toMatchObject({ code: "RPC_OPTION_INVALID", reason });
    }
  });
});
