/** A command's side of the control socket: one request line, one answer line. */
import { connect } from "node:net";
import { parseJson, writeJson } from "../../codec/json.js";
import type { DeskRequest } from "../gateway/desk.js";
import { isJsonObject } from "../jsonObject.js";
import { ControlError } from "./problems.js";
import { socketPath } from "./socketPath.js";

export const CONTROL_TIMEOUT_MS = 10_000;
export const CONTROL_ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Nobody listens: there is no socket, or the node that made it is gone. */
const NOBODY: ReadonlySet<unknown> = new Set(["ENOENT", "ECONNREFUSED", "ENOTDIR"]);

export type ControlRequest =
  | { readonly command: "status" }
  | { readonly command: "acceptSealers"; readonly number: number; readonly hash: string }
  | { readonly command: "gateway"; readonly request: DeskRequest }
  | { readonly command: "stop" };

/**
 * @returns the result, or undefined when no node runs on this data directory.
 * @throws ControlError
 */
export async function askNode(
  dataDir: string,
  request: ControlRequest,
  timeoutMs: number = CONTROL_TIMEOUT_MS,
): Promise<{ readonly result: unknown } | undefined> {
  const line = await exchange(dataDir, `${writeJson(request)}\n`, timeoutMs);
  return line === undefined ? undefined : { result: resultOf(line, request.command) };
}

function exchange(dataDir: string, request: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let place: ReturnType<typeof socketPath>;
    try {
      place = socketPath(dataDir);
    } catch {
      resolve(undefined);
      return;
    }
    const socket = connect(place.path);
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new ControlError({ code: "CONTROL_TIMEOUT", timeoutMs })));
    socket.once("connect", () => socket.write(request));
    socket.once("close", () => place.release());
    socket.on("error", (error) => {
      const reason = "code" in error ? String(error.code) : error.message;
      if (NOBODY.has(reason)) resolve(undefined);
      else reject(new ControlError({ code: "CONTROL_ANSWER_INVALID", reason }, { cause: error }));
    });
    socket.on("data", (chunk) => {
      size += chunk.length;
      if (size > CONTROL_ANSWER_BYTES_MAX)
        fail(new ControlError({ code: "CONTROL_ANSWER_INVALID", reason: "too large" }));
      else chunks.push(chunk);
    });
    socket.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}

function resultOf(line: string, command: string): unknown {
  let answer: unknown;
  try {
    answer = parseJson(line);
  } catch (thrown) {
    throw new ControlError({ code: "CONTROL_ANSWER_INVALID", reason: "not JSON" }, { cause: thrown });
  }
  if (isJsonObject(answer) && Object.hasOwn(answer, "result")) return answer.result;
  const cause = isJsonObject(answer) && typeof answer.code === "string" ? answer.code : undefined;
  if (cause === undefined) throw new ControlError({ code: "CONTROL_ANSWER_INVALID", reason: "wrong shape" });
  throw new ControlError({ code: "CONTROL_COMMAND_FAILED", command, cause });
}
