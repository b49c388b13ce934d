/**
 * Structural rules for receipts. They leave one border open that no rule can close: bytes a contract returned may read
 * as the beginning of a log. A receipt that passes is hash-consistent, no more.
 */
import { HASH_BYTES } from "../../crypto/suite.js";
import { ReceiptError } from "../problems.js";
import { isCanonicalGas } from "./headerRules.js";
import type { LogEntry, Receipt } from "./receipt.js";
import { TRANSACTION_VERSION_MAX } from "./transaction.js";

/** The EVM has LOG0 to LOG4. */
export const LOG_TOPICS_MAX = 4;

const INT32_MAX = 0x7fff_ffff;
const ADDRESS = /^[0-9a-fA-F]{40}$/;
/** FISCO writes "0x" hex or decimal digits. */
const GAS_PRICE = /^(?:|0x[0-9a-fA-F]{0,64}|[0-9]{1,78})$/;

/** @throws ReceiptError */
export function checkReceipt(receipt: Receipt): void {
  const { version, status, blockNumber } = receipt;
  if (!Number.isInteger(version) || version < 0 || version > TRANSACTION_VERSION_MAX) {
    throw new ReceiptError({ code: "RECEIPT_VERSION", version });
  }
  if (!isCanonicalGas(receipt.gasUsed)) throw new ReceiptError({ code: "RECEIPT_GAS_USED" });
  if (receipt.contractAddress !== "" && !ADDRESS.test(receipt.contractAddress)) {
    throw new ReceiptError({ code: "RECEIPT_CONTRACT_ADDRESS" });
  }
  if (!Number.isInteger(status) || status < 0 || status > INT32_MAX) {
    throw new ReceiptError({ code: "RECEIPT_STATUS", status });
  }
  if (!Number.isSafeInteger(blockNumber) || blockNumber < 1) {
    throw new ReceiptError({ code: "RECEIPT_BLOCK_NUMBER", blockNumber });
  }
  // Below version 1 the price is not hashed.
  const priceAllowed = version >= 1 ? GAS_PRICE.test(receipt.effectiveGasPrice) : receipt.effectiveGasPrice === "";
  if (!priceAllowed) throw new ReceiptError({ code: "RECEIPT_GAS_PRICE" });
  for (const [index, log] of receipt.logs.entries()) checkLog(index, log);
}

function checkLog(index: number, log: LogEntry): void {
  if (!ADDRESS.test(log.address)) throw new ReceiptError({ code: "RECEIPT_LOG_ADDRESS", index });
  if (log.topics.length > LOG_TOPICS_MAX) {
    throw new ReceiptError({ code: "RECEIPT_LOG_TOPIC_COUNT", index, count: log.topics.length });
  }
  for (const topic of log.topics) {
    if (topic.length !== HASH_BYTES) {
      throw new ReceiptError({ code: "RECEIPT_LOG_TOPIC_LENGTH", index, length: topic.length });
    }
  }
}
