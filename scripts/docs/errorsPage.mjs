/** docs/errors.md: every code with its family, its sentence as a template, and what to do. */

/** The error classes of each subject of src/text/index.ts; more than one where a subject has several families. */
const CLASSES = {
  verify: [["src/node/commands/problems.js", "VerifyError"]],
  input: [["src/node/commands/problems.js", "InputError"]],
  config: [["src/node/config/problems.js", "ConfigError"]],
  dataDir: [["src/node/dataDir/problems.js", "DataDirError"]],
  bundle: [["src/node/bundle/problems.js", "BundleError"]],
  control: [["src/node/control/problems.js", "ControlError"]],
  command: [["src/node/commands/problems.js", "CommandError"]],
  node: [["src/node/problems.js", "NodeError"]],
  participant: [["src/node/participant/problems.js", "ParticipantError"]],
  chainInit: [["src/node/commands/chainInit/problems.js", "ChainInitError"]],
  key: [["src/node/commands/keyProblems.js", "KeyError"]],
  send: [["src/node/transactions/problems.js", "SendError"]],
  signing: [["src/node/signing/problems.js", "SigningError"]],
  secret: [["hsm/keystore/problems.js", "SecretError"]],
  keystore: [["hsm/keystore/problems.js", "KeystoreError"]],
  pkcs11: [["hsm/pkcs11/problems.js", "Pkcs11Error"]],
  shield: [["hsm/shield/problems.js", "ShieldError"]],
  skf: [["hsm/skf/problems.js", "SkfError"]],
  chain: [["src/chain/problems.js", "ChainError"]],
  ledger: [["src/ledger/problems.js", "LedgerError"]],
  recovery: [["src/node/participant/recovery/problems.js", "RecoveryError"]],
  gateway: [["src/device/gateway/problems.js", "GatewayError"]],
  homeAssistant: [["src/device/homeassistant/problems.js", "HomeAssistantError"]],
  deviceFile: [["src/node/gateway/deviceFileProblems.js", "DeviceFileError"]],
  link: [["src/link/problems.js", "LinkError"]],
  line: [["src/link/lineProblems.js", "LineError"]],
  modbus: [["src/link/modbusProblems.js", "ModbusError"]],
  modbusPoint: [["src/device/modbus/problems.js", "ModbusPointError"]],
  broker: [["src/link/problems.js", "BrokerError"]],
  rpc: [["src/link/problems.js", "RpcError"]],
  rpcServer: [["src/link/problems.js", "RpcServerError"]],
  store: [["src/store/problems.js", "StoreError"]],
  state: [["src/ledger/state/problems.js", "StateError"]],
  codec: [["src/codec/problems.js", "HeaderError"]],
  wire: [["src/codec/wire/problems.js", "WireError"]],
  deviceMessage: [["src/codec/device/problems.js", "DeviceMessageError"]],
  crypto: [
    ["src/crypto/problems.js", "CryptoError"],
    ["src/crypto/problems.js", "CryptoBackendError", /^CRYPTO_BACKEND_/],
  ],
  base: [["src/base/bytes.js", "BytesError"]],
  simulator: [["simulator/chain/problems.js", "SimulatorError"]],
};

const TITLES = {
  verify: "Verifying files",
  input: "Reading input",
  config: "Configuration",
  dataDir: "Data directory",
  bundle: "Provisioning",
  control: "Talking to the running node",
  command: "Commands",
  node: "Starting",
  participant: "Taking part",
  chainInit: "Making a chain",
  key: "Keys",
  send: "Sending transactions",
  signing: "Signing and its guard",
  secret: "PINs and passphrases",
  keystore: "Key files",
  pkcs11: "PKCS#11 tokens",
  shield: "U-shields on a serial line",
  skf: "U-shields with an SKF library",
  chain: "Headers, trust and proofs",
  ledger: "The ledger of a participant",
  recovery: "Checking signatures of transactions",
  gateway: "Gateway and its devices",
  homeAssistant: "Home Assistant",
  deviceFile: "The file of devices",
  link: "MQTT",
  line: "Lines to devices",
  modbus: "Modbus devices",
  modbusPoint: "Modbus points of profiles",
  broker: "Embedded broker",
  rpc: "JSON-RPC to nodes",
  rpcServer: "JSON-RPC of a participant",
  store: "Store",
  state: "State of a participant",
  codec: "Formats of FISCO BCOS",
  wire: "Messages over MQTT",
  deviceMessage: "Messages of devices",
  crypto: "Cryptography",
  base: "Basics",
  simulator: "Simulator (development only)",
};

const HEAD = `# Errors

Generated from src/text by \`node scripts/docs/main.mjs\`; do not edit.

Every problem has a code. Logs, counters in \`edgeseal status\` and \`--json\` answers name the code; people get the
sentence and, where something can be done, the advice. \`--json\` answers carry the values of the case under \`data\`; they stand where \`<name>\` does below.

| family | what it means | what edgeseal does |
|---|---|---|
| input | somebody sent or wrote something wrong | refuses it, counts it, goes on |
| operating | the world does not help now: disk full, broker away | reports it, tries again where that is safe |
| bug | edgeseal broke its own promise | stops |
`;

/** @param load imports a module of the compiled tree by its path. */
export async function errorsPage(load) {
  const { ALL_TEXTS } = await load("src/text/index.js");
  const parts = [HEAD];
  for (const [subject, texts] of Object.entries(ALL_TEXTS)) {
    const familyOf = await familyFinder(load, subject);
    parts.push(`\n## ${TITLES[subject] ?? subject}\n`);
    for (const [code, text] of Object.entries(texts)) {
      parts.push(`\n### ${code}\n\n${familyOf(code)}: ${cell(template(text.says))}\n`);
      if (text.advice !== undefined) parts.push(`\n${cell(text.advice)}\n`);
    }
  }
  return parts.join("");
}

async function familyFinder(load, subject) {
  const classes = [];
  for (const [path, name, pattern] of CLASSES[subject] ?? []) {
    // Development parts are not in every compiled tree; all of theirs are of one family.
    const module = await load(path).catch(() => undefined);
    if (module !== undefined) classes.unshift({ type: module[name], pattern });
  }
  return (code) => {
    const found = classes.find(({ pattern }) => pattern === undefined || pattern.test(code));
    return found === undefined ? "input" : new found.type({ code }).family;
  };
}

const DAY_MS = 86_400_000;
/** Fields that a sentence calculates with or looks into. */
const SAMPLES = {
  tried: [{ engine: "<engine>", reason: "<reason>" }],
  only: ["<names>"],
  known: ["<names>"],
  found: ["<names>"],
  now: 0,
  expected: 0,
};

/** The sentence with `<field>` for each value; where it calculates, with the values of an example. */
function template(says) {
  for (const samples of [{}, SAMPLES, undefined]) {
    try {
      const text = says(new Proxy({}, { get: (_target, name) => sampleOf(String(name), samples) }));
      if (!text.includes("NaN")) return text;
    } catch {
      // A placeholder is no number or list; the next round has some.
    }
  }
  throw new TypeError(`No example fits the sentence ${says}`);
}

function sampleOf(name, samples) {
  if (samples === undefined) return SAMPLES[name] ?? (name.endsWith("Ms") ? 3 * DAY_MS : 1);
  return samples[name] ?? `<${name}>`;
}

function cell(text) {
  return text.replaceAll("<", "\\<").replaceAll("\n", " ");
}
