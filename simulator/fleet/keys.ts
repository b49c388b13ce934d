/** Keys of virtual devices: made from the seed, so that a run can be repeated; of no worth outside a simulation. */
import { utf8Bytes } from "../../src/base/bytes.js";
import { loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import type { SuiteName } from "../../src/crypto/suite.js";
import type { DeviceKey } from "../devices/nativeDevice.js";

export async function deviceKeys(suiteName: SuiteName, seed: number): Promise<(index: number) => DeviceKey> {
  const [suite, signer] = await Promise.all([loadSuite(suiteName), loadSoftSigner(suiteName)]);
  return (index) => {
    // A hash of 32 bytes is a valid secret but for a chance of 2^-127.
    const secret = suite.hash(utf8Bytes(`edgeseal simulated device ${seed} ${index}`));
    return {
      publicKey: signer.publicKey(secret),
      sign: (bytes) => signer.signHeader(secret, suite.hash(bytes)),
    };
  };
}
