/** Whether each broker lets this node in: files, TLS with its details, and the MQTT login. */

import { statSync } from "node:fs";
import { isIP } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type MqttLink, mqttLink } from "../../../link/mqttLink.js";
import { CLIENT_ID_CHARACTERS_MAX } from "../../../link/mqttOptions.js";
import { type BrokerAccess, locateFile, readBrokerAccess } from "../../config/files.js";
import type { BrokerConfig, Config } from "../../config.js";
import { systemRandom } from "../../systemClock.js";
import type { Finding } from "./finding.js";
import { failure } from "./state.js";

type Environment = Readonly<Record<string, string | undefined>>;

export const BROKER_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 20;
const DAY_MS = 86_400_000;
const CERTIFICATE_WARN_DAYS = 21;
const PORT_MQTTS = 8_883;
const SUFFIX = "-doctor";

export async function checkBrokers(config: Config, environment: Environment): Promise<Finding[]> {
  if (config.role === "participant" && config.participant.broker !== undefined) {
    return [{ name: "broker", level: "ok", says: "runs inside the participant" }];
  }
  const findings = await Promise.all(
    config.brokers.map((broker) => checkBroker(config, broker, environment, `broker ${broker.url}`)),
  );
  return findings.flat();
}

/** @param at of the broker in the configuration; absent: among `brokers`. */
export async function checkBroker(
  config: Config,
  broker: BrokerConfig,
  environment: Environment,
  name: string,
  at?: string,
): Promise<Finding[]> {
  try {
    const access = readBrokerAccess(config, broker, environment, at);
    const findings = checkSecretFiles(name, config, broker, environment);
    findings.push(await checkLogin(name, config, broker, access));
    if (access.tls !== undefined && findings.at(-1)?.level === "ok") {
      findings.push(await tlsDetails(name, broker, access.tls));
    } else if (access.tls === undefined && access.password !== undefined) {
      const advice = "Use mqtts:// wherever the broker is not on this machine.";
      findings.push({ name, level: "warn", says: "the password travels readable", advice });
    }
    return findings;
  } catch (thrown) {
    return [failure(name, thrown)];
  }
}

/** Under a name of its own: the running node's name would throw the node out. */
async function checkLogin(name: string, config: Config, broker: BrokerConfig, access: BrokerAccess): Promise<Finding> {
  const { url, protocolVersion, insecure } = broker;
  const clientId = `${config.client.slice(0, CLIENT_ID_CHARACTERS_MAX - SUFFIX.length)}${SUFFIX}`;
  const link = mqttLink({
    url,
    protocolVersion,
    insecure,
    clientId,
    ...access,
    random: systemRandom,
    connectTimeoutMs: BROKER_WAIT_MS,
  });
  link.start({ connected() {}, disconnected() {}, message() {}, dropped() {} });
  await settled(link);
  const { connected, lastProblem } = link;
  await link.stop();
  if (connected) return { name, level: "ok", says: `reachable, login accepted (MQTT ${protocolVersion})` };
  if (lastProblem !== undefined) return { name, level: "fail", problem: lastProblem };
  return { name, level: "fail", says: "no answer", advice: "Check the address, and that the broker runs." };
}

function settled(link: MqttLink): Promise<void> {
  return new Promise((resolve) => {
    let waitedMs = 0;
    const timer = setInterval(() => {
      waitedMs += LOOK_EVERY_MS;
      if (!link.connected && link.lastProblem === undefined && waitedMs < BROKER_WAIT_MS + LOOK_EVERY_MS) return;
      clearInterval(timer);
      resolve();
    }, LOOK_EVERY_MS);
  });
}

function tlsDetails(name: string, broker: BrokerConfig, tls: NonNullable<BrokerAccess["tls"]>): Promise<Finding> {
  const { hostname, port } = new URL(broker.url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connectTls({
      host,
      port: port === "" ? PORT_MQTTS : Number(port),
      servername: tls.serverName ?? (isIP(host) === 0 ? host : ""),
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
      timeout: BROKER_WAIT_MS,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    });
    const finish = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.once("secureConnect", () => finish(describeTls(name, socket)));
    socket.once("timeout", () => finish({ name, level: "warn", says: "no TLS details within the time allowed" }));
    socket.on("error", (error) => finish({ name, level: "warn", says: `no TLS details (${error.message})` }));
  });
}

function describeTls(name: string, socket: TLSSocket): Finding {
  const { subject, issuer, valid_to } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(valid_to) - Date.now()) / DAY_MS);
  const says = `${socket.getProtocol()}, ${socket.getCipher().standardName}, certificate of ${subject?.CN ?? "?"} by ${issuer?.CN ?? "?"}, valid for ${days} more days`;
  if (days >= CERTIFICATE_WARN_DAYS) return { name, level: "ok", says };
  return { name, level: "warn", says, advice: "Renew the broker's certificate in time." };
}

function checkSecretFiles(name: string, config: Config, broker: BrokerConfig, environment: Environment): Finding[] {
  const findings: Finding[] = [];
  for (const field of ["passwordFile", "clientKeyFile"] as const) {
    const named = broker[field];
    if (named === undefined) continue;
    const path = locateFile(config.folder, named, environment);
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) === 0 || path.startsWith(`${environment.CREDENTIALS_DIRECTORY ?? "\0"}/`)) continue;
    const says = `others can read ${path} (mode ${mode.toString(8)})`;
    findings.push({ name, level: "warn", says, advice: `chmod 600 ${path}` });
  }
  return findings;
}
