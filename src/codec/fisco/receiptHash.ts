/**
 * i32 version || gasUsed || contractAddress || i32 status || output || [version >= 1: effectiveGasPrice] || for each
 * log: address || topics || data || i64 blockNumber; texts as their bytes, nothing with a length (bcos-tars-
 * protocol/impl/TarsHashable.h). Where the output ends and the logs begin is not fixed by this hash.
 */
import { ScratchBytes } from "../../base/scratchBytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Receipt } from "./receipt.js";

export function receiptPreimage(receipt: Receipt): Uint8Array {
  return writePreimage(receipt).copy();
}

const SCRATCH = new ScratchBytes();

function writePreimage(receipt: Receipt): ScratchBytes {
  SCRATCH.begin().int32(receipt.version).text(receipt.gasUsed).text(receipt.contractAddress).int32(receipt.status);
  SCRATCH.bytes(receipt.output);
  if (receipt.version >= 1) SCRATCH.text(receipt.effectiveGasPrice);
  for (const { address, topics, data } of receipt.logs) {
    SCRATCH.text(address);
    for (const topic of topics) SCRATCH.bytes(topic);
    SCRATCH.bytes(data);
  }
  return SCRATCH.int64(receipt.blockNumber);
}

/** The 32 bytes that stand in receiptsRoot. Means something only after `checkReceipt`. */
export function receiptHash(hash: HashFunction, receipt: Receipt): Uint8Array {
  return hash(writePreimage(receipt).view());
}
