/** How long a signature may take: a token is quick, a person is not. */
import type { Millis } from "../../base/clock.js";
import type { KeyFacts } from "../../crypto/keyBackend.js";
import { PRESENCE_TIMEOUT_MS, SIGN_TIMEOUT_MS } from "./limits.js";

export function signTimeoutOf({ presence = false }: KeyFacts): Millis {
  return presence ? PRESENCE_TIMEOUT_MS : SIGN_TIMEOUT_MS;
}
