import type { FindingDetail } from "../../device/rules/analyse/problems.js";
import type { CompileProblem } from "../../device/rules/compile/problems.js";
import type { RuleProblem } from "../../device/rules/problems.js";
import type { RuleRefusalProblem } from "../../device/rules/refusals.js";
import type { ReceiptFault } from "../../device/rules/verifyReceipts.js";
import type { RuleCommandProblem, RuleFileProblem } from "../../node/rules/problems.js";
import type { Texts } from "../texts.js";

export const ruleTexts: Texts<RuleProblem> = {
  SCENE_UNKNOWN: { says: (p) => `There is no active scene "${p.scene}".` },
  SCENE_NOT_ARMED: { says: (p) => `The scene "${p.scene}" must be armed first, and is not.` },
  SCENE_PRECONDITION: {
    says: (p) => `The scene "${p.scene}" does not start: its condition does not hold or is unknown.`,
  },
  SCENE_DENIED: {
    says: (p) => `The scene "${p.scene}" does not start: its step at ${p.device} is not possible (${p.reason}).`,
    advice: "A scene that is all or nothing needs every step allowed and every prior state known.",
  },
  SCENE_BUSY: { says: (p) => `The scene "${p.scene}" was started too often and is still under way.` },
  RULES_TOO_MANY: { says: (p) => `There are ${p.count} ${p.what}; ${p.max} are possible.` },
  RULE_ID_TWICE: { says: (p) => `Two rules or scenes are called "${p.rule}".` },
};

export const ruleRefusalTexts: Texts<RuleRefusalProblem> = {
  RULE_POLICY_DENIES: {
    says: (p) => `The policy does not let ${p.rule || "this person"} do that.`,
    advice: "What no rule of the policy allows is denied; see policy.yaml.",
  },
  RULE_POLICY_ASKS: {
    says: (p) => `The policy wants somebody to be asked before ${p.rule || "this person"} does that.`,
  },
  RULE_LIMIT_SPENT: { says: (p) => `The rule ${p.rule} has run as often as its limits allow.` },
  RULE_HEADER_OLD: {
    says: (p) => `The newest header of the chain is too old for ${p.rule || "this command"}.`,
    advice: "Commands that go the safe way still go out. See whether the node reaches its chain.",
  },
  RULE_READING_STALE: { says: (p) => `The rule ${p.rule} did not run: a reading it needs is missing or too old.` },
  RULE_BUSY: { says: (p) => `The rule ${p.rule} is still running.` },
  RULE_STORM: { says: (p) => `The rule ${p.rule} was set off too often in a second; only safe commands went out.` },
  RULE_CHAIN_DEPTH: {
    says: (p) => `The rule ${p.rule} was set off by a long row of other rules; only safe commands went out.`,
    advice: "Two rules may be setting each other off. `edgeseal rule check` looks for circles.",
  },
  RULE_OUTRANKED: { says: (p) => `A more important rule than ${p.rule} has just set the same thing otherwise.` },
  RULE_DEVICE_FROZEN: { says: () => "The device is not registered, suspended or retired." },
  RULE_DEVICE_UNFIT: { says: () => "There is no such device, or it cannot do that." },
  RULE_COSIGNER_MISSING: {
    says: (p) => `The rule ${p.rule} wants something dangerous to which nobody else has agreed.`,
  },
  RULE_NOT_ABSOLUTE: { says: () => "Only commands that say what shall be are carried out, no toggles or steps." },
  RULE_VALUE_RANGE: { says: () => "The device cannot take that value." },
  RULE_VALUE_TYPE: { says: () => "The device takes another kind of value." },
  RULE_EXPRESSION_OVERFLOW: { says: (p) => `An expression of ${p.rule} gave a number that is too large.` },
  RULE_EXPRESSION_DIVISION: { says: (p) => `An expression of ${p.rule} divided by zero.` },
  RULE_MALFORMED: { says: (p) => `The rule ${p.rule} passes the limits of the language and does not run.` },
  RULE_STATE_DAMAGED: {
    says: (p) => `What was kept of ${p.rule} cannot be read; only its safe commands go out.`,
    advice: "The disk may be damaged. A new version of the rule begins with new counters.",
  },
};

export const ruleCompileTexts: Texts<CompileProblem> = {
  RULE_DEVICE_UNKNOWN: { says: (p) => `${p.path}: there is no device "${p.device}".` },
  RULE_SELECTOR: {
    says: (p) => `${p.path}: ${p.found === 0 ? "no" : p.found} ways to choose devices are given; one is wanted.`,
    advice: "Name one of device, group, class, owner, or any: true.",
  },
  RULE_SELECTOR_EMPTY: { says: (p) => `${p.path}: there is no device of ${p.selector}.` },
  RULE_NAME_UNKNOWN: {
    says: (p) =>
      `${p.path}: ${p.selector} has no "${p.name}" that fits here${p.known === "" ? "" : `; it has ${p.known}`}.`,
  },
  RULE_KINDS_DIFFER: { says: (p) => `${p.path}: "${p.name}" is not of one kind at ${p.selector}.` },
  RULE_VALUE_WRONG: { says: (p) => `${p.path}: "${p.value}" stands where ${p.expected} is wanted.` },
  RULE_DURATION: {
    says: (p) => `${p.path}: "${p.text}" is no length of time.`,
    advice: "Write 500 ms, 30 s, 5 min, 1.5 h or 2 d; a week at most.",
  },
  RULE_TIME_OF_DAY: { says: (p) => `${p.path}: "${p.text}" is no window of the day; write 22:30-06:00.` },
  RULE_OPERATOR: { says: (p) => `${p.path}: one is wanted of ${p.expected}; there are ${p.found}.` },
  RULE_TOO_MANY: { says: (p) => `${p.path}: ${p.count} ${p.what}; 1 to ${p.max} are possible.` },
  RULE_EXPRESSION_SYNTAX: { says: (p) => `${p.path}: at character ${p.at} of the expression ${p.expected} is wanted.` },
  RULE_EXPRESSION_LONG: { says: (p) => `${p.path}: the expression takes ${p.steps} steps; ${p.max} are allowed.` },
  RULE_PAY_NOT_YET: { says: (p) => `${p.path}: payments are not possible yet.` },
  RULE_SCENE_UNKNOWN: { says: (p) => `${p.path}: there is no scene "${p.scene}".` },
  RULE_ID_FORM: { says: (p) => `${p.path}: "${p.id}" is no id; use 1 to 64 letters, digits, - or _.` },
  RULE_WHO: { says: (p) => `${p.path}: "${p.text}" is nobody; write rule:<id>, scene:<id>, person:<name> or any.` },
};

export const ruleAnalysisTexts: Texts<FindingDetail> = {
  RULE_CYCLE: {
    says: (p) => `Rules set each other off in a circle: ${p.through}.`,
    advice: "Give one of them a hysteresis, or limits: { every: ... }.",
  },
  RULE_WRITERS_CONFLICT: {
    says: (p) => `It and the rule ${p.other} may set ${p.target} to different values at the same time.`,
    advice: "Give them different priorities, or conditions that exclude each other.",
  },
  RULE_CONDITION_NEVER: { says: (p) => `The condition can never hold: ${p.why}.` },
  RULE_CONDITION_ALWAYS: { says: (p) => `The condition always holds: ${p.why}.` },
  RULE_VALUE_OUTSIDE: {
    says: (p) => `The value ${p.value} lies outside ${p.min} to ${p.max} (in the smallest steps).`,
  },
  RULE_ACTION_NOT_ABSOLUTE: {
    says: (p) => `"${p.name}" of ${p.device} is a toggle or step: done twice it is not the same as done once.`,
    advice: "Set a property to a value instead.",
  },
  RULE_NEEDS_COSIGNER: {
    says: (p) =>
      `"${p.name}" of ${p.device} has safety class ${p.class} and is moved away from its safe side by nobody's leave.`,
    advice: "Name a co_signer, or set it to its safe value.",
  },
  RULE_FUEL: { says: (p) => `An expression takes ${p.steps} steps; ${p.max} are allowed.` },
  RULE_TARGETS_NOTHING: { says: (p) => `No device of ${p.selector} has "${p.name}" to set.` },
  RULE_SOURCE_NOTHING: { says: (p) => `No device of ${p.selector} tells "${p.name}".` },
  RULE_NOT_REVERTIBLE: { says: (p) => `"${p.name}" of ${p.device} cannot be put back, which all_or_revert needs.` },
  RULE_FORM: { says: (p) => `It is not well formed: ${p.what}.` },
};

export const ruleFileTexts: Texts<RuleFileProblem | RuleCommandProblem> = {
  RULE_FILE_UNREADABLE: { says: (p) => `The file cannot be read (${p.reason}).` },
  RULE_FILE_TOO_LARGE: { says: (p) => `The file has ${p.size} bytes; ${p.limit} are allowed.` },
  RULE_FILE_YAML: { says: (p) => `The file is no YAML: ${p.reason}.` },
  RULE_FILE_KIND: {
    says: () => "The file holds neither a rule nor a scene nor a policy; one of these keys is wanted.",
  },
  RULE_FILE_KEY: { says: (p) => `"${p.field}" is no key here; the nearest one known is "${p.nearest}".` },
  RULE_FILE_VALUE: { says: (p) => `${p.field || "The file"}: ${p.reason}.` },
  RULE_FILE_TWICE: { says: (p) => `"${p.id}" stands in ${p.other} already.` },
  RULE_PROFILE_UNKNOWN: {
    says: (p) => `The device ${p.device} has the profile ${p.profile}, which is not known.`,
    advice: "`edgeseal profile list` shows those that are.",
  },
  RULE_FILES_TOO_MANY: { says: (p) => `${p.folder} holds more than ${p.max} files.` },
  RULE_HOME_MISSING: {
    says: (p) => `There is no devices.yaml in ${p.folder}.`,
    advice: "Name the folder with --home; devices.yaml says which devices there are.",
  },
  RULE_FILES_BAD: {
    says: (p) => `There ${p.mistakes === 1 ? "is 1 mistake" : `are ${p.mistakes} mistakes`} in the files.`,
  },
  RULE_INPUT_LINE: { says: (p) => `Line ${p.line} of the readings cannot be used: ${p.reason}.` },
  RECEIPTS_NONE: { says: (p) => `${p.path} holds no receipts.` },
  RECEIPTS_BAD: { says: (p) => `${p.faults} of the checks of receipts failed.` },
};

export const receiptFaultTexts: Texts<ReceiptFault> = {
  RECEIPTS_UNREADABLE: {
    says: (p) => `Receipt ${p.index + 1} of the file is not in canonical form; nothing after it is checked.`,
  },
  RECEIPTS_GAP: { says: (p) => `Receipt ${p.sequence} stands where ${p.expected} is due.` },
  RECEIPTS_UNLINKED: { says: (p) => `Receipt ${p.sequence} does not name the one before it.` },
  RECEIPTS_INPUTS: { says: (p) => `The inputs of receipt ${p.sequence} are not those whose hash it names.` },
  RECEIPTS_OTHER_GATEWAY: { says: (p) => `Receipt ${p.sequence} is another gateway's.` },
  RECEIPTS_HEAD: { says: (p) => `The head over ${p.fromSequence} to ${p.toSequence} does not fit these receipts.` },
};
