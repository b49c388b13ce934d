/**
 * TLS certificates of a new chain: an authority of its own, and one certificate for each node, all with P-256 keys. The
 * package that makes them is loaded here and nowhere else.
 */
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Millis } from "../../../base/clock.js";

export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends PemPair {
  /** A certificate of one node, for servers and clients alike. */
  issue(name: string, hosts: readonly string[]): Promise<PemPair>;
}

const DAY_MS = 86_400_000;
/** Chains of gateways are left alone for years; who wants shorter lives brings an authority of their own. */
export const CERTIFICATE_DAYS = 3_650;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const SERIAL_BYTES = 16;
const PEM_COLUMNS = 64;

export async function makeAuthority(name: string, now: Millis): Promise<Authority> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const { subtle } = webcrypto;
  const life = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + CERTIFICATE_DAYS * DAY_MS) };
  const serialNumber = (): string => {
    const bytes = webcrypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
    // A serial number is positive.
    bytes[0] = (bytes[0] ?? 0) & 0x7f;
    return Buffer.from(bytes).toString("hex");
  };
  const newKeys = () => subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const keys = await newKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...life,
      keys,
      serialNumber: serialNumber(),
      name: [{ CN: [`${name} CA`] }],
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return {
    certificate: `${own.toString("pem")}\n`,
    key: await pemOf(keys.privateKey),
    async issue(node, hosts) {
      const nodeKeys = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create(
        {
          ...life,
          issuer: own.subjectName,
          subject: [{ CN: [node] }],
          publicKey: nodeKeys.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
          serialNumber: serialNumber(),
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
            new x509.SubjectAlternativeNameExtension(
              hosts.map((host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host }) as const),
            ),
            await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
          ],
        },
        webcrypto,
      );
      return { certificate: `${certificate.toString("pem")}\n`, key: await pemOf(nodeKeys.privateKey) };
    },
  };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  const lines = der.match(new RegExp(`.{1,${PEM_COLUMNS}}`, "g")) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
