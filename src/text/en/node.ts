import type { BundleProblem } from "../../node/bundle/problems.js";
import type { ChainInitProblem } from "../../node/commands/chainInit/problems.js";
import type { CommandProblem, InputProblem, VerifyProblem } from "../../node/commands/problems.js";
import type { ConfigProblem } from "../../node/config/problems.js";
import type { ControlProblem } from "../../node/control/problems.js";
import type { DataDirProblem } from "../../node/dataDir/problems.js";
import type { ParticipantProblem } from "../../node/participant/problems.js";
import type { NodeProblem } from "../../node/problems.js";
import type { Texts } from "../texts.js";

const CONFIG_PAGE = "Every field is explained in docs/operating/configuration.md.";
const SEE_LOG = "Look at the node's log.";

export const configTexts: Texts<ConfigProblem> = {
  CONFIG_NOT_FOUND: {
    says: (p) => `There is no configuration file ${p.path}.`,
    advice: "Run `edgeseal init --bundle FILE` to make one, or name another with --config.",
  },
  CONFIG_UNREADABLE: {
    says: (p) => `The configuration file ${p.path} cannot be read (${p.reason}).`,
    advice: "Check its owner and mode.",
  },
  CONFIG_TOO_LARGE: {
    says: (p) => `The configuration file ${p.path} has ${p.size} bytes; ${p.limit} are allowed.`,
  },
  CONFIG_YAML: {
    says: (p) => `The configuration file ${p.path} is not YAML at line ${p.line}: ${p.reason}`,
    advice: "Mind the indentation: two spaces, no tabs, a space after each colon.",
  },
  CONFIG_KEY_UNKNOWN: {
    says: (p) => `There is no setting ${p.field} in ${p.path}; the nearest one is "${p.nearest}".`,
    advice: CONFIG_PAGE,
  },
  CONFIG_VALUE: {
    says: (p) => `The setting ${p.field} in ${p.path} is not valid: ${p.reason}.`,
    advice: CONFIG_PAGE,
  },
  CONFIG_FIELDS: {
    says: (p) => `The setting ${p.field} in ${p.path} does not fit the others: ${p.reason}.`,
    advice: CONFIG_PAGE,
  },
  CONFIG_FILE_UNREADABLE: {
    says: (p) => `The file ${p.path}, which ${p.field} names, cannot be read (${p.reason}).`,
    advice: "Check that it exists and that this user may read it; relative paths start beside the configuration file.",
  },
  CONFIG_FILE_TOO_LARGE: {
    says: (p) => `The file ${p.path}, which ${p.field} names, is larger than ${p.limit} bytes.`,
  },
  CONFIG_PASSWORD_EMPTY: {
    says: (p) => `The file ${p.path}, which ${p.field} names, is empty.`,
    advice: "Put the password, and nothing else, into it.",
  },
};

export const dataDirTexts: Texts<DataDirProblem> = {
  DATA_DIR_MISSING: {
    says: (p) => `There is no data directory ${p.path}.`,
    advice: "Run `edgeseal init --bundle FILE`, or check `dataDir` in the configuration.",
  },
  DATA_DIR_NOT_A_FOLDER: {
    says: (p) => `The data directory ${p.path} is not a folder.`,
    advice: "Check `dataDir` in the configuration.",
  },
  DATA_DIR_NOT_EMPTY: {
    says: (p) => `The folder ${p.path} is no data directory of edgeseal, and not empty (${p.found}).`,
    advice: "Name an empty or new folder as `dataDir`. Where this was one, put its file FORMAT back from a copy.",
  },
  DATA_DIR_FORMAT: {
    says: (p) => `The file FORMAT in the data directory ${p.path} is damaged.`,
    advice: "Check the disk; put the file back from a copy.",
  },
  DATA_DIR_NEWER: {
    says: (p) => `The data directory ${p.path} has format ${p.found}; this version knows formats up to ${p.known}.`,
    advice: "Run the newer version of edgeseal that wrote it.",
  },
  DATA_DIR_OPEN_TO_OTHERS: {
    says: (p) => `Other users can enter the data directory ${p.path} (mode ${p.mode}), and it belongs to another user.`,
    advice: "Give it to the user that runs the node (chown), with mode 0700.",
  },
  DATA_DIR_ACCESS: {
    says: (p) => `The data directory ${p.path} cannot be used (${p.reason}).`,
    advice: "Check its owner, its mode, and whether the disk is full or read-only.",
  },
  DATA_DIR_LOCKED: {
    says: (p) =>
      `The data directory ${p.path} is in use by another process (${p.pid === 0 ? "number unknown" : p.pid}).`,
    advice: "One node runs on one data directory: stop the other process, or use it through `edgeseal status`.",
  },
};

export const bundleTexts: Texts<BundleProblem> = {
  BUNDLE_FIELD: {
    says: (p) => `The bundle's field ${p.field} is not valid: ${p.reason}.`,
    advice: "docs/operating/provisioning.md shows a complete bundle.",
  },
  BUNDLE_VERSION: {
    says: (p) => `The file is no bundle of version ${p.known} (it says "${p.found}").`,
    advice: "Check that it is the right file; a newer bundle needs a newer edgeseal.",
  },
  BUNDLE_FINGERPRINT: {
    says: (p) => `The bundle's fingerprint is ${p.computed}, not ${p.expected} as expected.`,
    advice: "Nothing was written. The file was altered or is another one: get it, and its fingerprint, again.",
  },
  BUNDLE_ANCHOR_DIFFERS: {
    says: (p) => `${p.path} is anchored at ${p.ours}; the bundle's anchor is ${p.theirs}.`,
    advice: "If the new anchor is meant, run `edgeseal anchor set FILE`; for another chain use another folder.",
  },
  BUNDLE_WRITE_FAILED: {
    says: (p) => `The file ${p.path} cannot be written (${p.reason}).`,
    advice: "Check owner and mode of its folder, and the free space.",
  },
};

export const controlTexts: Texts<ControlProblem> = {
  CONTROL_LISTEN_FAILED: {
    says: (p) => `The control socket ${p.path} cannot be opened (${p.reason}).`,
    advice: "Use a data directory on a local disk with a shorter path.",
  },
  CONTROL_REQUEST_INVALID: { says: (p) => `The running node was asked for something it does not know (${p.reason}).` },
  CONTROL_REQUEST_TOO_LARGE: { says: (p) => `A request to the running node was longer than ${p.limit} bytes.` },
  CONTROL_BUSY: { says: (p) => `More than ${p.limit} commands are asking the running node.`, advice: "Try again." },
  CONTROL_ANSWER_INVALID: { says: (p) => `The running node's answer cannot be read (${p.reason}).`, advice: SEE_LOG },
  CONTROL_TIMEOUT: { says: (p) => `The running node did not answer within ${p.timeoutMs} ms.`, advice: SEE_LOG },
  CONTROL_COMMAND_FAILED: {
    says: (p) => `The running node could not carry out "${p.command}" (${p.cause}).`,
    advice: "docs/errors.md explains the code in brackets.",
  },
};

export const inputTexts: Texts<InputProblem> = {
  INPUT_UNREADABLE: { says: (p) => `The input ${p.name} cannot be read (${p.reason}).` },
  INPUT_TOO_LARGE: { says: (p) => `The input ${p.name} is larger than ${p.limit} bytes.` },
  INPUT_NOT_JSON: {
    says: (p) => `The input ${p.name} is not JSON (${p.reason}).`,
    advice: "Hand over what the node's JSON-RPC returned, unchanged.",
  },
  INPUT_NOT_OBJECT: {
    says: (p) => `The input ${p.name} is not a JSON object.`,
    advice: "Hand over what the node's JSON-RPC returned: the result, or the whole response.",
  },
};

export const verifyTexts: Texts<VerifyProblem> = {
  VERIFY_HASH_MISMATCH: {
    says: (p) => `The ${p.kind} is said to have the hash ${p.named}, but its hash is ${p.computed}.`,
    advice: "Something in it was altered, or the chain has the other suite; --suite names it.",
  },
  VERIFY_SENDER_MISMATCH: {
    says: (p) => `The transaction is said to come from ${p.named}, but ${p.computed} signed it.`,
  },
  VERIFY_SUITE_MISMATCH: {
    says: (p) => `The proof is for the suite ${p.named}, not ${p.asked}.`,
  },
  VERIFY_PROOF_INVALID: { says: () => "The proof does not lead from the leaf to the root." },
};

export const commandTexts: Texts<CommandProblem> = {
  COMMAND_USAGE: { says: (p) => `${p.reason}.`, advice: "Run `edgeseal --help`." },
  COMMAND_NODE_NOT_RUNNING: {
    says: (p) => `No node runs on the data directory ${p.dataDir}.`,
    advice: "Start it with `edgeseal start`.",
  },
  COMMAND_NOT_GATEWAY: {
    says: (p) => `The node of ${p.path} is a ${p.role}; only a gateway has devices and rules.`,
    advice: "Name the gateway's configuration with --config.",
  },
  COMMAND_NODE_RUNNING: {
    says: (p) => `A node runs on the data directory ${p.dataDir}.`,
    advice: "Stop it first: `edgeseal stop`, or `systemctl stop edgeseal`.",
  },
  COMMAND_SEALERS_NOT_TAKEN: {
    says: (p) => `The node did not take the sealers of header ${p.number} (${p.hash}).`,
    advice: "`edgeseal status` shows which header it waits for; number and hash must be exactly that one's.",
  },
};

export const nodeTexts: Texts<NodeProblem> = {
  NODE_NO_ANCHOR: {
    says: (p) => `The data directory ${p.dataDir} holds no anchor, so nothing can be trusted.`,
    advice: "Run `edgeseal init --bundle FILE` or `edgeseal anchor set FILE`.",
  },
  NODE_NO_BROKER: {
    says: (p) => `The configuration ${p.path} names no broker.`,
    advice: "Add one under `brokers`.",
  },
  NODE_NO_ENDPOINT: {
    says: (p) => `The configuration ${p.path} names no node for the publisher to follow.`,
    advice: "Add one under `rpc.endpoints`.",
  },
  NODE_OTHER_CHAIN: {
    says: (p) =>
      `${p.dataDir} belongs to the chain with block 0 ${p.recorded}; the configuration's is ${p.configured}.`,
    advice: "Give each chain a data directory of its own.",
  },
};

export const participantTexts: Texts<ParticipantProblem> = {
  PARTICIPANT_NOT_SEALER: {
    says: (p) => `This node's key is not among the sealers of block ${p.number}, so it seals nothing.`,
    advice: "Name the right key under `participant.key`, or have the node added as a sealer.",
  },
  PARTICIPANT_NOT_ALONE: {
    says: (p) => `Block ${p.number} needs a quorum of ${p.sealers} sealers, and this node seals alone.`,
    advice: "Chains of several sealers need a consensus between them.",
  },
  PARTICIPANT_GENESIS: {
    says: (p) => `The text of block 0 in ${p.path} cannot be used (${p.reason}).`,
    advice: "`edgeseal chain init` writes it; all participants have the same.",
  },
};

export const chainInitTexts: Texts<ChainInitProblem> = {
  CHAIN_INIT_CONSENSUS: {
    says: (p) => `A chain of participants can be sealed by one node alone (solo) so far, not by ${p.consensus}.`,
  },
  CHAIN_INIT_NODES: { says: (p) => `--nodes ${p.nodes} is not a number from 1 to ${p.most}.` },
  CHAIN_INIT_SOLO_NODES: { says: (p) => `A solo chain has one participant, not ${p.nodes}.`, advice: "Use --nodes 1." },
  CHAIN_INIT_SEALER_KEY: {
    says: (p) => `--sealer-key number ${p.index + 1} is no public key of this suite, or there is no node for it.`,
    advice: "`edgeseal key public NAME` shows the key: 128 hex digits.",
  },
  CHAIN_INIT_PORT: { says: (p) => `${p.port} is no port that this many nodes can count up from.` },
  CHAIN_INIT_FOLDER: {
    says: (p) => `The folder ${p.folder} cannot be used (${p.reason}).`,
    advice: "Name a folder that does not exist yet, or an empty one.",
  },
};
