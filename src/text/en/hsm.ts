import type { KeystoreProblem, SecretProblem } from "../../../hsm/keystore/problems.js";
import type { Pkcs11Problem } from "../../../hsm/pkcs11/problems.js";
import type { Texts } from "../texts.js";

export const keystoreTexts: Texts<KeystoreProblem> = {
  KEYSTORE_UNREADABLE: {
    says: (p) => `The key file ${p.path} cannot be read (${p.reason}).`,
    advice: "Check the path, and that the file belongs to the user this program runs as.",
  },
  KEYSTORE_UNWRITABLE: {
    says: (p) => `The key file ${p.path} cannot be written (${p.reason}).`,
    advice: "Check that the folder exists, has space, and belongs to the user this program runs as.",
  },
  KEYSTORE_EXISTS: {
    says: (p) => `There is a file ${p.path} already; keys are never written over one another.`,
    advice: "Choose another path, or move the old file away first.",
  },
  KEYSTORE_OPEN_TO_OTHERS: {
    says: (p) => `The key file ${p.path} is open to other users (mode ${p.mode}).`,
    advice: "Take the access away with chmod 0600, and consider whether somebody has copied it.",
  },
  KEYSTORE_FORMAT: {
    says: (p) => `The file ${p.path} is no key file: ${p.field} is not as it has to be.`,
    advice: "Restore the file from its copy.",
  },
  KEYSTORE_NEWER: {
    says: (p) => `The key file ${p.path} has version ${p.found}; this program knows versions up to ${p.known}.`,
    advice: "Update this program.",
  },
  KEYSTORE_PASSPHRASE: {
    says: (p) => `The key file ${p.path} does not open with this passphrase, or it has been changed.`,
    advice: "Check the passphrase; if it is right, restore the file from its copy.",
  },
  KEYSTORE_KEY_INVALID: {
    says: (p) => `A secret of ${p.length} bytes is no secret key of ${p.algorithm}.`,
  },
  KEYSTORE_PEM_FORMAT: {
    says: (p) => `The account file is no PKCS#8 private key in PEM: ${p.part} is not as it has to be.`,
    advice: "Give the .pem file that the console or get_account.sh wrote.",
  },
  KEYSTORE_PEM_ENCRYPTED: {
    says: () => "The account file is encrypted.",
    advice: "Decrypt it with openssl pkcs8 -in FILE -out PLAIN, import PLAIN, and delete it.",
  },
  KEYSTORE_PEM_CURVE: {
    says: (p) => `The account file holds a key of kind ${p.curve} (object identifier), not secp256k1 or SM2.`,
  },
  KEYSTORE_PEM_KEYS_DIFFER: {
    says: () => "The public key in the account file does not belong to its secret key.",
    advice: "The file is damaged or put together from two; take it from its source again.",
  },
  KEYSTORE_DIGEST_LENGTH: {
    says: (p) => `A digest to be signed has ${p.length} bytes instead of ${p.expected}.`,
  },
  KEYSTORE_TIMEOUT: {
    says: (p) => `No time was left to sign (${p.timeoutMs} ms).`,
  },
  KEYSTORE_CLOSED: {
    says: (p) => `The key file ${p.path} has been closed.`,
  },
};

export const secretTexts: Texts<SecretProblem> = {
  SECRET_UNREADABLE: {
    says: (p) => `The secret in ${p.source} cannot be read (${p.reason}).`,
    advice: "Check that it exists, is an ordinary file, and belongs to the user this program runs as.",
  },
  SECRET_OPEN_TO_OTHERS: {
    says: (p) => `The secret in ${p.source} is open to other users (mode ${p.mode}).`,
    advice: "Take the access away with chmod 0400, and change the secret.",
  },
  SECRET_OWNER: {
    says: (p) =>
      `The secret in ${p.source} belongs to user ${p.owner}, who is neither root nor the user of this program.`,
    advice: "Change its owner, and the secret.",
  },
  SECRET_EMPTY: {
    says: (p) => `There is no secret in ${p.source}.`,
  },
  SECRET_TOO_LONG: {
    says: (p) => `The secret in ${p.source} is longer than ${p.limit} bytes.`,
    advice: "Check that the right file is named.",
  },
  SECRET_NO_CREDENTIALS: {
    says: (p) => `The ${p.source} is asked for, but systemd has given this program no credentials.`,
    advice: "Add LoadCredential= or LoadCredentialEncrypted= to the service, or name a file.",
  },
};

const COMES_BACK = "Signing goes on by itself as soon as the token answers again.";
const RESTART = "Put the cause right and restart; until then the token is not tried again.";

const MODULE_FAULTS: Readonly<Record<Extract<Pkcs11Problem, { code: "PKCS11_MODULE_REFUSED" }>["why"], string>> = {
  relative: "is no absolute path",
  missing: "does not exist",
  "not-a-file": "is no file",
  "not-allowed": "lies outside the folders for modules",
  owner: "does not belong to root",
  writable: "can be written by others",
};

export const pkcs11Texts: Texts<Pkcs11Problem> = {
  PKCS11_LIBRARY_MISSING: {
    says: (p) => `The package pkcs11js cannot be loaded (${p.reason}).`,
    advice: "Install a compiler (apt-get install build-essential python3) and run npm ci again.",
  },
  PKCS11_MODULE_REFUSED: {
    says: (p) => `The PKCS#11 module ${p.path} is not loaded: ${p.place} ${MODULE_FAULTS[p.why]}.`,
    advice: "Whoever can exchange the module gets the PIN: install it as root below /usr/lib or /opt.",
  },
  PKCS11_MODULE_FAILED: {
    says: (p) => `The PKCS#11 module ${p.path} does not start (${p.reason}).`,
    advice: "Check that it is built for this machine and that its own configuration is found.",
  },
  PKCS11_TOKEN_ABSENT: {
    says: (p) => `There is no token ${p.token}; present: ${p.found.length === 0 ? "none" : p.found.join(", ")}.`,
    advice: `Plug it in, or correct its label or serial number. ${COMES_BACK}`,
  },
  PKCS11_TOKEN_AMBIGUOUS: {
    says: (p) => `${p.count} tokens answer to ${p.token}.`,
    advice: "Name the token by its serial number.",
  },
  PKCS11_PIN_REFUSED: {
    says: (p) => `The token ${p.token} refuses the PIN (${p.ckr}).`,
    advice: `It was tried once only, for every further try may lock the token. ${RESTART}`,
  },
  PKCS11_PIN_LOCKED: {
    says: (p) => `The PIN of the token ${p.token} is locked.`,
    advice: `Unlock it with the vendor's tool and the PIN of its security officer. ${RESTART}`,
  },
  PKCS11_PIN_FINAL_TRY: {
    says: (p) => `One more wrong PIN locks the token ${p.token}; it was not tried.`,
    advice: `Log in once with the vendor's tool, which resets the count. ${RESTART}`,
  },
  PKCS11_LOGIN_UNANSWERED: {
    says: (p) => `The token ${p.token} was given the PIN and never said whether it is right (${p.reason}).`,
    advice: `Check the PIN, and with the vendor's tool how many tries are left. ${RESTART}`,
  },
  PKCS11_KEY_ABSENT: {
    says: (p) => `There is no private key with id ${p.keyId} on the token.`,
    advice: "Correct the id, or generate the key.",
  },
  PKCS11_KEY_AMBIGUOUS: {
    says: (p) => `${p.count} keys on the token have the id ${p.keyId}.`,
    advice: "Give each key an id of its own with the vendor's tool.",
  },
  PKCS11_KEY_EXISTS: {
    says: (p) => `There is an object with id ${p.keyId} on the token already.`,
    advice: "Choose another id.",
  },
  PKCS11_KEY_CHANGED: {
    says: (p) => `Under the id ${p.keyId} the token now holds another key.`,
    advice: `Somebody has exchanged the token or the key: find out before anything is signed. ${RESTART}`,
  },
  PKCS11_KEY_NOT_PROTECTED: {
    says: (p) => `The secret of the key ${p.keyId} could leave the token (${p.attribute}).`,
    advice: "Generate a new key on the token; this one may have been copied.",
  },
  PKCS11_KEY_UNSUITABLE: {
    says: (p) => `The key ${p.keyId} is not of the configured kind (${p.attribute}).`,
    advice: "Correct the algorithm or the id.",
  },
  PKCS11_MECHANISM_ABSENT: {
    says: (p) => `The token does not know the mechanism ${p.mechanism}.`,
    advice: "Use an algorithm the token has; for SM2 take the numbers from the vendor's header file.",
  },
  PKCS11_DEVICE_GONE: {
    says: (p) => `The token is away or broken (${p.call}: ${p.ckr}).`,
    advice: COMES_BACK,
  },
  PKCS11_SESSION_LOST: {
    says: (p) => `The token has forgotten the session (${p.call}: ${p.ckr}).`,
    advice: COMES_BACK,
  },
  PKCS11_LOGIN_LOST: {
    says: (p) => `The token has forgotten the login (${p.call}: ${p.ckr}).`,
    advice: COMES_BACK,
  },
  PKCS11_CALL_FAILED: {
    says: (p) => `The token failed (${p.call}: ${p.ckr}).`,
  },
  PKCS11_ANSWER_INVALID: {
    says: (p) => `The token gave a malformed ${p.what} of ${p.length} bytes.`,
    advice: "If it happens again, the token or its module is broken.",
  },
  PKCS11_TIMEOUT: {
    says: (p) => `The token did not answer ${p.call} within ${p.timeoutMs} ms.`,
    advice: COMES_BACK,
  },
  PKCS11_PROCESS_ENDED: {
    says: (p) => `The process that talks to the token ended (${p.reason}).`,
    advice: "It is started again by itself. If it ends often, the vendor's module is broken.",
  },
  PKCS11_BUSY: {
    says: (p) => `The token already has ${p.limit} calls to answer.`,
  },
  PKCS11_OVERLOADED: {
    says: (p) => `A signature was given up after ${p.waitedMs} ms in the queue: the token is busy with earlier ones.`,
    advice: "Ask for fewer signatures; where the token can do more of them at once, raise keys[].sessions.",
  },
  PKCS11_ANCHOR_LOWER: {
    says: (p) =>
      `The anchor on the token stands above session ${p.session}, height ${p.reserved}; it is never lowered.`,
    advice: "Another instance uses this key, or this one's database is an old copy.",
  },
  PKCS11_ANCHOR_INVALID: {
    says: (p) => `The anchor on the token cannot be read (${p.length} bytes).`,
    advice: "Do not delete it: it says up to where this key has signed. Look at it with the vendor's tool.",
  },
  PKCS11_DIGEST_LENGTH: {
    says: (p) => `A digest to be signed has ${p.length} bytes instead of ${p.expected}.`,
  },
  PKCS11_OPTION: {
    says: (p) => `The option ${p.option} of the PKCS#11 key is missing or out of range.`,
  },
  PKCS11_CLOSED: {
    says: () => "The token has been closed.",
  },
};
