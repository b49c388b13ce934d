/** The self-test of signers. It loads the reference, because a random signature has to be verified by somebody trusted. */
import { equalBytes } from "../../base/bytes.js";
import { referenceSuite } from "../referenceSuite.js";
import { assembleSigner, type SignerPart } from "../signerParts.js";
import type { SuiteName } from "../suite.js";
import { KNOWN_SIGNATURES } from "./knownSignatures.js";
import type { SelfTestFailure } from "./selfTest.js";

/** What is wrong with a signer, or undefined. */
export function testSigner(name: SuiteName, part: SignerPart): SelfTestFailure | undefined {
  const { secretKey, publicKey, digest, signature } = KNOWN_SIGNATURES[name];
  const signer = assembleSigner(name, part);
  if (!equalBytes(signer.publicKey(secretKey), publicKey)) return "PUBLIC_KEY_DIFFERS";
  const made = signer.signHeader(secretKey, digest);
  if (name === "ecdsa") return equalBytes(made, signature) ? undefined : "OWN_SIGNATURE_INVALID";
  const valid = referenceSuite(name).prepare(publicKey)?.verify(digest, made) === true;
  return valid ? undefined : "OWN_SIGNATURE_INVALID";
}
