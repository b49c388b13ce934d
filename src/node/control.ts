/**
 * The running node's side of the control socket: one request line, one answer line, then the connection ends. Who may
 * connect is decided by the mode of the data directory (0700).
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fromHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import { parseJson, writeJson } from "../codec/json.js";
import { ControlError } from "./control/problems.js";
import type { RunningNode } from "./control/runningNode.js";
import { SOCKET_FILE, socketPath } from "./control/socketPath.js";
import { isJsonObject, type JsonObject } from "./jsonObject.js";

export const CONTROL_REQUEST_BYTES_MAX = 4_096;
export const CONTROL_CONNECTIONS_MAX = 8;
/** A connection that says nothing. */
export const CONTROL_IDLE_MS = 5_000;
/** For requests that wait for a device. */
export const CONTROL_ANSWER_MS = 60_000;
const HASH_BYTES = 32;
const OWNER_ONLY = 0o600;

export interface ControlServer {
  close(): Promise<void>;
}

/**
 * To be called by the holder of the data directory's lock: a socket that lies there already is a dead one.
 * @param stop asked for by `edgeseal stop`; the answer goes out before it is called.
 * @throws ControlError `CONTROL_LISTEN_FAILED`
 */
export async function serveControl(dataDir: string, node: RunningNode, stop: () => void): Promise<ControlServer> {
  const file = join(dataDir, SOCKET_FILE);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (sockets.size > CONTROL_CONNECTIONS_MAX) refuse(socket, "CONTROL_BUSY");
    else serve(socket, node, stop);
  });
  try {
    rmSync(file, { force: true });
    await listen(server, dataDir);
    chmodSync(file, OWNER_ONLY);
  } catch (thrown) {
    server.close();
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
    throw new ControlError({ code: "CONTROL_LISTEN_FAILED", path: file, reason }, { cause: thrown });
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
        rmSync(file, { force: true });
      }),
  };
}

function listen(server: Server, dataDir: string): Promise<void> {
  const place = socketPath(dataDir);
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(place.path, () => {
      server.removeListener("error", reject);
      resolve();
    });
  }).finally(() => place.release());
}

function serve(socket: Socket, node: RunningNode, stop: () => void): void {
  let request = "";
  let answered = false;
  socket.setEncoding("utf8");
  socket.setTimeout(CONTROL_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.once("end", () => {
    if (!answered) socket.destroy();
  });
  socket.on("data", (text) => {
    if (answered) return;
    request += text;
    const end = request.indexOf("\n");
    if (end < 0 && request.length <= CONTROL_REQUEST_BYTES_MAX) return;
    answered = true;
    if (end < 0 || end > CONTROL_REQUEST_BYTES_MAX) refuse(socket, "CONTROL_REQUEST_TOO_LARGE");
    else answer(socket, request.slice(0, end), node, stop);
  });
}

/** The question is read and thrown away: closing before it has come would cost the asker the answer. */
function refuse(socket: Socket, code: string): void {
  socket.on("error", () => socket.destroy());
  socket.setTimeout(CONTROL_IDLE_MS, () => socket.destroy());
  socket.resume();
  socket.end(`${writeJson({ code })}\n`);
}

function answer(socket: Socket, line: string, node: RunningNode, stop: () => void): void {
  try {
    const request = parseRequest(line);
    if (request.command === "gateway") answerLater(socket, request.request, node);
    else reply(socket, carryOut(request, node), request.command === "stop" ? stop : () => {});
  } catch (thrown) {
    refuse(socket, codeOf(thrown));
  }
}

/** A device takes its time; the connection may be silent for so long. */
function answerLater(socket: Socket, request: JsonObject, node: RunningNode): void {
  if (node.gateway === undefined) throw new ControlError({ code: "CONTROL_REQUEST_INVALID", reason: "not a gateway" });
  socket.setTimeout(CONTROL_ANSWER_MS);
  node.gateway(request).then(
    (result) => reply(socket, result, () => {}),
    (thrown: unknown) => refuse(socket, codeOf(thrown)),
  );
}

function reply(socket: Socket, result: unknown, afterwards: () => void): void {
  socket.end(`${writeJson({ result })}\n`, () => {
    socket.destroy();
    afterwards();
  });
}

type Request =
  | { readonly command: "status" | "stop" }
  | { readonly command: "gateway"; readonly request: JsonObject }
  | { readonly command: "acceptSealers"; readonly number: number; readonly hash: Uint8Array };

function parseRequest(line: string): Request {
  const request = parseJson(line, { lengthMax: CONTROL_REQUEST_BYTES_MAX, depthMax: 3 });
  const invalid = (reason: string) => new ControlError({ code: "CONTROL_REQUEST_INVALID", reason });
  if (!isJsonObject(request)) throw invalid("not an object");
  const { command, number, hash } = request;
  if (command === "status" || command === "stop") return { command };
  if (command === "gateway") {
    if (!isJsonObject(request.request)) throw invalid("request");
    return { command, request: request.request };
  }
  if (command !== "acceptSealers") throw invalid("unknown command");
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) throw invalid("number");
  const bytes = typeof hash === "string" ? fromHex(hash) : undefined;
  if (bytes?.length !== HASH_BYTES) throw invalid("hash");
  return { command, number, hash: bytes };
}

function carryOut(request: Exclude<Request, { command: "gateway" }>, node: RunningNode): unknown {
  switch (request.command) {
    case "status":
      return node.status();
    case "acceptSealers":
      return { accepted: node.acceptSealers(request.number, request.hash) };
    case "stop":
      return { stopping: true };
  }
}
