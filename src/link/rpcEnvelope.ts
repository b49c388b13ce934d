import { RpcError, type RpcProblem } from "./problems.js";

/** Characters of a node's error message that are kept. */
export const NODE_MESSAGE_CHARACTERS_MAX = 200;

export type Answer =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly problem: RpcProblem };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What a parsed JSON-RPC 2.0 answer says to request `id`. A node that could not read the request answers with an error
 * under id 0 (FISCO) or null (JSON-RPC 2.0 section 5); every other foreign id is refused.
 * @throws RpcError `RPC_ANSWER_SHAPE`.
 */
export function resultOf(answer: unknown, id: number, endpoint: string): Answer {
  const refuse = (reason: string) => new RpcError({ code: "RPC_ANSWER_SHAPE", endpoint, reason });
  if (!isRecord(answer)) throw refuse("not an object");
  const error = answer.error;
  if (isRecord(error)) {
    const { code, message } = error;
    if (typeof code !== "number" || typeof message !== "string") throw refuse("error without code and message");
    if (answer.id !== id && answer.id !== 0 && answer.id !== null) throw refuse("foreign id");
    const shown = message.slice(0, NODE_MESSAGE_CHARACTERS_MAX);
    return { kind: "error", problem: { code: "RPC_NODE_ERROR", endpoint, nodeCode: code, message: shown } };
  }
  if (answer.id !== id) throw refuse("foreign id");
  if (!Object.hasOwn(answer, "result")) throw refuse("neither result nor error");
  return { kind: "result", result: answer.result };
}
