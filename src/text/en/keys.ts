import type { KeyProblem } from "../../node/commands/keyProblems.js";
import type { SendProblem } from "../../node/transactions/problems.js";
import type { Texts } from "../texts.js";

const KEYS_PAGE = "docs/operating/keys.md shows one key of each kind.";

export const keyTexts: Texts<KeyProblem> = {
  KEY_UNKNOWN: {
    says: (p) => `The configuration names no key "${p.name}"; it has ${p.known.join(", ") || "none"}.`,
    advice: "Add it under `keys`, or choose another one with --key.",
  },
  KEY_FIELD_MISSING: {
    says: (p) => `The key "${p.name}" lives in ${p.backend}, and its setting ${p.field} is missing.`,
    advice: KEYS_PAGE,
  },
  KEY_NOT_A_FILE: {
    says: (p) => `The key "${p.name}" lives in ${p.backend}; edgeseal makes and imports keys in files only.`,
    advice: "Make it with the tools of the token's maker, so that it never leaves the token; docs/operating/keys.md.",
  },
  KEY_ALGORITHM_OTHER: {
    says: (p) => `The key "${p.name}" is configured as ${p.configured}, but it is a ${p.found} key.`,
    advice: "Chains of the suite ecdsa need secp256k1, chains of the suite sm need sm2.",
  },
  KEY_SELFTEST_WRONG: {
    says: (p) => `The key "${p.name}" in ${p.backend} made a signature that its own public key does not verify.`,
    advice: "Do not use this token: it is broken, under attack, or its public object belongs to another key.",
  },
};

const keptIn = (file: string | undefined): string => (file === undefined ? "" : ` It is kept in ${file}.`);

export const sendTexts: Texts<SendProblem> = {
  SEND_NOT_SYNCED: {
    says: (p) => `No newest header could be verified within ${p.timeoutMs} ms (state ${p.state}).`,
    advice: "`edgeseal doctor` examines brokers and nodes; `edgeseal status` shows what the state asks for.",
  },
  SEND_REFUSED: {
    says: (p) => `The transaction ${p.hash} was refused (${p.reason}).`,
    advice: "Check block limit, chain and group, and that the nonce was not used before; then sign it anew.",
  },
  SEND_NO_ANSWER: {
    says: (p) =>
      `Nobody answered for the transaction ${p.hash} within ${p.timeoutMs} ms; it may have been carried out.${keptIn(p.file)}`,
    advice: "Send the same file again: it is carried out once at most, and a proof comes back when it was.",
  },
  SEND_ANSWER_UNPROVEN: {
    says: (p) => `The answer for the transaction ${p.hash} does not prove anything (${p.reason}).${keptIn(p.file)}`,
    advice: "Somebody on the way lies or is broken: send the same file again by another broker or node.",
  },
  SEND_NOT_KEPT: {
    says: (p) => `The transaction cannot be kept in ${p.file} (${p.reason}), so it was not sent.`,
    advice: "Free the disk or correct the folder's rights; nothing was signed in vain, a new one is signed next time.",
  },
  HEADER_NO_ANSWER: {
    says: (p) => `Header ${p.number} could not be had and linked to a certified one within ${p.timeoutMs} ms.`,
    advice: "`edgeseal doctor` examines brokers and nodes.",
  },
  PROOF_NO_ANSWER: {
    says: (p) => `Nobody proved the transaction ${p.hash} within ${p.timeoutMs} ms (${p.reason}).`,
    advice: "It may be in no block; `edgeseal chain tx` asks a node what it knows.",
  },
  STATE_NO_ANSWER: {
    says: (p) =>
      `Nobody proved within ${p.timeoutMs} ms what the record ${p.key} of the table ${p.table} is (${p.reason}).`,
    advice: "Participants keep the state of the newest 64 blocks; FISCO's own nodes prove no state at all.",
  },
  STATE_TOO_OLD: {
    says: (p) =>
      `Asked for the newest state, somebody answered with that of block ${p.number}; block ${p.newest} is certified.`,
    advice: "Ask another broker or node; `--number` asks for an older state on purpose.",
  },
  SEND_CHAIN: {
    says: (p) => `The transaction is for ${p.found}; this node follows ${p.expected}.`,
  },
  SEND_TOO_LARGE: {
    says: (p) => `The transaction has ${p.size} bytes; ${p.limit} are carried.`,
  },
  SEND_SIGNER_DIFFERS: {
    says: (p) => `The signature comes from ${p.signed}, but the key's account is ${p.key}.`,
    advice: "Run `edgeseal key selftest`.",
  },
};
