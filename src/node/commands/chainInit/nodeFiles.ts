/** The files of one participant of a new chain, as texts. */
import { CONFIG_FILE_DEFAULT } from "../../config.js";

export interface NodePlan {
  /** Folder below the chain's. */
  readonly name: string;
  readonly rpcPort: number;
  readonly mqttPort: number;
  readonly algorithm: "secp256k1" | "sm2";
  /** The sealer's key was made elsewhere. */
  readonly sealerOnToken: boolean;
}

export function configYaml({ name, rpcPort, mqttPort, algorithm, sealerOnToken }: NodePlan): string {
  return [
    "# A participant, made by `edgeseal chain init`. All settings: docs/operating/configuration.md",
    "role: participant",
    `client: ${name}`,
    "brokers:",
    `  - url: mqtt://127.0.0.1:${mqttPort}`,
    "rpc:",
    `  endpoints: ["http://127.0.0.1:${rpcPort}"]`,
    "participant:",
    "  genesis: genesis.txt",
    "  key: sealer",
    "  serve:",
    `    port: ${rpcPort}`,
    "    # HTTPS, for other machines: set host, and",
    "    # certFile: tls/node.crt",
    "    # keyFile: tls/node.key",
    "    # tokenFile: rpc.token",
    "  # A broker inside, for one machine. For others name yours under `brokers` and take this away.",
    "  broker:",
    `    port: ${mqttPort}`,
    "keys:",
    ...(sealerOnToken ? sealerOnTokenYaml(algorithm) : sealerInFileYaml(algorithm)),
    `  - { name: admin, algorithm: ${algorithm}, backend: keystore, secretFile: admin.pass }`,
    "",
  ].join("\n");
}

function sealerInFileYaml(algorithm: string): string[] {
  return [
    "  # Development: the key lies in a file and could be copied. For real use make it on a token (docs/operating/keys.md).",
    `  - { name: sealer, family: sealer, algorithm: ${algorithm}, backend: keystore, secretFile: sealer.pass, development: true }`,
  ];
}

function sealerOnTokenYaml(algorithm: string): string[] {
  return [
    "  # Where the sealer's key lives: fill in, then `edgeseal key history advance sealer --height 0`.",
    `  - { name: sealer, family: sealer, algorithm: ${algorithm}, backend: pkcs11, secretFile: sealer.pin, module: /usr/lib/..., tokenLabel: ..., keyId: "" }`,
  ];
}

/** @param program what runs this command now, where it is not on the path of whoever starts the node. */
export function startScript(program: readonly string[]): string {
  const start = `start --config ${CONFIG_FILE_DEFAULT} "$@"`;
  return [
    "#!/bin/sh",
    "# Starts this participant; Ctrl-C ends it.",
    'cd "$(dirname "$0")" || exit 1',
    `if command -v edgeseal >/dev/null 2>&1; then exec edgeseal ${start}; fi`,
    `exec ${program.map(quoted).join(" ")} ${start}`,
    "",
  ].join("\n");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
