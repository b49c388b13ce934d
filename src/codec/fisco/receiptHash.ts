/**
 * i32 version || gasUsed || contractAddress || i32 status || output || [version >= 1: effectiveGasPrice] || for each
 * log: address || topics || data || i64 blockNumber; texts as their bytes, nothing with a length (bcos-tars-
 * protocol/impl/TarsHashable.h). Where the output ends and the logs begin is not fixed by this hash.
 */
import { concatBytes, int32Bytes, int64Bytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Receipt } from "./receipt.js";

export function receiptPreimage(receipt: Receipt): Uint8Array {
  const parts = [
    int32Bytes(receipt.version),
    utf8Bytes(receipt.gasUsed),
    utf8Bytes(receipt.contractAddress),
    int32Bytes(receipt.status),
    receipt.output,
  ];
  if (receipt.version >= 1) parts.push(utf8Bytes(receipt.effectiveGasPrice));
  for (const { address, topics, data } of receipt.logs) parts.push(utf8Bytes(address), ...topics, data);
  parts.push(int64Bytes(receipt.blockNumber));
  return concatBytes(parts);
}

/** The 32 bytes that stand in receiptsRoot. Means something only after `checkReceipt`. */
export function receiptHash(hash: HashFunction, receipt: Receipt): Uint8Array {
  return hash(receiptPreimage(receipt));
}
