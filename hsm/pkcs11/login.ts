/** The PIN, presented to the token once, and where it can do no harm. */
import * as ck from "./cryptoki.js";
import type { LoginNote } from "./messages.js";
import { Pkcs11Error, type Pkcs11Problem } from "./problems.js";

/** Resolves when the node's side cannot miss it any more, whatever becomes of this process. */
export type ReportLogin = (note: LoginNote) => Promise<void>;

/**
 * A token that would lock at the next wrong PIN is left to people. The PIN is overwritten, whatever happens.
 * @throws Pkcs11Error `PKCS11_OPTION`, `PKCS11_PIN_*`, `PKCS11_LOGIN_UNANSWERED`, and what says that the token is not there
 */
export async function logIn(
  cryptoki: ck.Cryptoki,
  session: ck.Handle,
  info: ck.TokenInfo,
  pin: Uint8Array,
  report: ReportLogin,
): Promise<void> {
  const token = info.label.trim();
  try {
    // Left out, or overwritten by whoever closed the key meanwhile: it would cost a try.
    if (pin.every((byte) => byte === 0)) throw new Pkcs11Error({ code: "PKCS11_OPTION", option: "pin" });
    if ((info.flags & ck.CKF_USER_PIN_LOCKED) !== 0) throw new Pkcs11Error({ code: "PKCS11_PIN_LOCKED", token });
    if ((info.flags & ck.CKF_USER_PIN_FINAL_TRY) !== 0) throw new Pkcs11Error({ code: "PKCS11_PIN_FINAL_TRY", token });
    await report("login begun");
    const problem = present(cryptoki, session, token, pin);
    await report("login answered");
    if (problem !== undefined) throw new Pkcs11Error(problem);
  } finally {
    pin.fill(0);
  }
}

function present(cryptoki: ck.Cryptoki, session: ck.Handle, token: string, pin: Uint8Array): Pkcs11Problem | undefined {
  try {
    cryptoki.C_Login(session, ck.CKU_USER, Buffer.from(pin.buffer, pin.byteOffset, pin.length).toString("utf8"));
    return undefined;
  } catch (thrown) {
    return ck.loginProblem(token, thrown);
  }
}
