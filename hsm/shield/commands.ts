/**
 * The commands of a U-shield and the layouts of their data, docs/operating/shield-protocol.md section 4. Pure; the host
 * and the emulator are made of the same constants, the page's worked examples keep them honest.
 */
import { concatBytes, EMPTY_BYTES, utf8Bytes } from "../../src/base/bytes.js";
import type { AnchorValue, KeyAlgorithm } from "../../src/crypto/keyBackend.js";
import type { CommandApdu } from "./apdu.js";

/** Proprietary application identifier (ISO 7816-4: first nibble F): F0 "EDGESEAL" 01. */
export const SHIELD_AID: Uint8Array = concatBytes([Uint8Array.of(0xf0), utf8Bytes("EDGESEAL"), Uint8Array.of(0x01)]);

export const INSTRUCTION = {
  verify: 0x20,
  select: 0xa4,
  publicKey: 0x10,
  sign: 0x12,
  readCounter: 0x14,
  raiseCounter: 0x16,
} as const;

/** The user PIN, as P2 of VERIFY. */
export const PIN_REFERENCE = 0x81;
export const CLA_ISO = 0x00;
export const CLA_OWN = 0x80;

export const STATUS = {
  ok: 0x9000,
  /** 63Cx: x tries left. */
  triesLeft: 0x63c0,
  cancelled: 0x6400,
  failure: 0x6f00,
  wrongLength: 0x6700,
  pinNeeded: 0x6982,
  pinLocked: 0x6983,
  notConfirmed: 0x6985,
  wrongData: 0x6a80,
  notFound: 0x6a82,
  unknownInstruction: 0x6d00,
  unknownClass: 0x6e00,
  counterWouldFall: 0x9401,
} as const;

export const PIN_BYTES_MIN = 4;
export const PIN_BYTES_MAX = 64;
export const DIGEST_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const POINT_BYTES = 64;
export const SERIAL_BYTES_MAX = 32;
const COUNTER_BYTES = 16;
const INFO_FIXED_BYTES = 4;
const SHIELD_VERSION = 1;

/** An algorithm that signs 32-byte digests. */
export type ShieldAlgorithm = Exclude<KeyAlgorithm, "ed25519">;

const ALGORITHM_BYTE: Readonly<Record<ShieldAlgorithm, number>> = { secp256k1: 1, sm2: 2, p256: 3 };
const FLAG = { secretStays: 0x01, presence: 0x02, counter: 0x04 } as const;

export interface ShieldInfo {
  readonly algorithm: ShieldAlgorithm;
  /** The secret was made inside and no command brings it out. */
  readonly secretStays: boolean;
  /** Every signature wants the button. */
  readonly presence: boolean;
  readonly hasCounter: boolean;
  readonly pinTriesMax: number;
  /** Printable ASCII. */
  readonly serial: string;
}

function command(cla: number, ins: number, data: Uint8Array, expected?: number, p1 = 0, p2 = 0): CommandApdu {
  return { cla, ins, p1, p2, data, ...(expected === undefined ? {} : { expected }) };
}

export const COMMAND = {
  select: command(CLA_ISO, INSTRUCTION.select, SHIELD_AID, 256, 0x04, 0x00),
  pinTries: command(CLA_ISO, INSTRUCTION.verify, EMPTY_BYTES, undefined, 0x00, PIN_REFERENCE),
  verifyPin: (pin: Uint8Array) => command(CLA_ISO, INSTRUCTION.verify, pin, undefined, 0x00, PIN_REFERENCE),
  publicKey: command(CLA_OWN, INSTRUCTION.publicKey, EMPTY_BYTES, POINT_BYTES),
  sign: (digest: Uint8Array) => command(CLA_OWN, INSTRUCTION.sign, digest, SIGNATURE_BYTES),
  readCounter: command(CLA_OWN, INSTRUCTION.readCounter, EMPTY_BYTES, COUNTER_BYTES),
  raiseCounter: (value: AnchorValue) => command(CLA_OWN, INSTRUCTION.raiseCounter, encodeCounter(value)),
} as const;

/** Version, algorithm, flags, PIN tries at most, serial number. */
export function encodeInfo(info: ShieldInfo): Uint8Array {
  const flags =
    (info.secretStays ? FLAG.secretStays : 0) |
    (info.presence ? FLAG.presence : 0) |
    (info.hasCounter ? FLAG.counter : 0);
  const fixed = Uint8Array.of(SHIELD_VERSION, ALGORITHM_BYTE[info.algorithm], flags, info.pinTriesMax);
  return concatBytes([fixed, utf8Bytes(info.serial)]);
}

/** Undefined for another version, an unknown algorithm or a serial number that is none. */
export function decodeInfo(bytes: Uint8Array): ShieldInfo | undefined {
  const [version, algorithmByte, flags, pinTriesMax] = bytes;
  if (version !== SHIELD_VERSION || flags === undefined || pinTriesMax === undefined) return undefined;
  const algorithm = (Object.keys(ALGORITHM_BYTE) as ShieldAlgorithm[]).find(
    (name) => ALGORITHM_BYTE[name] === algorithmByte,
  );
  const serialBytes = bytes.subarray(INFO_FIXED_BYTES);
  const isPrintable = serialBytes.every((byte) => byte > 0x20 && byte < 0x7f);
  if (algorithm === undefined || !isPrintable) return undefined;
  if (serialBytes.length === 0 || serialBytes.length > SERIAL_BYTES_MAX) return undefined;
  return {
    algorithm,
    secretStays: (flags & FLAG.secretStays) !== 0,
    presence: (flags & FLAG.presence) !== 0,
    hasCounter: (flags & FLAG.counter) !== 0,
    pinTriesMax,
    serial: String.fromCharCode(...serialBytes),
  };
}

/**
 * session || reserved, 64 bits each. Two lanes and not one number: in one number a higher session would let the reserved
 * height fall. The shield refuses a value in which either lane is lower.
 */
export function encodeCounter(value: AnchorValue): Uint8Array {
  const bytes = new Uint8Array(COUNTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(value.session));
  view.setBigUint64(8, BigInt(value.reserved));
  return bytes;
}

/** Undefined when it is not 16 bytes or a lane is beyond what a number holds exactly. */
export function decodeCounter(bytes: Uint8Array): AnchorValue | undefined {
  if (bytes.length !== COUNTER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const session = Number(view.getBigUint64(0));
  const reserved = Number(view.getBigUint64(8));
  return isLane(session) && isLane(reserved) ? { session, reserved } : undefined;
}

export function isLane(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** x of 63Cx; undefined for any other status. */
export function triesLeftOf(status: number): number | undefined {
  return (status & 0xfff0) === STATUS.triesLeft ? status & 0x0f : undefined;
}
