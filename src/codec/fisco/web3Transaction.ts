/**
 * The RLP of Web3 transactions as FISCO carries them: extraTransactionBytes is what was signed, the signature stands
 * beside it as r || s || parity (FISCO-BCOS bcos-rpc/web3jsonrpc/model/Web3Transaction.cpp, takeToTarsTransaction).
 *
 * Covered: legacy with and without EIP-155, EIP-2930 and EIP-1559. Not covered, and refused: EIP-4844, EIP-7702 and
 * deposits, which alliance chains do not use, and the form without a type byte that a comment of a FISCO test mentions.
 */
import { TransactionError } from "../problems.js";
import { decodeRlp, encodeRlp, type RlpItem, rlpInteger } from "../rlp.js";

/** What of a Web3 transaction's signed bytes FISCO copies into its own fields. */
export interface Web3Fields {
  readonly kind: "legacy" | "eip2930" | "eip1559";
  /** Undefined for a legacy transaction without EIP-155. */
  readonly chainId?: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** 20 bytes; empty for a deployment. */
  readonly to: Uint8Array;
  readonly value: bigint;
  readonly input: Uint8Array;
}

const SIGNATURE_BYTES = 65;
const ADDRESS_BYTES = 20;
const INTEGER_BYTES_MAX = 32;
const LIST_MIN = 0xc0;
const TYPE_2930 = 1;
const TYPE_1559 = 2;
const LEGACY_FIELDS = 6;
const EIP155_FIELDS = 9;

interface Shape {
  readonly kind: Web3Fields["kind"];
  readonly items: readonly RlpItem[];
  readonly chainIdAt?: number;
  readonly nonceAt: number;
  /** gasLimit, to, value and data stand in a row in every form. */
  readonly gasLimitAt: number;
}

/**
 * The fields of unsigned bytes.
 * @throws TransactionError, RlpError
 */
export function decodeWeb3Bytes(unsigned: Uint8Array): Web3Fields {
  const shape = shapeOf(unsigned);
  const { items, gasLimitAt } = shape;
  const fields = {
    kind: shape.kind,
    nonce: integerAt(items, shape.nonceAt),
    gasLimit: integerAt(items, gasLimitAt),
    to: addressAt(items, gasLimitAt + 1),
    value: integerAt(items, gasLimitAt + 2),
    input: textAt(items, gasLimitAt + 3),
  };
  return shape.chainIdAt === undefined ? fields : { ...fields, chainId: integerAt(items, shape.chainIdAt) };
}

/**
 * The signed RLP, whose keccak256 is the transaction's hash. Integers are minimal, so r and s lose leading zeros.
 * @param signature r || s || parity, 65 bytes, parity 0 or 1.
 * @throws TransactionError, RlpError
 */
export function signWeb3Bytes(unsigned: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_BYTES) {
    throw new TransactionError({
      code: "TRANSACTION_SIGNATURE_LENGTH",
      length: signature.length,
      expected: SIGNATURE_BYTES,
    });
  }
  const parity = signature[64] as number;
  if (parity > 1) throw new TransactionError({ code: "TRANSACTION_SIGNATURE_RECOVERY", byte: parity });
  const r = withoutLeadingZeros(signature.subarray(0, 32));
  const s = withoutLeadingZeros(signature.subarray(32, 64));
  const shape = shapeOf(unsigned);
  if (shape.kind === "legacy") {
    const base = shape.chainIdAt === undefined ? 27n : 35n + 2n * integerAt(shape.items, shape.chainIdAt);
    return encodeRlp([...shape.items.slice(0, LEGACY_FIELDS), rlpInteger(base + BigInt(parity)), r, s]);
  }
  const list = encodeRlp([...shape.items, rlpInteger(BigInt(parity)), r, s]);
  const signed = new Uint8Array(1 + list.length);
  signed[0] = unsigned[0] as number;
  signed.set(list, 1);
  return signed;
}

function shapeOf(unsigned: Uint8Array): Shape {
  const first = unsigned[0];
  if (first === undefined) throw new TransactionError({ code: "TRANSACTION_EXTRA_BYTES" });
  if (first >= LIST_MIN) return legacyShape(listOf(unsigned));
  if (first === TYPE_2930) {
    // chainId, nonce, gasPrice, gasLimit, to, value, data, accessList
    return typedShape("eip2930", listOf(unsigned.subarray(1)), 8, 3);
  }
  if (first === TYPE_1559) {
    // chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList
    return typedShape("eip1559", listOf(unsigned.subarray(1)), 9, 4);
  }
  throw new TransactionError({ code: "TRANSACTION_WEB3_KIND", byte: first });
}

function legacyShape(items: readonly RlpItem[]): Shape {
  // nonce, gasPrice, gasLimit, to, value, data; with EIP-155 also chainId, 0, 0
  integerAt(items, 1);
  if (items.length === LEGACY_FIELDS) return { kind: "legacy", items, nonceAt: 0, gasLimitAt: 2 };
  if (items.length !== EIP155_FIELDS) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_FIELDS", count: items.length });
  }
  for (const index of [7, 8]) {
    if (textAt(items, index).length > 0) throw new TransactionError({ code: "TRANSACTION_WEB3_FIELD", index });
  }
  return { kind: "legacy", items, chainIdAt: 6, nonceAt: 0, gasLimitAt: 2 };
}

function typedShape(kind: Shape["kind"], items: readonly RlpItem[], count: number, gasLimitAt: number): Shape {
  if (items.length !== count) throw new TransactionError({ code: "TRANSACTION_WEB3_FIELDS", count: items.length });
  for (let index = 2; index < gasLimitAt; index++) integerAt(items, index);
  checkAccessList(items[count - 1], count - 1);
  return { kind, items, chainIdAt: 0, nonceAt: 1, gasLimitAt };
}

/** [[address, [32-byte key, ...]], ...] of EIP-2930. */
function checkAccessList(list: RlpItem | undefined, index: number): void {
  const wrong = new TransactionError({ code: "TRANSACTION_WEB3_FIELD", index });
  if (list === undefined || list instanceof Uint8Array) throw wrong;
  for (const entry of list) {
    if (entry instanceof Uint8Array || entry.length !== 2) throw wrong;
    const [address, keys] = entry;
    if (!(address instanceof Uint8Array) || address.length !== ADDRESS_BYTES) throw wrong;
    if (keys === undefined || keys instanceof Uint8Array) throw wrong;
    for (const key of keys) if (!(key instanceof Uint8Array) || key.length !== 32) throw wrong;
  }
}

function listOf(bytes: Uint8Array): readonly RlpItem[] {
  const item = decodeRlp(bytes);
  if (item instanceof Uint8Array) throw new TransactionError({ code: "TRANSACTION_WEB3_FIELDS", count: 0 });
  return item;
}

function textAt(items: readonly RlpItem[], index: number): Uint8Array {
  const item = items[index];
  if (item instanceof Uint8Array) return item;
  throw new TransactionError({ code: "TRANSACTION_WEB3_FIELD", index });
}

function integerAt(items: readonly RlpItem[], index: number): bigint {
  const text = textAt(items, index);
  if (text.length > INTEGER_BYTES_MAX || text[0] === 0) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_FIELD", index });
  }
  let value = 0n;
  for (const byte of text) value = (value << 8n) | BigInt(byte);
  return value;
}

function addressAt(items: readonly RlpItem[], index: number): Uint8Array {
  const text = textAt(items, index);
  if (text.length !== 0 && text.length !== ADDRESS_BYTES) {
    throw new TransactionError({ code: "TRANSACTION_WEB3_FIELD", index });
  }
  return text;
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (bytes[start] === 0) start++;
  return bytes.subarray(start);
}
