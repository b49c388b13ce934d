import type { LineProblem } from "../../link/lineProblems.js";
import type { Texts } from "../texts.js";

export const lineTexts: Texts<LineProblem> = {
  LINE_DOWN: {
    says: (p) => `The line ${p.line} to devices is down (${p.reason}).`,
    advice:
      "Look at cable and adapter. It is opened again by itself. For a serial adapter use a name that stays the same, /dev/serial/by-id/..., and see that the gateway's user may open it (group dialout).",
  },
  LINE_STOPPED: { says: (p) => `The line ${p.line} to devices has been stopped.` },
  LINE_BUSY: {
    says: (p) => `${p.waiting} of ${p.limit} wait for the line ${p.line} already; nothing more is taken.`,
    advice: "The line is slower than what is asked of it: fewer devices a line, longer intervals, or a higher speed.",
  },
  LINE_SERIAL_MISSING: {
    says: (p) => `Serial ports cannot be used: the package "serialport" does not load (${p.reason}).`,
    advice: "Install it with npm install serialport; it needs a C++ compiler where no built version fits.",
  },
  LINE_OPTION_INVALID: { says: (p) => `The option "${p.option}" of a line is not usable: ${p.reason}.` },
};
