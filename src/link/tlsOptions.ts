import { createSecureContext, type SecureContext } from "node:tls";

export interface TlsOptions {
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca?: string;
  /** The name the server's certificate must carry, where it is not the address's host. */
  readonly serverName?: string;
  /** PEM text of our certificate and key, for servers that ask for them. */
  readonly certificate?: string;
  readonly key?: string;
}

/** Undefined when the texts are no certificates or keys, or do not belong together. TLS 1.2 at least. */
export function secureContextOf(tls: TlsOptions): SecureContext | undefined {
  try {
    return createSecureContext({
      minVersion: "TLSv1.2",
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    });
  } catch {
    return undefined;
  }
}
