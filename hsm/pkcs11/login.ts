/** The PIN, presented to the token. */
import * as ck from "./cryptoki.js";
import { Pkcs11Error } from "./problems.js";

/** Once. A token that would lock at the next wrong PIN is left to people. */
export function login(cryptoki: ck.Cryptoki, session: ck.Handle, info: ck.TokenInfo, pin: Uint8Array): void {
  const token = info.label.trim();
  if ((info.flags & ck.CKF_USER_PIN_LOCKED) !== 0) throw new Pkcs11Error({ code: "PKCS11_PIN_LOCKED", token });
  if ((info.flags & ck.CKF_USER_PIN_FINAL_TRY) !== 0) throw new Pkcs11Error({ code: "PKCS11_PIN_FINAL_TRY", token });
  try {
    cryptoki.C_Login(session, ck.CKU_USER, Buffer.from(pin.buffer, pin.byteOffset, pin.length).toString("utf8"));
  } catch (thrown) {
    throw new Pkcs11Error(ck.loginProblem(token, thrown));
  } finally {
    pin.fill(0);
  }
}
