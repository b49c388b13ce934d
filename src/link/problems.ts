import { DomainError, type ErrorFamily } from "../base/error.js";

/** What can go wrong between us and a content network. `reason` is a system or protocol code, never a payload. */
export type LinkProblem =
  | { readonly code: "LINK_NOT_CONNECTED" }
  | { readonly code: "LINK_UNREACHABLE"; readonly reason: string }
  | { readonly code: "LINK_CLOSED"; readonly reason: string }
  | { readonly code: "LINK_REFUSED"; readonly what: LinkRequest; readonly reason: number }
  | { readonly code: "LINK_TLS"; readonly reason: string }
  | { readonly code: "LINK_TIMEOUT"; readonly what: LinkRequest | "keepalive"; readonly timeoutMs: number }
  | { readonly code: "LINK_PROTOCOL"; readonly reason: string }
  | { readonly code: "LINK_PAYLOAD_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "LINK_TOPIC_INVALID"; readonly reason: TopicFault; readonly topic: string }
  | { readonly code: "LINK_TOPICS_TOO_MANY"; readonly count: number; readonly limit: number }
  | { readonly code: "LINK_BUSY"; readonly waiting: number; readonly limit: number }
  | { readonly code: "LINK_OPTION_INVALID"; readonly option: string; readonly reason: string }
  | { readonly code: "LINK_INSECURE"; readonly host: string };

export type LinkRequest = "connect" | "publish" | "subscribe" | "unsubscribe";

export type TopicFault = "empty" | "too long" | "too many levels" | "wildcard" | "control character" | "reserved";

/**
 * Codes handed to `LinkHandlers.dropped`, besides `LINK_PAYLOAD_TOO_LARGE`: they are counted, never thrown.
 * - `LINK_TOPIC_FLOODED`: one topic sent faster than its token bucket allows.
 * - `LINK_INBOX_FULL`: more messages wait for the handler than the bound.
 * - `LINK_TOPIC_UNEXPECTED`: a message on a topic that nobody here subscribed to.
 * - `LINK_HANDLER_FAILED`: our own handler threw; the link goes on.
 */
export type LinkDropCode =
  | "LINK_PAYLOAD_TOO_LARGE"
  | "LINK_TOPIC_FLOODED"
  | "LINK_INBOX_FULL"
  | "LINK_TOPIC_UNEXPECTED"
  | "LINK_HANDLER_FAILED";

const LINK_INPUT_CODES: ReadonlySet<LinkProblem["code"]> = new Set([
  "LINK_PAYLOAD_TOO_LARGE",
  "LINK_TOPIC_INVALID",
  "LINK_TOPICS_TOO_MANY",
  "LINK_OPTION_INVALID",
  "LINK_INSECURE",
]);

export class LinkError extends DomainError<LinkProblem> {
  readonly family: ErrorFamily = LINK_INPUT_CODES.has(this.problem.code) ? "input" : "operating";
}

/** What can go wrong when an embedded broker starts or serves. */
export type BrokerProblem =
  | { readonly code: "BROKER_LISTEN_FAILED"; readonly reason: string }
  | { readonly code: "BROKER_RUNNING" }
  | { readonly code: "BROKER_REFUSED"; readonly what: "login" | "publish" }
  | { readonly code: "BROKER_OPTION_INVALID"; readonly option: string; readonly reason: string }
  | { readonly code: "BROKER_INSECURE"; readonly host: string; readonly missing: "tls" | "authentication" };

/** Codes an embedded broker counts; they are never thrown. */
export type BrokerCountCode =
  | "BROKER_REFUSED_LOGIN"
  | "BROKER_REFUSED_PUBLISH"
  | "BROKER_REFUSED_SUBSCRIBE"
  | "BROKER_REFUSED_CONNECTION"
  | "BROKER_REFUSED_VERSION"
  | "BROKER_PACKET_TOO_LARGE"
  | "BROKER_RETAINED_FULL"
  | "BROKER_IDLE_CLOSED"
  | "BROKER_KEEPALIVE_CLOSED"
  | "BROKER_CLIENT_FAILED"
  | "BROKER_CLIENT_TAKEN_OVER"
  | "BROKER_HOOK_FAILED";

export class BrokerError extends DomainError<BrokerProblem> {
  readonly family: ErrorFamily = this.problem.code === "BROKER_LISTEN_FAILED" ? "operating" : "input";
}

/** What can go wrong in a JSON-RPC call. `endpoint` is origin and path, without credentials. */
export type RpcProblem =
  | { readonly code: "RPC_UNREACHABLE"; readonly endpoint: string; readonly reason: string }
  | { readonly code: "RPC_TLS"; readonly endpoint: string; readonly reason: string }
  | { readonly code: "RPC_TIMEOUT"; readonly endpoint: string; readonly timeoutMs: number }
  | { readonly code: "RPC_HTTP_STATUS"; readonly endpoint: string; readonly status: number }
  | { readonly code: "RPC_TOO_LARGE"; readonly endpoint: string; readonly size: number; readonly limit: number }
  | { readonly code: "RPC_NOT_JSON"; readonly endpoint: string; readonly reason: string }
  | { readonly code: "RPC_ANSWER_SHAPE"; readonly endpoint: string; readonly reason: string }
  /** The node understood and said no: `error.code` and the start of `error.message` of JSON-RPC 2.0. */
  | { readonly code: "RPC_NODE_ERROR"; readonly endpoint: string; readonly nodeCode: number; readonly message: string }
  | { readonly code: "RPC_PARAMS"; readonly reason: string }
  | { readonly code: "RPC_BATCH_TOO_LARGE"; readonly count: number; readonly limit: number }
  | { readonly code: "RPC_BUSY"; readonly waiting: number; readonly limit: number }
  | { readonly code: "RPC_OPTION_INVALID"; readonly option: string; readonly reason: string }
  | { readonly code: "RPC_STOPPED" };

const RPC_OPERATING_CODES: ReadonlySet<RpcProblem["code"]> = new Set([
  "RPC_UNREACHABLE",
  "RPC_TLS",
  "RPC_TIMEOUT",
  "RPC_HTTP_STATUS",
  "RPC_BUSY",
  "RPC_STOPPED",
]);

export class RpcError extends DomainError<RpcProblem> {
  readonly family: ErrorFamily = RPC_OPERATING_CODES.has(this.problem.code) ? "operating" : "input";
}

/** What can go wrong when a JSON-RPC server starts. */
export type RpcServerProblem =
  | { readonly code: "RPC_SERVER_LISTEN_FAILED"; readonly reason: string }
  | { readonly code: "RPC_SERVER_RUNNING" }
  | { readonly code: "RPC_SERVER_OPTION_INVALID"; readonly option: string; readonly reason: string }
  | { readonly code: "RPC_SERVER_INSECURE"; readonly host: string; readonly missing: "tls" | "authentication" };

/**
 * Codes a JSON-RPC server counts; they are never thrown. Beside them stand the errors it answers with, each as
 * `RPC_SERVER_ERROR_` and its number.
 */
export type RpcServerCountCode =
  | "RPC_SERVER_REFUSED_CONNECTION"
  | "RPC_SERVER_TLS_FAILED"
  | "RPC_SERVER_NOT_HTTP"
  | "RPC_SERVER_HEADER_TOO_LARGE"
  | "RPC_SERVER_TOO_SLOW"
  | "RPC_SERVER_NOT_POST"
  | "RPC_SERVER_REFUSED_ORIGIN"
  | "RPC_SERVER_REFUSED_TOKEN"
  | "RPC_SERVER_ENCODED_BODY"
  | "RPC_SERVER_BODY_TOO_LARGE"
  | "RPC_SERVER_BUSY"
  | "RPC_SERVER_ANSWER_TOO_LARGE"
  | "RPC_SERVER_ANSWER_NOT_READ"
  | "RPC_SERVER_HANDLER_FAILED";

export class RpcServerError extends DomainError<RpcServerProblem> {
  readonly family: ErrorFamily = this.problem.code === "RPC_SERVER_LISTEN_FAILED" ? "operating" : "input";
}
