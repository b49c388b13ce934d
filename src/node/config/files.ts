/** The files that a configuration names: certificates, keys and passwords. None of them is ever written to a log. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BrokerConfig, Config } from "../config.js";
import { ConfigError } from "./problems.js";

/** A bundle of authorities has some hundred certificates of 2 KiB. */
export const PEM_BYTES_MAX = 1024 * 1024;
export const PASSWORD_BYTES_MAX = 4_096;

/** Where systemd puts what `LoadCredential=` names (systemd.exec(5), "Credentials"). */
type Environment = Readonly<Record<string, string | undefined>>;

export interface BrokerAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: {
    readonly ca?: string;
    readonly serverName?: string;
    readonly certificate?: string;
    readonly key?: string;
  };
}

/**
 * Contents of all files of one broker, in the shape of the MQTT link's options.
 * @param at the broker's place in the configuration, for errors
 * @throws ConfigError `CONFIG_FILE_UNREADABLE`, `CONFIG_FILE_TOO_LARGE`, `CONFIG_PASSWORD_EMPTY`
 */
export function readBrokerAccess(
  config: Config,
  broker: BrokerConfig,
  environment: Environment,
  at = `brokers[${config.brokers.indexOf(broker)}]`,
): BrokerAccess {
  const field = (name: string): string => `${at}.${name}`;
  const open = (name: "caFile" | "clientCertFile" | "clientKeyFile"): string | undefined => {
    const named = broker[name];
    return named === undefined ? undefined : readText(config, field(name), named, environment, PEM_BYTES_MAX);
  };
  const { username, passwordFile, serverName } = broker;
  const password =
    passwordFile === undefined ? undefined : readPassword(config, field("passwordFile"), passwordFile, environment);
  const [ca, certificate, key] = [open("caFile"), open("clientCertFile"), open("clientKeyFile")];
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(broker.url.startsWith("mqtts:")
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(serverName === undefined ? {} : { serverName }),
            ...(certificate === undefined ? {} : { certificate }),
            ...(key === undefined ? {} : { key }),
          },
        }
      : {}),
  };
}

export interface RpcFiles {
  /** PEM text. */
  readonly ca?: string;
  readonly token?: string;
}

/** What `rpc` names. @throws ConfigError as above. */
export function readRpcFiles(config: Config, environment: Environment): RpcFiles {
  const { caFile, tokenFile } = config.rpc;
  const ca = caFile === undefined ? undefined : readText(config, "rpc.caFile", caFile, environment, PEM_BYTES_MAX);
  const token = tokenFile === undefined ? undefined : readPassword(config, "rpc.tokenFile", tokenFile, environment);
  return { ...(ca === undefined ? {} : { ca }), ...(token === undefined ? {} : { token }) };
}

export interface ServeFiles {
  readonly token?: string;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
}

/** What `participant.serve` names. @throws ConfigError as above, `CONFIG_PASSWORD_EMPTY` for an empty token. */
export function readServeFiles(config: Config, environment: Environment): ServeFiles {
  const { tokenFile, certFile, keyFile, clientCaFile } = config.participant.serve;
  const open = (name: string, named: string | undefined): string | undefined =>
    named === undefined ? undefined : readText(config, `participant.serve.${name}`, named, environment, PEM_BYTES_MAX);
  const token =
    tokenFile === undefined ? undefined : readPassword(config, "participant.serve.tokenFile", tokenFile, environment);
  const [certificate, key, clientCa] = [
    open("certFile", certFile),
    open("keyFile", keyFile),
    open("clientCaFile", clientCaFile),
  ];
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { tls: { certificate, key, ...(clientCa === undefined ? {} : { clientCa }) } }),
  };
}

/** Where a named file lies: a bare name among the systemd credentials if it is there, else beside the configuration. */
export function locateFile(folder: string, named: string, environment: Environment): string {
  const credentials = environment.CREDENTIALS_DIRECTORY;
  if (credentials !== undefined && !named.includes("/")) {
    const credential = join(credentials, named);
    if (existsSync(credential)) return credential;
  }
  return resolve(folder, named);
}

function readPassword(config: Config, field: string, named: string, environment: Environment): string {
  const text = readText(config, field, named, environment, PASSWORD_BYTES_MAX).replace(/\r?\n$/, "");
  if (text !== "") return text;
  throw new ConfigError({ code: "CONFIG_PASSWORD_EMPTY", field, path: locateFile(config.folder, named, environment) });
}

function readText(config: Config, field: string, named: string, environment: Environment, limit: number): string {
  const path = locateFile(config.folder, named, environment);
  let text: string;
  try {
    if (statSync(path).size > limit) throw new ConfigError({ code: "CONFIG_FILE_TOO_LARGE", field, path, limit });
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    throw new ConfigError({ code: "CONFIG_FILE_UNREADABLE", field, path, reason }, { cause: thrown });
  }
  return text;
}
