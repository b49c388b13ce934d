/** Key pairs of simulated sealers and users. */
import type { SoftSigner, Suite } from "../../src/crypto/suite.js";
import { SECRET_KEY_BYTES } from "../../src/crypto/suite.js";
import type { SeededRandom } from "./seededRandom.js";

export interface Account {
  readonly secretKey: Uint8Array;
  /** 64 bytes X || Y; a sealer's node id. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

export function makeAccount(random: SeededRandom, suite: Suite, signer: SoftSigner): Account {
  const secretKey = random.bytes(SECRET_KEY_BYTES);
  // Below 2^255 and so below the order of either curve; never zero.
  secretKey[0] = ((secretKey[0] as number) & 0x7f) | 0x01;
  const publicKey = signer.publicKey(secretKey);
  return { secretKey, publicKey, address: suite.address(publicKey) };
}
