/** Whether a gateway's links can work: broker, serial line, address, and the packages that speak to them. */
import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import type { Config } from "../../config.js";
import type { Environment } from "../../signing/openKey.js";
import { checkBroker } from "./brokers.js";
import type { Finding } from "./finding.js";

/** For a converter that answers at all. */
export const ADDRESS_WAIT_MS = 3_000;

export async function checkLink(config: Config, index: number, environment: Environment): Promise<Finding[]> {
  const link = config.gateway.links[index];
  if (link === undefined) return [];
  const name = `link ${link.name}`;
  if (link.protocol === "mqtt") {
    const at = `gateway.links[${index}].broker`;
    return link.broker === undefined ? [] : await checkBroker(config, link.broker, environment, name, at);
  }
  const needed = link.protocol === "modbus" ? ["modbus-serial"] : [];
  if (link.path !== undefined) needed.push("serialport");
  const packages = (await Promise.all(needed.map((each) => checkPackage(name, each)))).flat();
  if (link.path !== undefined) return [...packages, checkSerialPath(name, link.path)];
  return [...packages, await checkAddress(name, link.host ?? "", link.port)];
}

/** Nothing when it loads. */
async function checkPackage(name: string, wanted: string): Promise<readonly Finding[]> {
  try {
    await import(wanted);
    return [];
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "it does not load";
    const advice = `Install it where edgeseal is: npm install ${wanted}. It is an optional dependency.`;
    return [{ name, level: "fail", says: `the package ${wanted} is missing (${reason})`, advice }];
  }
}

const STABLE = "/dev/serial/by-id/";
const NO_LINE =
  "Is the adapter plugged in? `ls -l /dev/serial/by-id/` shows those there are, under names that stay the same; a udev rule gives one of your own.";
const NO_RIGHT =
  "Let the gateway's user open it: `usermod -aG dialout edgeseal` on Debian and its relatives, then start it anew; or a udev rule with GROUP and MODE.";

export function checkSerialPath(name: string, path: string): Finding {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
    const advice = reason === "EACCES" || reason === "EPERM" ? NO_RIGHT : NO_LINE;
    return { name, level: "fail", says: `${path} cannot be opened (${reason})`, advice };
  }
  if (!/^\/dev\/tty(?:USB|ACM)\d+$/.test(path)) return { name, level: "ok", says: `${path} can be opened` };
  const advice = `Use its name below ${STABLE}, or one by a udev rule: docs/operating/gateway.md.`;
  return { name, level: "warn", says: `${path} may be another adapter after the next start`, advice };
}

/** Connects and goes away again; many converters take few connections, so a running gateway may be the reason for a no. */
function checkAddress(name: string, host: string, port: number): Promise<Finding> {
  const place = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    const advice = "Check address, power and network. Some converters take one connection only: the running gateway's.";
    const fail = (reason: string): void =>
      end({ name, level: "fail", says: `${place} does not answer (${reason})`, advice });
    socket.setTimeout(ADDRESS_WAIT_MS, () => fail("no answer"));
    socket.once("connect", () => end({ name, level: "ok", says: `${place} answers` }));
    socket.once("error", (error) => fail("code" in error ? String(error.code) : "unknown"));
  });
}
