import type { StateProblem } from "../../ledger/state/problems.js";
import type { Texts } from "../texts.js";

const BUILD_ANEW = "The state is built again from the database; nothing is lost.";

export const stateTexts: Texts<StateProblem> = {
  STATE_HEIGHT_UNKNOWN: {
    says: (p) => `The state of height ${p.height} is not kept; kept are ${p.oldest} to ${p.newest}.`,
    advice: "Ask for a newer height.",
  },
  STATE_HEIGHT_ORDER: {
    says: (p) => `Changes of height ${p.height} came where those of height ${p.expected} are next.`,
  },
  STATE_TREE_FULL: {
    says: (p) => `The state has reached its limit of ${p.max} nodes and takes no new keys.`,
    advice: "Remove records that are no longer needed, or raise the limit where there is memory for it.",
  },
  STATE_CHANGES_TOO_MANY: {
    says: (p) => `One height changes ${p.count} keys; at most ${p.max} are allowed.`,
  },
  STATE_FIELD_LENGTH: { says: (p) => `The ${p.field} of a state change has ${p.length} bytes instead of 32.` },
  STATE_KEY_TWICE: { says: (p) => `The state key ${p.key} is changed twice at one height.` },
  STATE_SNAPSHOT_GONE: {
    says: (p) => `The state of height ${p.height} was let go before its snapshot was complete.`,
    advice: "Take a snapshot of the newest height, and write it within the kept heights.",
  },
  STATE_SNAPSHOT_SHAPE: {
    says: (p) => `A snapshot of ${p.leafCount} keys does not fit together at key number ${p.leaf}.`,
    advice: BUILD_ANEW,
  },
  STATE_SNAPSHOT_ROOT: {
    says: (p) => `The snapshot of height ${p.height} does not have the root that it names.`,
    advice: BUILD_ANEW,
  },
};
