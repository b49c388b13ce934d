/** The control socket: a running node's answers, and what it does with nonsense. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { to0x } from "../../src/base/bytes.js";
import { askNode } from "../../src/node/control/client.js";
import type { RunningNode } from "../../src/node/control/runningNode.js";
import { type ControlServer, serveControl } from "../../src/node/control.js";

let folder: string;
let server: ControlServer;
let stopped: number;
let accepted: [number, string][];
let status: () => unknown;

const node: RunningNode = {
  status: () => status(),
  acceptSealers(number, hash) {
    accepted.push([number, to0x(hash)]);
    return number === 61;
  },
  async stop() {},
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgeseal-control-"));
  stopped = 0;
  accepted = [];
  status = () => ({ state: "FOLLOWING", weight: 9_007_199_254_740_993n, left: undefined });
  server = await serveControl(folder, node, () => stopped++);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends bytes as they are and gives back all that comes until the end. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(join(folder, "control.sock"), () => socket.end(bytes));
    socket.on("data", (chunk) => {
      said += chunk;
    });
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
  });
}

const HASH = `0x${"ab".repeat(32)}`;

describe("commands", () => {
  it("are carried out and answered, bigints exact", async () => {
    const answer = await askNode(folder, { command: "status" });
    expect({ ...(answer?.result as object) }).toEqual({ state: "FOLLOWING", weight: 9_007_199_254_740_993n });
    expect(await askNode(folder, { command: "acceptSealers", number: 61, hash: HASH })).toMatchObject({
      result: { accepted: true },
    });
    expect(await askNode(folder, { command: "acceptSealers", number: 62, hash: HASH })).toMatchObject({
      result: { accepted: false },
    });
    expect(accepted).toEqual([
      [61, HASH],
      [62, HASH],
    ]);
  });

  it("may ask the node to stop, which is answered first", async () => {
    expect(await askNode(folder, { command: "stop" })).toMatchObject({ result: { stopping: true } });
    await expect.poll(() => stopped).toBe(1);
  });

  it("are undefined when nobody listens, also beside a dead socket", async () => {
    await server.close();
    expect(await askNode(folder, { command: "status" })).toBeUndefined();
    writeFileSync(join(folder, "control.sock"), "");
    expect(await askNode(folder, { command: "status" })).toBeUndefined();
    expect(await askNode(join(folder, "missing"), { command: "status" })).toBeUndefined();
    server = await serveControl(folder, node, () => {});
    expect(await askNode(folder, { command: "status" })).toEqual({ result: status() });
  });

  it("report a failure in the node by its code", async () => {
    status = () => {
      throw new RangeError("x");
    };
    await expect(askNode(folder, { command: "status" })).rejects.toMatchObject({
      problem: { code: "CONTROL_COMMAND_FAILED", command: "status", cause: "UNEXPECTED" },
    });
    status = () => () => {};
    await expect(askNode(folder, { command: "status" })).rejects.toMatchObject({
      problem: { cause: "JSON_NOT_WRITABLE" },
    });
  });
});

describe("nonsense", () => {
  it("gets a code and harms nobody", async () => {
    for (const [request, code] of [
      ["\n", "JSON_SYNTAX"],
      ["{}\n", "CONTROL_REQUEST_INVALID"],
      ["[]\n", "CONTROL_REQUEST_INVALID"],
      ['{"command":"format"}\n', "CONTROL_REQUEST_INVALID"],
      ['{"command":"acceptSealers","number":-1,"hash":"0x00"}\n', "CONTROL_REQUEST_INVALID"],
      ['{"command":"acceptSealers","number":1,"hash":"0x00"}\n', "CONTROL_REQUEST_INVALID"],
      ['{"command":"acceptSealers","number":1,"hash":"zz"}\n', "BYTES_NOT_HEX"],
      [`${"x".repeat(5_000)}\n`, "CONTROL_REQUEST_TOO_LARGE"],
      ["x".repeat(100_000), "CONTROL_REQUEST_TOO_LARGE"],
    ] as const) {
      expect(JSON.parse(await raw(request)), request.slice(0, 40)).toEqual({ code });
    }
    expect(await raw('{"command":"status"}')).toBe("");
    expect(accepted).toEqual([]);
    expect(await askNode(folder, { command: "status" })).toEqual({ result: status() });
  });

  it("by silent connections does not keep commands out for good", async () => {
    const silent = Array.from({ length: 8 }, () => connect(join(folder, "control.sock")));
    for (const socket of silent) socket.on("error", () => {});
    await expect
      .poll(() => askNode(folder, { command: "status" }).then(String, (thrown) => thrown.problem.cause))
      .toBe("CONTROL_BUSY");
    for (const socket of silent) socket.destroy();
    await expect.poll(() => askNode(folder, { command: "status" }).then(Boolean, () => false)).toBe(true);
  });
});

describe("the socket", () => {
  it("belongs to its owner alone and is gone after close", async () => {
    const path = join(folder, "control.sock");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server.close();
    expect(existsSync(path)).toBe(false);
    server = await serveControl(folder, node, () => {});
  });

  it("works in a folder whose path is longer than a socket's may be", async () => {
    const deep = join(folder, "a".repeat(100), "b".repeat(100));
    mkdirSync(deep, { recursive: true });
    const second = await serveControl(deep, node, () => {});
    expect(await askNode(deep, { command: "status" })).toEqual({ result: status() });
    await second.close();
    expect(await askNode(deep, { command: "status" })).toBeUndefined();
  });

  it("that cannot be made is a typed error", async () => {
    await expect(serveControl(join(folder, "missing"), node, () => {})).rejects.toMatchObject({
      code: "CONTROL_LISTEN_FAILED",
    });
    chmodSync(folder, 0o700);
  });
});
