/** What a PKCS#11 token does by itself: C_SignInit and C_Sign on several sessions at once, nothing around them. */
import { CKF_OS_LOCKING_OK, type Cryptoki, type Handle } from "../../../hsm/pkcs11/cryptoki.js";
import { seconds } from "../measure.js";

const CKU_USER = 1;
const CKF_SERIAL_SESSION = 4;
const CKF_RW_SESSION = 2;
const CKA_CLASS = 0x0;
const CKA_ID = 0x102;
const CKO_PRIVATE_KEY = 3;
const CKM_ECDSA = 0x1041;
const SIGNATURE_BYTES = 64;

export interface RawToken {
  /** Signatures a second. */
  rate(count: number): Promise<number>;
  close(): void;
}

export async function openRawToken(module: string, pin: string, keyId: string, sessions: number): Promise<RawToken> {
  const { PKCS11 } = (await import("pkcs11js")).default as unknown as { PKCS11: new () => Cryptoki };
  const token = new PKCS11();
  token.load(module);
  token.C_Initialize({ flags: CKF_OS_LOCKING_OK });
  const slot = token.C_GetSlotList(true).find((each) => token.C_GetTokenInfo(each).label.trim() !== "") as Handle;
  const handles = Array.from({ length: sessions }, () =>
    token.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION),
  );
  const first = handles[0] as Handle;
  token.C_Login(first, CKU_USER, pin);
  token.C_FindObjectsInit(first, [
    { type: CKA_CLASS, value: CKO_PRIVATE_KEY },
    { type: CKA_ID, value: Buffer.from(keyId, "hex") },
  ]);
  const [key] = token.C_FindObjects(first, 1);
  token.C_FindObjectsFinal(first);
  if (key === undefined) throw new TypeError(`no private key ${keyId} on the token`);
  return {
    async rate(count) {
      let left = count;
      const start = seconds();
      await Promise.all(
        handles.map(async (session) => {
          while (left-- > 0) {
            token.C_SignInit(session, { mechanism: CKM_ECDSA }, key);
            await token.C_SignAsync(session, Buffer.alloc(32, 7), Buffer.alloc(SIGNATURE_BYTES));
          }
        }),
      );
      return count / (seconds() - start);
    },
    close() {
      token.C_Finalize();
      token.close();
    },
  };
}
