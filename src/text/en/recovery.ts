import type { RecoveryProblem } from "../../node/participant/recovery/problems.js";
import type { Texts } from "../texts.js";

export const recoveryTexts: Texts<RecoveryProblem> = {
  RECOVERY_BUSY: {
    says: (p) => `Signatures of ${p.asked} ${p.unit} would wait to be checked; at most ${p.max} may.`,
    advice: "Send again later, and no more at once.",
  },
  RECOVERY_CLOSED: { says: () => "The participant is stopping and checks no more signatures." },
};
