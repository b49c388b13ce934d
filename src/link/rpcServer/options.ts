/** How a JSON-RPC server is set up, and what is wrong with a set-up. */
import { X509Certificate } from "node:crypto";
import type { Logger } from "../../base/logger.js";
import { isLoopback } from "../loopback.js";
import { RpcServerError } from "../problems.js";
import { secureContextOf } from "../tlsOptions.js";
import type { RpcHandler } from "./desk.js";
import { RPC_SERVER_ORIGINS_MAX, RPC_SERVER_TOKEN_CHARACTERS_MAX, RPC_SERVER_TOKEN_CHARACTERS_MIN } from "./limits.js";

export interface RpcServerTls {
  /** PEM text of the certificate, with those between it and its authority. */
  readonly certificate: string;
  /** PEM text. */
  readonly key: string;
  /** PEM text of an authority; clients then have to show a certificate of it. */
  readonly clientCa?: string;
}

export interface RpcServerOptions {
  readonly handler: RpcHandler;
  /** Default 127.0.0.1. Anything that is not loopback needs TLS and a token or `clientCa`, or `insecure`. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Default none: plain HTTP. TLS 1.2 at least. */
  readonly tls?: RpcServerTls;
  /** Every request has to carry it as `Authorization: Bearer`. Default none. */
  readonly token?: string;
  /** Origins whose pages may ask, such as `https://console.example`. Default none: pages of browsers are refused. */
  readonly origins?: readonly string[];
  /** Allows a host that is not loopback without TLS or without a token. Default false. */
  readonly insecure?: boolean;
  /** Default RPC_SERVER_CONNECTIONS_MAX. */
  readonly connectionsMax?: number;
  /** Default RPC_SERVER_REQUESTS_MAX. */
  readonly requestsMax?: number;
  /** Default RPC_SERVER_BODY_BYTES_MAX. */
  readonly bodyBytesMax?: number;
  /** Default RPC_SERVER_ANSWER_BYTES_MAX. */
  readonly answerBytesMax?: number;
  /** Default RPC_SERVER_HELD_BYTES_MAX. */
  readonly heldBytesMax?: number;
  /** Default RPC_SERVER_BATCH_ITEMS_MAX. */
  readonly batchItemsMax?: number;
  /** Default RPC_SERVER_HEADER_WAIT_MS. */
  readonly headerWaitMs?: number;
  /** Default RPC_SERVER_BODY_WAIT_MS; not less than `headerWaitMs`. */
  readonly bodyWaitMs?: number;
  /** Default RPC_SERVER_IDLE_MAX_MS. */
  readonly idleMaxMs?: number;
  /** Default RPC_SERVER_DRAIN_WAIT_MS. */
  readonly drainWaitMs?: number;
  /** Default RPC_SERVER_STOP_WAIT_MS. */
  readonly stopWaitMs?: number;
  /** Default silent. */
  readonly logger?: Logger;
}

const PORT_MAX = 65_535;
const POSITIVE = [
  "connectionsMax",
  "requestsMax",
  "bodyBytesMax",
  "answerBytesMax",
  "heldBytesMax",
  "batchItemsMax",
  "headerWaitMs",
  "bodyWaitMs",
  "idleMaxMs",
  "drainWaitMs",
  "stopWaitMs",
] as const;
const TOKEN = /^[\x21-\x7e]+$/;

/** @throws RpcServerError `RPC_SERVER_OPTION_INVALID`, `RPC_SERVER_INSECURE` */
export function checkOptions(options: RpcServerOptions): void {
  const { port, tls, token, origins = [] } = options;
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) throw invalid("port", `not within 0..${PORT_MAX}`);
  for (const name of POSITIVE) {
    const value = options[name];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) throw invalid(name, "not positive");
  }
  if (token !== undefined) checkToken(token);
  if (origins.length > RPC_SERVER_ORIGINS_MAX) throw invalid("origins", `more than ${RPC_SERVER_ORIGINS_MAX}`);
  for (const origin of origins) {
    if (!isOrigin(origin)) throw invalid("origins", "not a scheme, host and port of http or https");
  }
  if (tls !== undefined) checkTls(tls);
  checkExposure(options);
}

function checkToken(token: string): void {
  if (!TOKEN.test(token)) throw invalid("token", "not visible ASCII characters only");
  if (token.length < RPC_SERVER_TOKEN_CHARACTERS_MIN || token.length > RPC_SERVER_TOKEN_CHARACTERS_MAX) {
    const range = `${RPC_SERVER_TOKEN_CHARACTERS_MIN}..${RPC_SERVER_TOKEN_CHARACTERS_MAX}`;
    throw invalid("token", `its length is not within ${range}`);
  }
}

/** As browsers write it: no path, no default port, lower case. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

function checkTls({ certificate, key, clientCa }: RpcServerTls): void {
  if (secureContextOf({ certificate, key }) === undefined) throw invalid("tls", "certificate and key do not fit");
  if (clientCa !== undefined && !isCertificate(clientCa)) throw invalid("tls.clientCa", "not a certificate");
}

/** A TLS context takes any text for an authority and then trusts nobody. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function checkExposure({ host = "127.0.0.1", tls, token, insecure }: RpcServerOptions): void {
  if (insecure === true || isLoopback(host)) return;
  if (tls === undefined) throw new RpcServerError({ code: "RPC_SERVER_INSECURE", host, missing: "tls" });
  if (token !== undefined || tls.clientCa !== undefined) return;
  throw new RpcServerError({ code: "RPC_SERVER_INSECURE", host, missing: "authentication" });
}

function invalid(option: string, reason: string): RpcServerError {
  return new RpcServerError({ code: "RPC_SERVER_OPTION_INVALID", option, reason });
}
