/** The first `edgeseal.yaml`, with comments; from then on the file is the operator's and is never written again. */
import type { BundleBroker, BundleFiles } from "../bundle.js";

export interface FirstConfig {
  readonly role: "light" | "publisher";
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

/** A JSON string is a YAML string as well (YAML 1.2.2, section 1.2), whatever stands in it. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
