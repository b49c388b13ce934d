import type { ShieldProblem } from "../../../hsm/shield/problems.js";
import type { SkfProblem } from "../../../hsm/skf/problems.js";
import type { Texts } from "../texts.js";

const CHECK_LINE = "Check the cable and the name of the line; names under /dev/serial/by-id stay the same.";
const FIX_PIN =
  "Correct the PIN file and restart; a program presents it once per start and never uses up the last try.";
const UNBLOCK = "Enter the right PIN with the vendor's tool, which resets the tries, then restart.";
const LOCKED = "Unlock it with the vendor's tool and the administrator's PIN.";
const OTHER = "Put the right one back; the PIN was not presented.";
const ONE_TOO_MANY = "Sign less at once.";

const WAITED_FOR = {
  line: "for the line",
  turn: "for its turn behind other signatures",
  button: "for its button to be pressed",
  answer: "for its answer",
} as const;

export const shieldTexts: Texts<ShieldProblem> = {
  SHIELD_SERIAL_MISSING: {
    says: (p) => `The package for serial lines could not be loaded (${p.reason}).`,
    advice: "Install it: npm install serialport.",
  },
  SHIELD_LINE_DOWN: { says: (p) => `The serial line ${p.path} is down (${p.reason}).`, advice: CHECK_LINE },
  SHIELD_SILENT: {
    says: (p) => `Nothing on the serial line ${p.path} has answered as a U-shield for ${p.timeoutMs} ms.`,
    advice: CHECK_LINE,
  },
  SHIELD_TIMEOUT: {
    says: (p) =>
      `The U-shield on ${p.path} did not answer within ${p.timeoutMs} ms; it was waited ${WAITED_FOR[p.waitingFor]}.`,
  },
  SHIELD_BUSY: {
    says: (p) => `The U-shield on ${p.path} has ${p.waiting} signatures waiting; no more are taken.`,
    advice: ONE_TOO_MANY,
  },
  SHIELD_NO_APPLICATION: {
    says: (p) => `The device on ${p.path} has no signing application (${p.status}).`,
    advice: "Check that it is a U-shield for edgeseal.",
  },
  SHIELD_ANSWER_INVALID: {
    says: (p) => `The U-shield on ${p.path} sent a ${p.what} of ${p.length} bytes that makes no sense.`,
  },
  SHIELD_STATUS: { says: (p) => `The U-shield on ${p.path} refused ${p.command} with status ${p.status}.` },
  SHIELD_PIN_LENGTH: { says: (p) => `The PIN of a U-shield has ${p.minimum} to ${p.maximum} bytes.`, advice: FIX_PIN },
  SHIELD_PIN_WRONG: {
    says: (p) => `The U-shield on ${p.path} refused the PIN; ${p.triesLeft} tries are left.`,
    advice: FIX_PIN,
  },
  SHIELD_PIN_LAST_TRY: {
    says: (p) => `The U-shield on ${p.path} has only ${p.triesLeft} try left; the PIN was not presented.`,
    advice: UNBLOCK,
  },
  SHIELD_PIN_LOCKED: { says: (p) => `The PIN of the U-shield on ${p.path} is locked.`, advice: LOCKED },
  SHIELD_NOT_CONFIRMED: {
    says: (p) => `The signature was not confirmed with the button of the U-shield on ${p.path}.`,
    advice: "Ask again and press the button while it blinks.",
  },
  SHIELD_OTHER: {
    says: (p) => `Another U-shield is on ${p.path}: ${p.found} instead of ${p.expected}.`,
    advice: OTHER,
  },
  SHIELD_COUNTER_FALLS: {
    says: (p) => `The U-shield on ${p.path} does not lower its counter to session ${p.session}, height ${p.reserved}.`,
    advice: "Another instance has used this key: stop it, or import its history.",
  },
  SHIELD_DIGEST_LENGTH: { says: (p) => `A U-shield was given ${p.length} bytes to sign instead of ${p.expected}.` },
  SHIELD_CLOSED: { says: (p) => `The U-shield on ${p.path} has been closed.` },
};

export const skfTexts: Texts<SkfProblem> = {
  SKF_BINDING_MISSING: {
    says: (p) => `The package that calls vendors' libraries could not be loaded (${p.reason}).`,
    advice: "Install it: npm install koffi.",
  },
  SKF_LIBRARY_PATH: {
    says: (p) => `The SKF library ${p.module} is not loaded: ${p.reason}.`,
    advice: "Name it by its full path, in folders only root or this user can write to.",
  },
  SKF_LIBRARY_LOAD: {
    says: (p) => `The SKF library ${p.module} cannot be loaded (${p.reason}).`,
    advice: "Check that it is the vendor's GM/T 0016 library for this processor.",
  },
  SKF_NO_DEVICE: {
    says: (p) => `The SKF library ${p.module} sees no device (wanted: ${p.wanted}; found: ${p.found || "none"}).`,
    advice: "Plug the token in and check the name of the device.",
  },
  SKF_SEVERAL_DEVICES: {
    says: (p) => `The SKF library ${p.module} sees several devices: ${p.found}.`,
    advice: "Name one of them.",
  },
  SKF_STATUS: { says: (p) => `The token refused ${p.call} with code ${p.status}.` },
  SKF_CALL_FAILED: { says: (p) => `The call ${p.call} to the SKF library failed (${p.reason}).` },
  SKF_TIMEOUT: {
    says: (p) => `The SKF library has not returned from ${p.call} within ${p.timeoutMs} ms.`,
    advice:
      "A library that hangs is ended and started anew at the next call; if it hangs again, plug the token in anew.",
  },
  SKF_PROCESS_ENDED: {
    says: (p) => `The process that holds the SKF library has ended (${p.reason}).`,
    advice: "It is started again at the next call; if it ends again, look for a newer library of the vendor.",
  },
  SKF_BUSY: { says: (p) => `The token has ${p.waiting} signatures waiting; no more are taken.`, advice: ONE_TOO_MANY },
  SKF_ANSWER_INVALID: { says: (p) => `The token's answer to ${p.call} makes no sense.` },
  SKF_PIN_LENGTH: { says: (p) => `The PIN of a token has ${p.minimum} to ${p.maximum} bytes.`, advice: FIX_PIN },
  SKF_PIN_WRONG: { says: (p) => `The token refused the PIN; ${p.triesLeft} tries are left.`, advice: FIX_PIN },
  SKF_PIN_LAST_TRY: {
    says: (p) => `The token has only ${p.triesLeft} try left; the PIN was not presented.`,
    advice: UNBLOCK,
  },
  SKF_PIN_LOCKED: { says: () => "The PIN of the token is locked.", advice: LOCKED },
  SKF_PIN_UNANSWERED: {
    says: (p) => `The PIN was presented with ${p.triesLeft} tries left, and no answer came; it is not presented again.`,
    advice: "See with the vendor's tool whether a try is lost; if so, correct the PIN file. Then restart.",
  },
  SKF_OTHER_TOKEN: { says: (p) => `Another token is plugged in: ${p.found} instead of ${p.expected}.`, advice: OTHER },
  SKF_DIGEST_LENGTH: { says: (p) => `A token was given ${p.length} bytes to sign instead of ${p.expected}.` },
  SKF_CLOSED: { says: () => "The token has been closed." },
};
