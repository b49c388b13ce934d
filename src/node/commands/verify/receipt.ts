/** Verification of one receipt: rules and hash. What a hash-consistent receipt proves is said in docs/operating/verify.md. */
import { to0x } from "../../../base/bytes.js";
import { receiptHash } from "../../../codec/fisco/receiptHash.js";
import { receiptFromRpc } from "../../../codec/fisco/receiptRpc.js";
import { checkReceipt } from "../../../codec/fisco/receiptRules.js";
import { readRecord } from "../../../codec/fisco/rpcFields.js";
import type { Suite } from "../../../crypto/suite.js";
import { checkNamedHash } from "./answer.js";

export interface VerifiedReceipt {
  readonly valid: true;
  readonly kind: "receipt";
  readonly hash: string;
}

/** @throws ReceiptError, RpcShapeError, VerifyError */
export function verifyReceipt(value: unknown, suite: Suite): VerifiedReceipt {
  // Its proof, in whichever form the node's version has it, proves nothing without the block's receiptsRoot.
  const { txReceiptProof: _unused, ...record } = readRecord(value, "receipt");
  const { receipt } = receiptFromRpc(record);
  checkReceipt(receipt);
  const hash = receiptHash(suite.hash, receipt);
  checkNamedHash("receipt", record, hash);
  return { valid: true, kind: "receipt", hash: to0x(hash) };
}
