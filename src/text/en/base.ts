import type { BytesProblem } from "../../base/bytes.js";
import type { Texts } from "../texts.js";

export const baseTexts: Texts<BytesProblem> = {
  BYTES_NOT_HEX: { says: (p) => `A text of ${p.length} characters is not an even number of hexadecimal digits.` },
};
