const REASON_CHARACTERS_MAX = 80;

/** A short code for a failure of a socket: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`... */
export function socketReason(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return socketReason(thrown.errors[0]);
  if (!(thrown instanceof Error)) return "unknown";
  if ("code" in thrown && typeof thrown.code === "string") return thrown.code;
  return thrown.message.slice(0, REASON_CHARACTERS_MAX);
}

/** Whether a failure after the handshake still speaks about TLS (TLS 1.3 refuses a client certificate that late). */
export function isTlsReason(reason: string): boolean {
  return reason.startsWith("ERR_SSL_") || reason.startsWith("ERR_TLS_");
}
