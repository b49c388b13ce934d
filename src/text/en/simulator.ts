import type { SimulatorProblem } from "../../../simulator/chain/problems.js";
import type { Texts } from "../texts.js";

export const simulatorTexts: Texts<SimulatorProblem> = {
  SIMULATOR_OPTION: { says: (p) => `The simulator cannot use ${p.option}: ${p.reason}.` },
  SIMULATOR_NOT_KEPT: {
    says: (p) => `The simulated chain has no ${p.what} ${p.number} in memory.`,
    advice: "Ask for a height that was issued, or let the issuer keep more.",
  },
  SIMULATOR_KEY_UNKNOWN: { says: (p) => `No simulated key belongs to node ${p.nodeId}.` },
  SIMULATOR_ATTACK_IMPOSSIBLE: { says: (p) => `The attack ${p.attack} cannot be made on this chain: ${p.reason}.` },
};
