/** Finding the token among the slots of a module. */
import * as ck from "./cryptoki.js";
import { SLOTS_MAX } from "./limits.js";
import type { TokenSelection } from "./messages.js";
import { Pkcs11Error } from "./problems.js";

interface FoundToken {
  readonly slot: ck.Handle;
  readonly info: ck.TokenInfo;
}

/** @throws Pkcs11Error `PKCS11_TOKEN_ABSENT`, `PKCS11_TOKEN_AMBIGUOUS` */
export function findToken(cryptoki: ck.Cryptoki, wanted: TokenSelection): FoundToken {
  const name = wanted.serial ?? wanted.label ?? "";
  const slots = ck.called("C_GetSlotList", () => cryptoki.C_GetSlotList(true)).slice(0, SLOTS_MAX);
  const tokens: FoundToken[] = [];
  const others: string[] = [];
  for (const slot of slots) {
    try {
      const info = cryptoki.C_GetTokenInfo(slot);
      tokens.push({ slot, info });
      others.push(`${info.label.trim()} ${info.serialNumber.trim()}`.trim());
    } catch (thrown) {
      // What sits in another slot (a foreign card, a broken one) is no reason to leave ours alone.
      others.push(`unreadable (${ck.returnValueName(thrown)})`);
    }
  }
  const fitting = tokens.filter(
    ({ info }) =>
      (wanted.label === undefined || info.label.trim() === wanted.label) &&
      (wanted.serial === undefined || info.serialNumber.trim() === wanted.serial),
  );
  const [found] = fitting;
  if (found === undefined) {
    throw new Pkcs11Error({ code: "PKCS11_TOKEN_ABSENT", token: name, found: others.filter(Boolean) });
  }
  if (fitting.length > 1) {
    throw new Pkcs11Error({ code: "PKCS11_TOKEN_AMBIGUOUS", token: name, count: fitting.length });
  }
  return found;
}
