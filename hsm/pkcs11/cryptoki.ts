/** The part of pkcs11js that is used, the numbers of PKCS#11 v2.40 and v3.0 behind it, and return values as problems. */
import { Pkcs11Error, type Pkcs11Problem } from "./problems.js";

export type Handle = Buffer;

export interface Attribute {
  readonly type: number;
  readonly value?: number | boolean | string | Buffer;
}

export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: Buffer;
}

export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly serialNumber: string;
  readonly flags: number;
}

export interface Cryptoki {
  load(path: string): void;
  close(): void;
  C_Initialize(options: { readonly flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, count: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { type: number; value: Buffer }[];
  C_CreateObject(session: Handle, template: Attribute[]): Handle;
  C_DestroyObject(session: Handle, object: Handle): void;
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, output: Buffer): Promise<Buffer>;
  C_GenerateKeyPairAsync(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: Attribute[],
    privateTemplate: Attribute[],
  ): Promise<{ publicKey: Handle; privateKey: Handle }>;
}

export const CKF_OS_LOCKING_OK = 0x2;
export const CKF_RW_SESSION = 0x2;
export const CKF_SERIAL_SESSION = 0x4;
export const CKF_USER_PIN_FINAL_TRY = 0x20000;
export const CKF_USER_PIN_LOCKED = 0x40000;
export const CKU_USER = 1;

export const CKO_DATA = 0;
export const CKO_PUBLIC_KEY = 2;
export const CKO_PRIVATE_KEY = 3;

export const CKA_CLASS = 0x0;
export const CKA_TOKEN = 0x1;
export const CKA_PRIVATE = 0x2;
export const CKA_LABEL = 0x3;
export const CKA_APPLICATION = 0x10;
export const CKA_VALUE = 0x11;
export const CKA_KEY_TYPE = 0x100;
export const CKA_ID = 0x102;
export const CKA_SENSITIVE = 0x103;
export const CKA_SIGN = 0x108;
export const CKA_VERIFY = 0x10a;
export const CKA_EXTRACTABLE = 0x162;
export const CKA_LOCAL = 0x163;
export const CKA_NEVER_EXTRACTABLE = 0x164;
export const CKA_ALWAYS_SENSITIVE = 0x165;
export const CKA_MODIFIABLE = 0x170;
export const CKA_EC_PARAMS = 0x180;
export const CKA_EC_POINT = 0x181;

/** The package is optional and native: it is loaded in the token's own process and nowhere else. */
export async function loadCryptoki(): Promise<Cryptoki> {
  const name: string = "pkcs11js";
  try {
    const loaded = (await import(name)) as { default: { PKCS11: new () => Cryptoki } };
    return new loaded.default.PKCS11();
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "UNEXPECTED";
    throw new Pkcs11Error({ code: "PKCS11_LIBRARY_MISSING", reason });
  }
}

type CallProblemCode = "PKCS11_DEVICE_GONE" | "PKCS11_SESSION_LOST" | "PKCS11_LOGIN_LOST";

const CODE_OF_CKR: ReadonlyMap<number, CallProblemCode> = new Map([
  [0x003, "PKCS11_DEVICE_GONE"], // CKR_SLOT_ID_INVALID
  [0x030, "PKCS11_DEVICE_GONE"], // CKR_DEVICE_ERROR
  [0x031, "PKCS11_DEVICE_GONE"], // CKR_DEVICE_MEMORY
  [0x032, "PKCS11_DEVICE_GONE"], // CKR_DEVICE_REMOVED
  [0x0e0, "PKCS11_DEVICE_GONE"], // CKR_TOKEN_NOT_PRESENT
  [0x0e1, "PKCS11_DEVICE_GONE"], // CKR_TOKEN_NOT_RECOGNIZED
  [0x190, "PKCS11_DEVICE_GONE"], // CKR_CRYPTOKI_NOT_INITIALIZED
  [0x060, "PKCS11_SESSION_LOST"], // CKR_KEY_HANDLE_INVALID
  [0x082, "PKCS11_SESSION_LOST"], // CKR_OBJECT_HANDLE_INVALID
  [0x090, "PKCS11_SESSION_LOST"], // CKR_OPERATION_ACTIVE: stuck in an operation that nobody here knows of
  [0x0b0, "PKCS11_SESSION_LOST"], // CKR_SESSION_CLOSED
  [0x0b1, "PKCS11_SESSION_LOST"], // CKR_SESSION_COUNT
  [0x0b3, "PKCS11_SESSION_LOST"], // CKR_SESSION_HANDLE_INVALID
  [0x101, "PKCS11_LOGIN_LOST"], // CKR_USER_NOT_LOGGED_IN
]);
const CKR_PIN_FIRST = 0x0a0;
const CKR_PIN_LOCKED = 0x0a4;
/** Answers to C_Login by which the token has not looked at the PIN. */
const NOT_PRESENTED: ReadonlySet<number> = new Set([
  0x003, // CKR_SLOT_ID_INVALID
  0x0b0, // CKR_SESSION_CLOSED
  0x0b3, // CKR_SESSION_HANDLE_INVALID
  0x0e0, // CKR_TOKEN_NOT_PRESENT
  0x0e1, // CKR_TOKEN_NOT_RECOGNIZED
  0x100, // CKR_USER_ALREADY_LOGGED_IN
  0x102, // CKR_USER_PIN_NOT_INITIALIZED
  0x103, // CKR_USER_TYPE_INVALID
  0x104, // CKR_USER_ANOTHER_ALREADY_LOGGED_IN
  0x105, // CKR_USER_TOO_MANY_TYPES
  0x190, // CKR_CRYPTOKI_NOT_INITIALIZED
]);

/** pkcs11js throws errors whose message is the name and whose code is the number of the return value. */
function returnValueOf(thrown: unknown): { readonly name: string; readonly number: number } {
  if (!(thrown instanceof Error)) return { name: "UNEXPECTED", number: -1 };
  const number = "code" in thrown && typeof thrown.code === "number" ? thrown.code : -1;
  if (thrown.message.startsWith("CKR_")) return { name: thrown.message, number };
  return { name: number > 0 ? `CKR_0x${number.toString(16)}` : thrown.name, number };
}

export function callProblem(call: string, thrown: unknown): Pkcs11Problem {
  if (thrown instanceof Pkcs11Error) return thrown.problem;
  const { name, number } = returnValueOf(thrown);
  return { code: CODE_OF_CKR.get(number) ?? "PKCS11_CALL_FAILED", call, ckr: name };
}

/** "CKR_...", or the kind of error where the call was not made. */
export function returnValueName(thrown: unknown): string {
  return returnValueOf(thrown).name;
}

/** CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID. */
const ATTRIBUTE_WITHHELD: ReadonlySet<number> = new Set([0x011, 0x012, 0x013]);

/** Whether it is the attribute that cannot be read, and not the token. */
export function isAttributeWithheld(thrown: unknown): boolean {
  return ATTRIBUTE_WITHHELD.has(returnValueOf(thrown).number);
}

/** Whatever the module says why. */
export function sessionLost(call: string, thrown: unknown): Pkcs11Problem {
  return { code: "PKCS11_SESSION_LOST", call, ckr: returnValueName(thrown) };
}

export function loginProblem(token: string, thrown: unknown): Pkcs11Problem {
  const { name, number } = returnValueOf(thrown);
  if (number === CKR_PIN_LOCKED) return { code: "PKCS11_PIN_LOCKED", token };
  if (number >= CKR_PIN_FIRST && number < CKR_PIN_LOCKED) return { code: "PKCS11_PIN_REFUSED", token, ckr: name };
  if (NOT_PRESENTED.has(number)) return callProblem("C_Login", thrown);
  return { code: "PKCS11_LOGIN_UNANSWERED", token, reason: name };
}

/** Runs one call; what it throws becomes typed. */
export function called<T>(call: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    throw new Pkcs11Error(callProblem(call, thrown));
  }
}
