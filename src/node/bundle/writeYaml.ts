/** The first `edgeseal.yaml`, with comments; from then on the file is the operator's and is never written again. */
import type { BundleBroker, BundleFiles, BundleRole } from "../bundle.js";

/** Of the first link to devices. */
export const FIRST_LINK = "home";

export interface FirstConfig {
  readonly role: BundleRole;
  readonly client: string;
  readonly chain: string;
  readonly brokers: readonly { readonly broker: BundleBroker; readonly files: BundleFiles }[];
  readonly endpoints: readonly string[];
  readonly rpcCaFile: string | undefined;
  readonly watch: readonly string[];
}

export function firstConfigYaml(config: FirstConfig): string {
  const lines = [
    `# Configuration of one edgeseal node on the chain ${config.chain}.`,
    "# Every setting and its default: docs/operating/configuration.md, or `edgeseal config schema`.",
    "# Relative paths start at the folder of this file. `edgeseal doctor` checks everything.",
    "",
    "# light: follow the chain over MQTT. publisher: follow a node over JSON-RPC and put its headers on MQTT.",
    "# gateway: follow the chain over MQTT, speak to devices and carry out rules.",
    `role: ${config.role}`,
    "",
    "# State of the node; one process at a time.",
    "dataDir: data",
    "",
    "# Name of this node at the brokers; no two nodes of one broker may share it.",
    `client: ${quoted(config.client)}`,
    "",
    "# Where headers come from (light) or go to (publisher). More than one broker guards against a silent one.",
    "brokers:",
    ...config.brokers.flatMap(brokerLines),
    ...endpointLines(config),
    ...gatewayLines(config),
  ];
  if (config.watch.length > 0) {
    lines.push(
      "",
      "# Contracts whose events are wanted.",
      "watch:",
      ...config.watch.map((item) => `  - ${quoted(item)}`),
    );
  }
  lines.push("", "# debug, info, warn or error", "log:", "  level: info", "");
  return lines.join("\n");
}

function brokerLines({ broker, files }: FirstConfig["brokers"][number]): string[] {
  const fields: (readonly [name: string, value: string | number | boolean | undefined])[] = [
    ["username", broker.username],
    ["passwordFile", files.password],
    ["caFile", files.ca],
    ["clientCertFile", files.certificate],
    ["clientKeyFile", files.key],
    ["serverName", broker.serverName],
    ["protocolVersion", broker.protocolVersion],
    ["insecure", broker.insecure],
  ];
  const lines = [`  - url: ${quoted(broker.url)}`];
  for (const [name, value] of fields) {
    if (value !== undefined) lines.push(`    ${name}: ${typeof value === "string" ? quoted(value) : value}`);
  }
  return lines;
}

function endpointLines({ endpoints, rpcCaFile }: FirstConfig): string[] {
  if (endpoints.length === 0) return [];
  const lines = [
    "",
    "# The nodes to follow.",
    "rpc:",
    "  endpoints:",
    ...endpoints.map((item) => `    - ${quoted(item)}`),
  ];
  if (rpcCaFile !== undefined) lines.push(`  caFile: ${quoted(rpcCaFile)}`);
  return lines;
}

function gatewayLines({ role, brokers }: FirstConfig): string[] {
  const [first] = brokers;
  if (role !== "gateway" || first === undefined) return [];
  const [url = "", ...access] = brokerLines(first).map((line) => line.slice("  - ".length));
  return [
    "",
    "# Devices and rules: docs/operating/gateway.md. Files beside this one: devices.yaml, policy.yaml, rules/, scenes/.",
    "gateway:",
    "  links:",
    "    # Devices at the broker of the chain; a broker of their own is better where there are many.",
    `    - name: ${FIRST_LINK}`,
    "      protocol: mqtt",
    "      broker:",
    ...[url, ...access].map((line) => `        ${line}`),
    "      # zigbee2mqtt: [zigbee2mqtt]",
    "    # - name: meters",
    "    #   protocol: modbus",
    "    #   path: /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
    "    #   baudRate: 9600",
    `  # homeAssistant: { link: ${FIRST_LINK} }`,
  ];
}

/** A JSON string is a YAML string as well (YAML 1.2.2, section 1.2), whatever stands in it. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
