import type { CryptoProblem } from "../../crypto/problems.js";
import type { Texts } from "../texts.js";

export const cryptoTexts: Texts<CryptoProblem> = {
  CRYPTO_SECRET_KEY_INVALID: {
    says: (p) => `A secret of ${p.length} bytes is no secret key of the suite ${p.suite}.`,
    advice: "A secret key is 32 bytes, not zero and below the order of the curve; check the key file and the suite.",
  },
  CRYPTO_DIGEST_LENGTH: {
    says: (p) => `A digest to be signed has ${p.length} bytes instead of ${p.expected}.`,
  },
  CRYPTO_LEAF_LENGTH: {
    says: (p) => `A leaf of a hash tree has ${p.length} bytes instead of ${p.expected}.`,
  },
  CRYPTO_LEAF_INDEX: {
    says: (p) => `There is no leaf ${p.index} in a hash tree of ${p.count} leaves.`,
  },
  CRYPTO_MOUNTAIN_FULL: {
    says: (p) => `The history tree already has ${p.count} leaves and takes no more.`,
  },
  CRYPTO_MOUNTAIN_PEAKS: {
    says: (p) =>
      p.expected < 0
        ? `A history tree cannot have ${p.count} leaves.`
        : `A history tree of ${p.count} leaves has ${p.expected} peaks of 32 bytes; ${p.peaks} peaks that do not fit were given.`,
    advice: "The stored state of the history tree is damaged; rebuild it from the headers.",
  },
  CRYPTO_MOUNTAIN_NODE_MISSING: {
    says: (p) => `Node ${p.index} of level ${p.level} of the history tree is not stored.`,
    advice: "Proofs need every node of the history tree; rebuild it from the headers.",
  },
  CRYPTO_BACKEND_NONE: {
    says: (p) => {
      const among = p.only.length === 0 ? "" : ` among ${p.only.join(", ")}`;
      return `No ${p.part} back end of the suite ${p.suite}${among} is present and passes its self-test.`;
    },
    advice: "Run the doctor to see why each back end is refused, or allow another one.",
  },
  CRYPTO_BACKEND_UNKNOWN: {
    says: (p) => `There is no cryptographic back end named "${p.name}".`,
    advice: "Run the doctor to see the names of all back ends.",
  },
};
