import type { WireProblem } from "../../codec/wire/problems.js";
import type { Texts } from "../texts.js";

export const wireTexts: Texts<WireProblem> = {
  WIRE_TOO_LARGE: { says: (p) => `A message of ${p.size} bytes is larger than the ${p.limit} bytes allowed.` },
  WIRE_TRUNCATED: { says: (p) => `A message ends at byte ${p.offset}, ${p.need} bytes too early.` },
  WIRE_TRAILING_BYTES: { says: (p) => `A message has ${p.extra} bytes after its end at byte ${p.offset}.` },
  WIRE_UNEXPECTED_TYPE: {
    says: (p) =>
      `Byte ${p.offset} starts something else than the ${p.expected} that belongs there (0x${p.byte.toString(16)}).`,
  },
  WIRE_NOT_MINIMAL: { says: (p) => `The number at byte ${p.offset} is not written in its shortest form.` },
  WIRE_LENGTH: { says: (p) => `The field "${p.field}" at byte ${p.offset} has the wrong length (${p.got}).` },
  WIRE_RANGE: { says: (p) => `The field "${p.field}" is out of range (${p.got}).` },
  WIRE_TEXT: { says: (p) => `The field "${p.field}" is no text in UTF-8.` },
  WIRE_NAME: { says: (p) => `The field "${p.field}" is not a name of 1 to 64 letters, digits, "-" or "_".` },
  WIRE_KIND: { says: (p) => `A message of kind ${p.got} came where kind ${p.expected} belongs.` },
  WIRE_SIGNER_MAP: { says: (p) => `The list of signers of a header does not fit its sealers: ${p.reason}.` },
  WIRE_SEGMENT_SHAPE: { says: (p) => `A segment of headers has the wrong shape: ${p.reason}.` },
  WIRE_PROFILE_MISMATCH: {
    says: (p) => `The publisher's chain has ${p.field} "${p.theirs}", ours has "${p.ours}".`,
    advice: "Check that the anchor and the broker belong to the same chain and group.",
  },
};
