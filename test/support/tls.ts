/** Certificates made for one test run by the openssl command: a CA of our own and the ways to get one wrong. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface TlsMaterial {
  /** PEM of the authority that signed everything but `otherCa`'s and the self-signed one. */
  readonly ca: string;
  readonly otherCa: string;
  readonly caFile: string;
  /** localhost and 127.0.0.1. */
  readonly right: Certificate;
  readonly wrongName: Certificate;
  readonly expired: Certificate;
  readonly selfSigned: Certificate;
  readonly client: Certificate;
  remove(): void;
}

const RIGHT_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export function makeTlsMaterial(): TlsMaterial {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-tls-"));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });

  const authority = (name: string): string => {
    openssl(
      "req",
      "-x509",
      ...EC_KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
    return readFileSync(file(`${name}.pem`), "utf8");
  };
  const pair = (name: string): Certificate => ({
    certificate: readFileSync(file(`${name}.pem`), "utf8"),
    key: readFileSync(file(`${name}.key`), "utf8"),
    certificateFile: file(`${name}.pem`),
    keyFile: file(`${name}.key`),
  });
  const issue = (name: string, subject: string, extension: string): Certificate => {
    openssl("req", ...EC_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    writeFileSync(file(`${name}.ext`), `${extension}\n`);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signer);
    return pair(name);
  };
  const issueExpired = (): Certificate => {
    openssl("req", ...EC_KEY, "-keyout", "expired.key", "-out", "expired.csr", "-subj", "/CN=localhost");
    mkdirSync(file("issued"));
    writeFileSync(file("index.txt"), "");
    writeFileSync(file("serial"), "1000\n");
    writeFileSync(
      file("ca.cnf"),
      `[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=issued\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n[e]\n${RIGHT_NAMES}\n`,
    );
    const dates = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"];
    const files = ["-cert", "ca.pem", "-keyfile", "ca.key", "-in", "expired.csr", "-out", "expired.pem"];
    openssl("ca", "-batch", "-notext", "-config", "ca.cnf", ...files, ...dates, "-extensions", "e");
    return pair("expired");
  };
  const selfSigned = (): Certificate => {
    const subject = ["-subj", "/CN=localhost", "-addext", RIGHT_NAMES];
    openssl("req", "-x509", ...EC_KEY, "-keyout", "self.key", "-out", "self.pem", "-days", "2", ...subject);
    return pair("self");
  };

  return {
    ca: authority("ca"),
    otherCa: authority("other-ca"),
    caFile: file("ca.pem"),
    right: issue("right", "/CN=localhost", RIGHT_NAMES),
    wrongName: issue("wrong", "/CN=elsewhere.example", "subjectAltName=DNS:elsewhere.example"),
    expired: issueExpired(),
    selfSigned: selfSigned(),
    client: issue("client", "/CN=gateway-1", "extendedKeyUsage=clientAuth"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
