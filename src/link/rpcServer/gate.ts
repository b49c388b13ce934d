/** Who may ask at all: decided by the head of a request, before a byte of its body is read. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { RpcServerCountCode } from "../problems.js";

export interface Refusal {
  readonly status: number;
  readonly count: RpcServerCountCode;
  /** One line for whoever looks at it by hand. */
  readonly says: string;
  readonly headers?: OutgoingHttpHeaders;
}

export type GateVerdict =
  | { readonly kind: "open" }
  /** A browser asks whether its page may ask; 204. */
  | { readonly kind: "preflight"; readonly headers: OutgoingHttpHeaders }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const PREFLIGHT_SECONDS = 600;
const BEARER = /^Bearer +(\S+) *$/i;

export class Gate {
  readonly #origins: ReadonlySet<string>;
  readonly #tokenDigest: Uint8Array | undefined;

  constructor(origins: readonly string[], token: string | undefined) {
    this.#origins = new Set(origins);
    this.#tokenDigest = token === undefined ? undefined : digest(token);
  }

  /** Headers that belong on every answer to this request. */
  answerHeaders({ origin }: IncomingHttpHeaders): OutgoingHttpHeaders {
    if (this.#origins.size === 0) return {};
    if (origin === undefined || !this.#origins.has(origin)) return { vary: "Origin" };
    return { "access-control-allow-origin": origin, vary: "Origin" };
  }

  judge({ method, headers }: IncomingMessage): GateVerdict {
    const { origin } = headers;
    // Browsers name the page's origin with every POST. Without this any page could use a node on its reader's machine.
    if (origin !== undefined && !this.#origins.has(origin)) {
      return refused(403, "RPC_SERVER_REFUSED_ORIGIN", "Pages of this origin may not ask.");
    }
    if (method === "OPTIONS" && origin !== undefined) return { kind: "preflight", headers: preflightHeaders() };
    if (method !== "POST") {
      return refused(405, "RPC_SERVER_NOT_POST", "JSON-RPC is asked by POST.", { allow: "POST" });
    }
    if (!this.#knowsToken(headers.authorization)) {
      return refused(401, "RPC_SERVER_REFUSED_TOKEN", "A bearer token is needed.", { "www-authenticate": "Bearer" });
    }
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") {
      return refused(415, "RPC_SERVER_ENCODED_BODY", "Bodies are taken as they are.", {
        "accept-encoding": "identity",
      });
    }
    return { kind: "open" };
  }

  /** Digests have one length and tell nothing about how much of the token was right. */
  #knowsToken(authorization: string | undefined): boolean {
    if (this.#tokenDigest === undefined) return true;
    const [, token] = BEARER.exec(authorization ?? "") ?? [];
    return token !== undefined && timingSafeEqual(digest(token), this.#tokenDigest);
  }
}

function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

function preflightHeaders(): OutgoingHttpHeaders {
  return {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": String(PREFLIGHT_SECONDS),
  };
}

function refused(status: number, count: RpcServerCountCode, says: string, headers?: OutgoingHttpHeaders): GateVerdict {
  return { kind: "refused", refusal: { status, count, says, ...(headers === undefined ? {} : { headers }) } };
}
