/** Who may ask: tokens, pages of browsers, certificates. */
import { request } from "node:https";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RpcServer, type RpcServerOptions, rpcServer } from "../../../src/link/index.js";
import { rawHttp } from "../../support/rawHttp.js";
import { makeTlsMaterial, type TlsMaterial } from "../../support/tls.js";

const TOKEN = "0123456789abcdef0123456789abcdef";
const BODY = '{"jsonrpc":"2.0","method":"ping","params":[],"id":1}';
const PAGE = "https://console.example";

const running: RpcServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function started(options: Partial<RpcServerOptions> = {}) {
  let asked = 0;
  const server = rpcServer({ handler: () => ++asked, port: 0, ...options });
  running.push(server);
  const { port, url } = await server.start();
  const post = async (headers: Record<string, string> = {}, method = "POST") => {
    const response = await fetch(url, { method, headers, ...(method === "POST" ? { body: BODY } : {}) });
    await response.text();
    return response;
  };
  return { server, port, url, post, counted: (code: string) => server.counters.get(code), asked: () => asked };
}

describe("a token", () => {
  it("opens, and nothing else does", async () => {
    const { post, counted, asked } = await started({ token: TOKEN });
    expect((await post({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await post({ authorization: `bearer  ${TOKEN}` })).status).toBe(200);
    const wrong = [
      "",
      "Bearer",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}0`,
      `Bearer ${TOKEN.slice(1)}`,
      TOKEN,
      "Bearer \u00e9",
    ];
    for (const authorization of wrong) {
      const refused = await post({ authorization });
      expect([authorization, refused.status, refused.headers.get("www-authenticate")]).toEqual([
        authorization,
        401,
        "Bearer",
      ]);
    }
    expect((await post()).status).toBe(401);
    expect(asked()).toBe(2);
    expect(counted("RPC_SERVER_REFUSED_TOKEN")).toBe(wrong.length + 1);
  });

  it("is asked for before the body is read", async () => {
    const { port } = await started({ token: TOKEN });
    const stranger = rawHttp(port);
    stranger.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    await stranger.until(/401/);
    expect(await stranger.closed).toBeLessThan(5_000);
  });

  it("forgotten once, does not cost the connection", async () => {
    const { port } = await started({ token: TOKEN });
    const client = rawHttp(port);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n`;
    client.write(`${head}\r\n${BODY}`);
    await client.until(/401/);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    client.write(`${head}Authorization: Bearer ${TOKEN}\r\n\r\n${BODY}`);
    await client.until(/"result":1/);
    client.socket.destroy();
  });
});

describe("pages of browsers", () => {
  it("may not ask by default, whatever they call themselves", async () => {
    const { post, asked, counted } = await started();
    for (const origin of [PAGE, "null", "http://127.0.0.1", "http://localhost:8080"]) {
      const refused = await post({ origin, "content-type": "text/plain" });
      expect([origin, refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([origin, 403, null]);
      expect((await post({ origin, "access-control-request-method": "POST" }, "OPTIONS")).status).toBe(403);
    }
    expect(asked()).toBe(0);
    expect(counted("RPC_SERVER_REFUSED_ORIGIN")).toBe(8);
    expect((await post()).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("of a named origin may", async () => {
    const { post } = await started({ origins: [PAGE, "http://localhost:8080"], token: TOKEN });
    const preflight = await post({ origin: PAGE, "access-control-request-method": "POST" }, "OPTIONS");
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      "access-control-allow-origin": PAGE,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization, content-type",
      vary: "Origin",
    });
    const answered = await post({ origin: PAGE, authorization: `Bearer ${TOKEN}` });
    expect([answered.status, answered.headers.get("access-control-allow-origin")]).toEqual([200, PAGE]);
    expect(answered.headers.get("access-control-allow-credentials")).toBeNull();
    // The page is to see why.
    const refused = await post({ origin: PAGE });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, PAGE]);
    const other = await post({ origin: `${PAGE}.evil.example`, authorization: `Bearer ${TOKEN}` });
    expect([other.status, other.headers.get("vary")]).toEqual([403, "Origin"]);
  });
});

describe("bodies", () => {
  it("that are packed are not unpacked", async () => {
    const { post, counted } = await started();
    expect((await post({ "content-encoding": "gzip" })).status).toBe(415);
    expect((await post({ "content-encoding": "identity" })).status).toBe(200);
    expect(counted("RPC_SERVER_ENCODED_BODY")).toBe(1);
  });
});

describe("TLS", () => {
  let tls: TlsMaterial;
  beforeAll(() => {
    tls = makeTlsMaterial();
  });
  afterAll(() => tls.remove());

  interface Client {
    readonly ca: string;
    readonly cert?: string;
    readonly key?: string;
  }

  function postTls(port: number, client: Client, headers: Record<string, string> = {}): Promise<number | string> {
    return new Promise((resolve) => {
      const sent = request(
        { host: "localhost", port, method: "POST", headers, agent: false, ...client },
        (response) => {
          response.resume();
          response.once("end", () => resolve(response.statusCode ?? 0));
        },
      );
      sent.on("error", () => resolve("refused"));
      sent.end(BODY);
    });
  }

  it("serves those who trust its authority, and no plain HTTP", async () => {
    const { port, url, counted } = await started({ tls: tls.right });
    expect(url).toMatch(/^https:/);
    expect(await postTls(port, { ca: tls.ca })).toBe(200);
    expect(await postTls(port, { ca: tls.otherCa })).toBe("refused");
    const plain = rawHttp(port);
    plain.write("POST / HTTP/1.1\r\nHost: x\r\n\r\n");
    await plain.closed;
    expect(plain.received).not.toContain("HTTP/1.1");
    expect(counted("RPC_SERVER_TLS_FAILED")).toBeGreaterThan(0);
    // The client would be content with less, so it is the server that refuses.
    const ciphers = "DEFAULT:@SECLEVEL=0";
    const old = connectTls({
      host: "localhost",
      port,
      ca: tls.ca,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers,
    });
    const met = new Promise((resolve) => {
      old.once("error", () => resolve("refused"));
      old.once("secureConnect", () => resolve(old.getProtocol()));
    });
    expect(await met).toBe("refused");
    old.destroy();
  });

  it("asks for certificates of an authority where it is told to", async () => {
    const { port } = await started({ tls: { ...tls.right, clientCa: tls.ca } });
    const { certificate, key } = tls.client;
    expect(await postTls(port, { ca: tls.ca, cert: certificate, key })).toBe(200);
    expect(await postTls(port, { ca: tls.ca })).toBe("refused");
    const { selfSigned } = tls;
    expect(await postTls(port, { ca: tls.ca, cert: selfSigned.certificate, key: selfSigned.key })).toBe("refused");
  });

  it("and a token go together, and both are what the network needs", async () => {
    const { port } = await started({ tls: tls.right, token: TOKEN, host: "0.0.0.0" });
    expect(await postTls(port, { ca: tls.ca }, { authorization: `Bearer ${TOKEN}` })).toBe(200);
    expect(await postTls(port, { ca: tls.ca })).toBe(401);
    const open = { handler: () => 1, port: 0, host: "0.0.0.0" };
    const missing = (options: object): unknown => {
      try {
        return rpcServer({ ...open, ...options });
      } catch (thrown) {
        return (thrown as { problem: { missing?: string } }).problem.missing;
      }
    };
    expect(missing({ tls: tls.right })).toBe("authentication");
    expect(missing({ token: TOKEN })).toBe("tls");
    expect(missing({ tls: { ...tls.right, clientCa: tls.ca } })).toBeTypeOf("object");
  });

  it("refuses a key of another certificate and an authority that is none", () => {
    const mixed = { certificate: tls.right.certificate, key: tls.client.key };
    const options = [{ tls: mixed }, { tls: { ...tls.right, clientCa: "nothing" } }];
    for (const one of options) {
      const refused = expect.objectContaining({ code: "RPC_SERVER_OPTION_INVALID" });
      expect(() => rpcServer({ handler: () => 1, port: 0, ...one })).toThrow(refused);
    }
  });
});
