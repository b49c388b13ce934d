/** Receipts: what a gateway says a rule did. Canonical bytes, hash, and the form in which an unfinished one is kept. */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import type { DeviceValue } from "../value.js";
import { INPUT_BYTES_MAX, STEPS_PER_RUN_MAX } from "./limits.js";
import {
  bytesOf,
  decodeShape,
  deviceValue,
  encodeShape,
  list,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  uint,
} from "./shape.js";

export const RECEIPT_TAG = utf8Bytes("edgeseal/rcpt-v1");
const VALUE_TAG = utf8Bytes("edgeseal/value-v1");

/** What became of an action: a command's result, a refusal's code, or `cancelled`, `interrupted`, `noticed`, `started`. */
export interface ReceiptAction {
  readonly action: number;
  readonly device: string;
  readonly target: string;
  readonly valueHash?: Uint8Array;
  readonly result: string;
  /** From the start of the run to the answer; 0 where there was none. */
  readonly latencyUs: number;
}

/** The part that is known when the run starts. */
export interface ReceiptHeadPart {
  readonly gateway: string;
  readonly kind: "rule" | "scene";
  readonly rule: string;
  readonly version: number;
  readonly ruleHash: Uint8Array;
  readonly policyHash: Uint8Array;
  readonly headerHeight: number;
  /** 32 bytes; zeros where no header is known. */
  readonly headerHash: Uint8Array;
  readonly inputsHash: Uint8Array;
  readonly run: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface Receipt extends ReceiptHeadPart {
  readonly sequence: number;
  /** Hash of the receipt before; zeros for the first. */
  readonly previous: Uint8Array;
  readonly actions: readonly ReceiptAction[];
}

/** A run that has begun, as it is kept until its receipt is complete. */
export interface Draft extends ReceiptHeadPart {
  readonly inputs: Uint8Array;
  readonly actions: readonly ReceiptAction[];
}

const NAME = text(160);
const HASH = bytesOf(HASH_BYTES);

const HEAD = {
  gateway: NAME,
  kind: oneOf("rule", "scene"),
  rule: NAME,
  version: uint(),
  ruleHash: HASH,
  policyHash: HASH,
  headerHeight: uint(),
  headerHash: HASH,
  inputsHash: HASH,
  run: uint(),
  wallMs: uint(),
  monotonicMs: uint(),
} as const;
const ACTIONS = list(
  record<ReceiptAction>({
    action: uint(),
    device: NAME,
    target: NAME,
    valueHash: optional(HASH),
    result: NAME,
    latencyUs: uint(),
  }),
  2 * STEPS_PER_RUN_MAX,
);
const RECEIPT = record<Receipt>({ ...HEAD, sequence: uint(), previous: HASH, actions: ACTIONS });

const INPUTS: Shape<Uint8Array> = {
  write: (value) => value,
  read: (reader, field) => new Uint8Array(reader.bytes(field, INPUT_BYTES_MAX)),
};
export const DRAFT: Shape<Draft> = record<Draft>({ ...HEAD, inputs: INPUTS, actions: ACTIONS });

export function receiptBytes(receipt: Receipt): Uint8Array {
  return encodeShape(RECEIPT, receipt);
}

/** @throws WireError */
export function readReceipt(bytes: Uint8Array): Receipt {
  return decodeShape(RECEIPT, bytes, "receipt");
}

export function receiptHash(hash: HashFunction, bytes: Uint8Array): Uint8Array {
  return hash(concatBytes([RECEIPT_TAG, bytes]));
}

export function valueHash(hash: HashFunction, value: DeviceValue): Uint8Array {
  return hash(concatBytes([VALUE_TAG, encodeShape(deviceValue, value)]));
}
