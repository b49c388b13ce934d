/** A key on a token: found by id and public key, its attributes read back and judged. */
import { equalBytes, fromHex } from "../../src/base/bytes.js";
import type { Extractable } from "../../src/crypto/keyBackend.js";
import { isCurveOf, publicKeyOfPoint, type TokenAlgorithm } from "./algorithms.js";
import * as ck from "./cryptoki.js";
import type { KeySelection } from "./messages.js";
import { Pkcs11Error } from "./problems.js";
import { findObjects } from "./tokenObjects.js";

export interface TokenKey {
  readonly handle: ck.Handle;
  readonly publicKey: Uint8Array;
  readonly extractable: Extractable;
}

export interface KeyRules {
  readonly expectedKey: Uint8Array | undefined;
  readonly allowExtractable: boolean;
  /** The key was just made here: its secret must never have been anywhere else. */
  readonly generated?: boolean;
}

type FlagRule = readonly [type: number, wanted: boolean, attribute: string];
/** CK_FALSE and CK_TRUE. */
const FLAGS: ReadonlyMap<number, boolean> = new Map([
  [0, false],
  [1, true],
]);

/** @throws Pkcs11Error `PKCS11_KEY_*`, `PKCS11_ANSWER_INVALID` */
export function findKey(
  cryptoki: ck.Cryptoki,
  session: ck.Handle,
  { keyId }: KeySelection,
  algorithm: TokenAlgorithm,
  rules: KeyRules,
): TokenKey {
  const id = Buffer.from(fromHex(keyId));
  const one = (objectClass: number): ck.Handle | undefined => {
    const template = [
      { type: ck.CKA_CLASS, value: objectClass },
      { type: ck.CKA_ID, value: id },
    ];
    const found = findObjects(cryptoki, session, template);
    if (found.length > 1) throw new Pkcs11Error({ code: "PKCS11_KEY_AMBIGUOUS", keyId, count: found.length });
    return found[0];
  };
  const handle = one(ck.CKO_PRIVATE_KEY);
  if (handle === undefined) throw new Pkcs11Error({ code: "PKCS11_KEY_ABSENT", keyId });
  checkCurve(cryptoki, session, handle, algorithm, keyId);
  const extractable = checkProtection(cryptoki, session, handle, keyId, rules);
  const publicObject = one(ck.CKO_PUBLIC_KEY);
  const publicKey =
    publicObject === undefined
      ? rules.expectedKey
      : publicKeyOfPoint(algorithm, bytesOf(cryptoki, session, publicObject, ck.CKA_EC_POINT));
  if (publicKey === undefined) {
    throw new Pkcs11Error({ code: "PKCS11_KEY_UNSUITABLE", keyId, attribute: "CKA_EC_POINT" });
  }
  if (rules.expectedKey !== undefined && !equalBytes(rules.expectedKey, publicKey)) {
    throw new Pkcs11Error({ code: "PKCS11_KEY_CHANGED", keyId });
  }
  return { handle, publicKey, extractable };
}

function checkCurve(
  cryptoki: ck.Cryptoki,
  session: ck.Handle,
  key: ck.Handle,
  algorithm: TokenAlgorithm,
  keyId: string,
): void {
  const refuse = (attribute: string): never => {
    throw new Pkcs11Error({ code: "PKCS11_KEY_UNSUITABLE", keyId, attribute });
  };
  const keyType = bytesOf(cryptoki, session, key, ck.CKA_KEY_TYPE);
  // CK_ULONG in the order of the machine; only little-endian machines run Node today, and 4 bytes suffice.
  if (keyType.length < 4 || Buffer.from(keyType).readUInt32LE(0) !== algorithm.keyType) refuse("CKA_KEY_TYPE");
  if (!isCurveOf(algorithm, bytesOf(cryptoki, session, key, ck.CKA_EC_PARAMS))) refuse("CKA_EC_PARAMS");
  if (flagOf(cryptoki, session, key, ck.CKA_SIGN) !== true) refuse("CKA_SIGN");
}

/** Now; what cannot be read counts as unprotected. */
const PROTECTED: readonly FlagRule[] = [
  [ck.CKA_SENSITIVE, true, "CKA_SENSITIVE"],
  [ck.CKA_EXTRACTABLE, false, "CKA_EXTRACTABLE"],
];
/** Of an imported key the token has seen neither. */
const SINCE_BIRTH: readonly FlagRule[] = [
  [ck.CKA_ALWAYS_SENSITIVE, true, "CKA_ALWAYS_SENSITIVE"],
  [ck.CKA_NEVER_EXTRACTABLE, true, "CKA_NEVER_EXTRACTABLE"],
];
const MADE_HERE: readonly FlagRule[] = [...SINCE_BIRTH, [ck.CKA_LOCAL, true, "CKA_LOCAL"]];

function checkProtection(
  cryptoki: ck.Cryptoki,
  session: ck.Handle,
  key: ck.Handle,
  keyId: string,
  rules: KeyRules,
): Extractable {
  const broken = (flags: readonly FlagRule[]): string | undefined =>
    flags.find(([type, wanted]) => flagOf(cryptoki, session, key, type) !== wanted)?.[2];
  const attribute = broken(rules.generated === true ? [...PROTECTED, ...MADE_HERE] : PROTECTED);
  if (attribute === undefined) return broken(SINCE_BIRTH) === undefined ? "no" : "once";
  if (rules.allowExtractable) return "yes";
  throw new Pkcs11Error({ code: "PKCS11_KEY_NOT_PROTECTED", keyId, attribute });
}

function bytesOf(cryptoki: ck.Cryptoki, session: ck.Handle, object: ck.Handle, type: number): Uint8Array {
  const [attribute] = ck.called("C_GetAttributeValue", () => cryptoki.C_GetAttributeValue(session, object, [{ type }]));
  return attribute?.value ?? new Uint8Array(0);
}

/** Undefined where the token does not know the attribute, keeps it to itself, or gives what is no CK_BBOOL. */
function flagOf(cryptoki: ck.Cryptoki, session: ck.Handle, object: ck.Handle, type: number): boolean | undefined {
  let bytes: Uint8Array;
  try {
    bytes = cryptoki.C_GetAttributeValue(session, object, [{ type }])[0]?.value ?? new Uint8Array(0);
  } catch (thrown) {
    if (ck.isAttributeWithheld(thrown)) return undefined;
    throw new Pkcs11Error(ck.callProblem("C_GetAttributeValue", thrown));
  }
  return bytes.length === 1 ? FLAGS.get(bytes[0] ?? 0xff) : undefined;
}

/** The secret is made on the token, never leaves it, and is used after login only. */
export function keyTemplates(
  algorithm: TokenAlgorithm,
  id: Buffer,
  label: string,
): { readonly public: ck.Attribute[]; readonly private: ck.Attribute[] } {
  const both = [
    { type: ck.CKA_TOKEN, value: true },
    { type: ck.CKA_ID, value: id },
    { type: ck.CKA_LABEL, value: label },
    { type: ck.CKA_KEY_TYPE, value: algorithm.keyType },
  ];
  return {
    public: [
      ...both,
      { type: ck.CKA_CLASS, value: ck.CKO_PUBLIC_KEY },
      { type: ck.CKA_VERIFY, value: true },
      { type: ck.CKA_EC_PARAMS, value: Buffer.from(algorithm.params[0] ?? []) },
    ],
    private: [
      ...both,
      { type: ck.CKA_CLASS, value: ck.CKO_PRIVATE_KEY },
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_SENSITIVE, value: true },
      { type: ck.CKA_EXTRACTABLE, value: false },
      { type: ck.CKA_SIGN, value: true },
    ],
  };
}
