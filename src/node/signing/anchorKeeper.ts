/**
 * The anchor outside the disk, as the guard uses it: every wait ends, and what was written is read back, because not every
 * home of keys can refuse a value that another instance has overtaken.
 */
import type { AnchorValue, KeyAnchor } from "../../crypto/keyBackend.js";
import { ANCHOR_TIMEOUT_MS } from "./limits.js";
import { reasonOf, SigningError } from "./problems.js";
import { withTimeout } from "./withTimeout.js";

async function attempt<T>(action: "read" | "write", work: () => Promise<T>): Promise<T> {
  const late = () => new SigningError({ code: "SIGN_ANCHOR_FAILED", action, reason: "TIMEOUT" });
  try {
    return await withTimeout(work(), ANCHOR_TIMEOUT_MS, late);
  } catch (thrown) {
    if (thrown instanceof SigningError) throw thrown;
    throw new SigningError({ code: "SIGN_ANCHOR_FAILED", action, reason: reasonOf(thrown) }, { cause: thrown });
  }
}

/** @throws SigningError `SIGN_ANCHOR_FAILED` */
export async function readAnchor(anchor: KeyAnchor): Promise<AnchorValue | undefined> {
  const value = await attempt("read", () => anchor.read());
  if (value === undefined) return undefined;
  const { session, reserved } = value;
  const sound = Number.isSafeInteger(session) && session >= 0 && Number.isSafeInteger(reserved) && reserved >= 0;
  if (!sound) throw new SigningError({ code: "SIGN_ANCHOR_FAILED", action: "read", reason: "SHAPE" });
  return value;
}

/** @throws SigningError `SIGN_ANCHOR_FAILED`, `SIGN_SESSION_OTHER` when another instance wrote at the same time. */
export async function writeAnchor(anchor: KeyAnchor, value: AnchorValue): Promise<void> {
  await attempt("write", () => anchor.write(value));
  const found = await readAnchor(anchor);
  if (found?.session !== value.session) {
    throw new SigningError({ code: "SIGN_SESSION_OTHER", database: value.session, anchor: found?.session ?? 0 });
  }
  if (found.reserved < value.reserved) {
    throw new SigningError({ code: "SIGN_ANCHOR_FAILED", action: "write", reason: "NOT_KEPT" });
  }
}
