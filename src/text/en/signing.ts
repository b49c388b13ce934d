import type { SigningProblem } from "../../node/signing/problems.js";
import type { Texts } from "../texts.js";

const TOKEN = "Check that the token or shield is plugged in and unlocked; the signer goes on when it answers again.";
const IMPORT_OR_ADVANCE =
  "Import the key's newest exported history, or advance its watermarks above everything the key can have signed.";
const ONE_INSTANCE = "Make sure that no other node uses this key, then advance its watermarks and restart.";
const BUG = "This is a mistake in edgeseal; nothing was signed. Report it.";

export const signingTexts: Texts<SigningProblem> = {
  SIGN_REQUEST_INVALID: { says: (p) => `A ${p.purpose} is not signed because it breaks a rule (${p.reason}).` },
  SIGN_FIELD_INVALID: {
    says: (p) => `A ${p.purpose} is not signed: its ${p.field} is out of range or of the wrong length.`,
  },
  SIGN_PURPOSE_UNKNOWN: { says: (p) => `Nothing is signed for the purpose "${p.purpose}".` },
  SIGN_PURPOSE_FAMILY: {
    says: (p) => `A ${p.family} key does not sign a ${p.purpose}.`,
    advice: "A key serves one family of purposes for its whole life; use another key.",
  },
  SIGN_CONFLICT: {
    says: (p) => `The slot ${p.slot} was filled with ${p.signedDigest}; ${p.refusedDigest} is not signed there.`,
    advice: "Something asked this key to sign twice. Look for a second node or a restored copy of this one.",
  },
  SIGN_BELOW_WATERMARK: {
    says: (p) => `The slot ${p.slot} is not signed: everything up to ${p.watermark} counts as signed.`,
    advice: "After an unclean stop the key signs again above this number; no action is needed.",
  },
  SIGN_VIEW_LOWER: { says: (p) => `The slot ${p.slot} is not signed: the key has voted in view ${p.highestView}.` },
  SIGN_WINDOW_FULL: {
    says: (p) =>
      `The slot ${p.slot} is not signed: ${p.window} slots are remembered and none of them can be forgotten.`,
  },
  SIGN_BUSY: { says: (p) => `The key has ${p.inFlight} signatures under way and takes no more at the moment.` },
  SIGN_HISTORY_UNKNOWN: {
    says: (p) => `What the key ${p.key} has signed is not known (${p.track}), so it signs nothing.`,
    advice: IMPORT_OR_ADVANCE,
  },
  SIGN_HISTORY_FILE: {
    says: (p) => `The file is no signing history of edgeseal (${p.what}).`,
    advice: "Export it again and copy it unchanged.",
  },
  SIGN_HISTORY_CHECKSUM: {
    says: () => "The signing history was changed after it was exported: its checksum does not fit.",
    advice: "Export it again and copy it unchanged.",
  },
  SIGN_HISTORY_CONFLICT: {
    says: (p) =>
      `The two histories disagree: ${p.slot} is ${p.own} here and ${p.imported} in the file. Nothing was imported.`,
    advice: "The key has signed twice. Keep both files as evidence and replace the key.",
  },
  SIGN_ADVANCE_LOWER: {
    says: (p) => `The ${p.track} of a key is never lowered, here from ${p.from} to ${p.to}.`,
  },
  SIGN_FAMILY_OTHER: {
    says: (p) => `The key is a ${p.recorded} key and cannot be opened as a ${p.family} key.`,
    advice: "A key serves one family of purposes for its whole life; use another key.",
  },
  SIGN_SESSION_OTHER: {
    says: (p) =>
      `The key is at session ${p.anchor}, this node's signing database at ${p.database}: it is a copy or not the latest.`,
    advice: ONE_INSTANCE,
  },
  SIGN_ANCHOR_NEEDED: {
    says: (p) => `A sealer key needs a home that counts sessions; ${p.backend} does not.`,
    advice: "Use a token or shield; on a development chain set `development: true` for the key.",
  },
  SIGN_ANCHOR_MISSING: {
    says: (p) => `The key's home has lost its counter, which was at session ${p.database}.`,
    advice: ONE_INSTANCE,
  },
  SIGN_ANCHOR_FAILED: {
    says: (p) => `The counter in the key's home could not be ${p.action} (${p.reason}).`,
    advice: TOKEN,
  },
  SIGN_KEY_EXTRACTABLE: {
    says: (p) => `The key in ${p.home} can be read out, so it must not sign as a sealer.`,
    advice:
      "Make the key on the token as sensitive and not extractable; on a development chain set `development: true` for the key.",
  },
  SIGN_KEY_ONCE_EXTRACTABLE: {
    says: (p) => `${p.home} does not say that the key was never outside it, so it must not sign as a sealer.`,
    advice:
      "Copies of an imported key may exist: make a new one on the token. On a development chain set the development mode.",
  },
  SIGN_KEY_ALGORITHM: {
    says: (p) => `A key of the algorithm ${p.algorithm} cannot sign on a chain of the suite ${p.suite}.`,
  },
  SIGN_KEY_INVALID: { says: (p) => `The public key in ${p.home} is no point of the chain's curve.` },
  SIGN_KEY_IN_USE: { says: (p) => `The key ${p.key} is open already in this process.` },
  SIGN_BACKEND_FAILED: { says: (p) => `The key's home (${p.backend}) did not sign: ${p.reason}.`, advice: TOKEN },
  SIGN_TIMEOUT: {
    says: (p) => `The key's home (${p.backend}) did not answer within ${p.timeoutMs} ms.`,
    advice: TOKEN,
  },
  SIGN_SIGNATURE_WRONG: {
    says: (p) => `The key's home (${p.backend}) returned a wrong signature, which was not let out.`,
    advice: "If it happens again, the token is faulty or holds another key: replace it.",
  },
  SIGN_STORE_FAILED: {
    says: (p) => `Nothing is signed because ${p.place} cannot be used (${p.reason}).`,
    advice: "Repair the disk (space, mode, mount) and restart. If the file is lost, import its history or advance.",
  },
  SIGN_STOPPED: {
    says: (p) => `The signer has stopped since ${p.cause}.`,
    advice: "Repair the cause and restart the node.",
  },
  SIGN_CLOSED: { says: () => "A signer was used after it was closed.", advice: BUG },
  SIGN_PURPOSE_MISMATCH: { says: (p) => `A ${p.purpose} was laid out as ${p.found}.`, advice: BUG },
  SIGN_SLOT_REWRITTEN: { says: (p) => `The slot ${p.slot} was to be filled a second time.`, advice: BUG },
};
