/** The JSON-RPC server on a real socket: answers, batches, and every limit it has. */
import { afterEach, describe, expect, it } from "vitest";
import { RpcRefusal } from "../../../src/codec/problems.js";
import { type RpcHandler, type RpcServer, type RpcServerOptions, rpcServer } from "../../../src/link/index.js";
import { post, rawHttp } from "../../support/rawHttp.js";

const running: RpcServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Echoes its first parameter after as many milliseconds as the second one says. */
const echo: RpcHandler = async (method, [value, ms]) => {
  if (method === "refuse") throw new RpcRefusal({ code: "RPC_REFUSED", nodeCode: 3008, message: "not there" });
  if (method === "break") throw new TypeError("secret /src/path");
  if (method === "unwritable") return () => 1;
  if (method === "big") return "x".repeat(Number(value));
  if (typeof ms === "number") await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
};

async function started(options: Partial<RpcServerOptions> = {}) {
  const server = rpcServer({ handler: echo, port: 0, ...options });
  running.push(server);
  const { port, url } = await server.start();
  const send = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(url, { method: "POST", body: body as string, headers });
  const ask = async (body: string | Uint8Array): Promise<unknown> => (await send(body)).json();
  return { server, port, url, send, ask, counted: (code: string) => server.counters.get(code) };
}

const request = (method: string, params: unknown[], id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", method, params, id });
const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done()).toBe(true);
};

describe("answers", () => {
  it("a request, with the id as it came", async () => {
    const { ask, send } = await started();
    for (const id of [1, "a", null, 1.5, ""]) {
      expect(await ask(request("echo", [[id]], id))).toEqual({ jsonrpc: "2.0", id, result: [id] });
    }
    const text = await (await send('{"jsonrpc":"2.0","method":"echo","params":[1],"id":98765432109876543210}')).text();
    expect(text).toBe('{"id":98765432109876543210,"jsonrpc":"2.0","result":1}');
  });

  it("a batch, side by side and in its order", async () => {
    const { ask } = await started();
    const startedAt = performance.now();
    const items = Array.from({ length: 20 }, (_, i) => request("echo", [i, i % 2 === 0 ? 200 : 0], i));
    const answer = (await ask(`[${items.join(",")}]`)) as { id: number; result: number }[];
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(answer.map(({ id, result }) => [id, result])).toEqual(items.map((_, i) => [i, i]));
    expect(await ask(`[${request("echo", [1])}]`)).toEqual([{ jsonrpc: "2.0", id: 1, result: 1 }]);
  });

  it("no notification, alone or among others", async () => {
    const heard: unknown[] = [];
    const { ask, send } = await started({ handler: (method) => heard.push(method) });
    const silent = '{"jsonrpc":"2.0","method":"quiet","params":[]}';
    const empty = await send(silent);
    expect([empty.status, await empty.text()]).toEqual([204, ""]);
    expect((await send(`[${silent},${silent}]`)).status).toBe(204);
    expect(await ask(`[${silent},${request("loud", [])}]`)).toMatchObject([{ id: 1 }]);
    expect(heard).toEqual(["quiet", "quiet", "quiet", "quiet", "loud"]);
  });

  it("errors of the protocol, of the handler, and nothing of what broke", async () => {
    const logged: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => logged.push(fields) };
    const { ask, counted } = await started({ logger });
    const code = async (body: string | Uint8Array) => ((await ask(body)) as { error: { code: number } }).error.code;
    expect(await code("{")).toBe(-32700);
    expect(await code(new Uint8Array([0x22, 0xff, 0x22]))).toBe(-32700);
    expect(await code("")).toBe(-32700);
    expect(await code("[]")).toBe(-32600);
    expect(await code('{"jsonrpc":"2.0","method":"echo","params":{"a":1},"id":1}')).toBe(-32602);
    expect(await ask(request("refuse", [], 7))).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: { code: 3008, message: "not there" },
    });
    for (const method of ["break", "unwritable"]) {
      const error = { code: -32603, message: "Internal error" };
      expect(await ask(request(method, []))).toEqual({ jsonrpc: "2.0", id: 1, error });
    }
    expect(logged).toMatchObject([{ code: "UNEXPECTED" }, { code: "JSON_NOT_WRITABLE" }]);
    expect(counted("RPC_SERVER_ERROR_-32700")).toBe(3);
    expect(counted("RPC_SERVER_ERROR_3008")).toBe(1);
    expect(counted("RPC_SERVER_HANDLER_FAILED")).toBe(2);
  });

  it("only POST", async () => {
    const { url, counted } = await started();
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
      const response = await fetch(url, { method });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST"]);
    }
    expect(counted("RPC_SERVER_NOT_POST")).toBe(5);
  });
});

describe("limits", () => {
  it("a batch of too many", async () => {
    const { ask, counted } = await started({ batchItemsMax: 2 });
    const [one] = [request("echo", [1])];
    expect(await ask(`[${one},${one}]`)).toHaveLength(2);
    expect(await ask(`[${one},${one},${one}]`)).toMatchObject({ id: null, error: { code: -32600 } });
    expect(counted("RPC_SERVER_ERROR_-32600")).toBe(1);
  });

  it("a body that is announced too large, or becomes so", async () => {
    const { port, send, ask, counted } = await started({ bodyBytesMax: 1_000 });
    expect(await ask(request("echo", ["x".repeat(900)]))).toMatchObject({ id: 1 });
    const refused = await send(request("echo", ["x".repeat(1_000)]));
    expect([refused.status, await refused.text()]).toEqual([413, "The body is too large.\n"]);
    const announced = rawHttp(port);
    announced.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n");
    await announced.until(/413/);
    const growing = rawHttp(port);
    growing.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    growing.write(`300\r\n${"x".repeat(0x300)}\r\n`.repeat(2));
    await growing.until(/413/);
    expect(await growing.closed).toBeLessThan(5_000);
    expect(counted("RPC_SERVER_BODY_TOO_LARGE")).toBe(3);
  });

  it("bodies of all together", async () => {
    const { server, port, send, counted } = await started({ heldBytesMax: 2_000 });
    const waiting = rawHttp(port);
    waiting.write(post("x".repeat(1_500)).slice(0, -1));
    await until(() => server.status.heldBytes > 1_000);
    expect((await send("x".repeat(1_000))).status).toBe(503);
    expect(counted("RPC_SERVER_BUSY")).toBe(1);
    waiting.socket.destroy();
    await until(() => server.status.heldBytes === 0);
    expect((await send(request("echo", [1]))).status).toBe(200);
  });

  it("an answer that is too large, of one or of a batch", async () => {
    const { ask, counted } = await started({ answerBytesMax: 1_000 });
    const error = { code: -32603, message: "The answer would be larger than 1000 bytes." };
    expect(await ask(request("big", [2_000]))).toMatchObject({ id: 1, error });
    const batch = [1, 2, 3].map((id) => request("big", [400], id)).join(",");
    expect(await ask(`[${batch}]`)).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3, error }]);
    expect(counted("RPC_SERVER_ANSWER_TOO_LARGE")).toBe(2);
  });

  it("requests at once", async () => {
    const { send, server, counted } = await started({ requestsMax: 3 });
    const slow = [1, 2, 3].map(() => send(request("echo", [1, 500])));
    await until(() => server.status.requests === 3);
    const refused = await send(request("echo", [1]));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await send(request("echo", [1]))).status).toBe(200);
    expect(counted("RPC_SERVER_BUSY")).toBe(1);
  });

  it("requests of clients that are gone, also when they sent many at once", async () => {
    const { server, port, send } = await started({ requestsMax: 8 });
    const impatient = rawHttp(port);
    impatient.write(post(request("echo", [1, 300])).repeat(6));
    await until(() => server.status.requests === 6);
    impatient.socket.destroy();
    await until(() => server.status.requests === 0);
    expect(server.status.heldBytes).toBe(0);
    expect((await send(request("echo", [1]))).status).toBe(200);
  });

  it("connections", async () => {
    const { port, server, counted } = await started({ connectionsMax: 3 });
    const kept = Array.from({ length: 3 }, () => rawHttp(port));
    await until(() => server.status.connections === 3);
    const more = rawHttp(port);
    expect(await more.closed).toBeLessThan(2_000);
    expect(counted("RPC_SERVER_REFUSED_CONNECTION")).toBe(1);
    kept[0]!.write(post(request("echo", [1])));
    await kept[0]!.until(/"result":1/);
    for (const { socket } of kept) socket.destroy();
  });

  it("headers that are too large or no HTTP", async () => {
    const { port, counted } = await started();
    const large = rawHttp(port);
    large.write(`POST / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`);
    await large.until(/^HTTP\/1\.1 431/);
    const other = rawHttp(port);
    other.write("\u0016\u0003\u0001 hello\r\n\r\n");
    await other.until(/^HTTP\/1\.1 400/);
    expect(await other.closed).toBeLessThan(3_000);
    expect([counted("RPC_SERVER_HEADER_TOO_LARGE"), counted("RPC_SERVER_NOT_HTTP")]).toEqual([1, 1]);
  });

  it("slowness: no request, half a header, half a body, bytes one at a time, nothing after an answer", async () => {
    const waits = { headerWaitMs: 400, bodyWaitMs: 2_500, idleMaxMs: 400 };
    const { port, server, counted } = await started(waits);
    const silent = rawHttp(port);
    const halfHeader = rawHttp(port);
    halfHeader.write("POST / HTTP/1.1\r\nHost: x\r\n");
    const halfBody = rawHttp(port);
    halfBody.write(post("x".repeat(100)).slice(0, -10));
    const dripping = rawHttp(port);
    dripping.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    const drip = setInterval(() => dripping.write("x"), 50);
    const idle = rawHttp(port);
    idle.write(post(request("echo", [1])));
    await idle.until(/"result":1/);
    // The header has a limit of its own, well below the body's.
    for (const { closed } of [silent, halfHeader]) expect(await closed).toBeLessThan(2_000);
    for (const { closed } of [halfBody, dripping, idle]) expect(await closed).toBeLessThan(5_000);
    clearInterval(drip);
    await until(() => server.status.requests === 0 && server.status.connections === 0);
    expect(counted("RPC_SERVER_TOO_SLOW")).toBeGreaterThanOrEqual(3);
    expect(server.status.heldBytes).toBe(0);
  });

  it("a client that does not take its answer", async () => {
    const { port, server, counted } = await started({ drainWaitMs: 300 });
    const deaf = rawHttp(port);
    deaf.socket.pause();
    deaf.socket.removeAllListeners("data");
    deaf.write(post(request("big", [15_000_000])));
    await until(() => counted("RPC_SERVER_ANSWER_NOT_READ") === 1);
    await until(() => server.status.heldBytes === 0 && server.status.requests === 0);
    deaf.socket.destroy();
  });

  it("a batch that works leaves others their turn", async () => {
    const busy: RpcHandler = (method) => {
      const end = performance.now() + (method === "work" ? 15 : 0);
      while (performance.now() < end);
      return method;
    };
    const { ask } = await started({ handler: busy });
    const order: string[] = [];
    const work = Array.from({ length: 100 }, (_, i) => request("work", [], i)).join(",");
    const long = ask(`[${work}]`).then(() => order.push("batch"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const short = ask(request("quick", [])).then(() => order.push("quick"));
    await Promise.all([long, short]);
    expect(order).toEqual(["quick", "batch"]);
  });
});

describe("start and stop", () => {
  it("lets what runs end, takes nothing new, and is gone", async () => {
    const { server, url, send } = await started();
    const slow = send(request("echo", ["done", 300]));
    await until(() => server.status.requests === 1);
    const stopping = server.stop();
    await expect(fetch(url, { method: "POST", body: "{}" })).rejects.toThrow();
    expect(await (await slow).json()).toMatchObject({ result: "done" });
    await stopping;
    expect(server.status).toEqual({ connections: 0, requests: 0, heldBytes: 0 });
    await server.stop();
    const again = await server.start();
    expect((await fetch(again.url, { method: "POST", body: request("echo", [2]) })).status).toBe(200);
  });

  it("does not wait for ever", async () => {
    const { server, send } = await started({ stopWaitMs: 200 });
    const hanging = send(request("echo", [1, 5_000])).catch(() => "cut");
    await until(() => server.status.requests === 1);
    const startedAt = performance.now();
    await server.stop();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await hanging).toBe("cut");
  });

  it("says why it cannot", async () => {
    const { server, port } = await started();
    await expect(server.start()).rejects.toMatchObject({ code: "RPC_SERVER_RUNNING" });
    const second = rpcServer({ handler: echo, port });
    await expect(second.start()).rejects.toMatchObject({
      problem: { code: "RPC_SERVER_LISTEN_FAILED", reason: "EADDRINUSE" },
    });
    await second.stop();
  });

  it("listens on loopback unless told otherwise", async () => {
    expect((await started()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const open = { handler: echo, port: 0, host: "0.0.0.0" };
    const problem = { code: "RPC_SERVER_INSECURE", host: "0.0.0.0", missing: "tls" };
    expect(() => rpcServer(open)).toThrow(expect.objectContaining({ problem }));
    expect((await started({ host: "0.0.0.0", insecure: true })).url).toContain("0.0.0.0");
    expect((await started({ host: "::1" })).url).toContain("[::1]");
  });

  it("refuses options that make no sense", () => {
    const bad: readonly Partial<RpcServerOptions>[] = [
      { port: -1 },
      { port: 65_536 },
      { requestsMax: 0 },
      { bodyBytesMax: 1.5 },
      { token: "short" },
      { token: "x".repeat(513) },
      { token: `${"x".repeat(30)} ` },
      { origins: ["*"] },
      { origins: ["https://a.example/"] },
      { origins: ["HTTPS://a.example"] },
      { origins: ["file:///x"] },
      { origins: Array.from({ length: 65 }, (_, i) => `https://a${i}.example`) },
      { tls: { certificate: "x", key: "y" } },
    ];
    for (const options of bad) {
      const refused = expect.objectContaining({ code: "RPC_SERVER_OPTION_INVALID" });
      expect(() => rpcServer({ handler: echo, port: 0, ...options })).toThrow(refused);
    }
  });
});
