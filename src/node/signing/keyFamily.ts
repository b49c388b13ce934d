/** A key keeps its family for its whole life, on every chain: what it may sign must not depend on where it is asked. */
import { equalBytes } from "../../base/bytes.js";
import type { GuardStore, KeyId } from "./guardStore.js";
import type { KeyFamily } from "./port.js";
import { SigningError } from "./problems.js";

/** @throws SigningError `SIGN_FAMILY_OTHER` where the key is recorded with another family, on this chain or any other. */
export function assertFamily(store: GuardStore, { publicKey }: KeyId, family: KeyFamily): void {
  for (const { id, marks } of store.keys()) {
    if (marks.family === family || !equalBytes(id.publicKey, publicKey)) continue;
    throw new SigningError({ code: "SIGN_FAMILY_OTHER", family, recorded: marks.family });
  }
}
