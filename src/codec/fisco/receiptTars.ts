/** Receipts in Tars (bcos-tars-protocol/tars/TransactionReceipt.tars). */
import { EMPTY_BYTES } from "../../base/bytes.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { TarsError } from "../problems.js";
import { TarsReader } from "../tars/reader.js";
import { TarsWriter } from "../tars/writer.js";
import type { LogEntry, Receipt } from "./receipt.js";

export interface DecodedReceipt {
  readonly receipt: Receipt;
  /** Never believed: compute it. */
  readonly claimedHash?: Uint8Array;
}

/** @param hash written as dataHash. Bloom, cumulative gas and indices, which no hash covers, are not written. */
export function encodeReceipt(receipt: Receipt, hash: Uint8Array): Uint8Array {
  const writer = new TarsWriter();
  writer.struct(1, () => {
    // The one required field of the struct: written also when zero.
    writer.integer(1, receipt.version);
    writer.textUnlessEmpty(2, receipt.gasUsed);
    writer.textUnlessEmpty(3, receipt.contractAddress);
    writer.integerUnlessZero(4, receipt.status);
    writer.bytesUnlessEmpty(5, receipt.output);
    writer.listUnlessEmpty(6, receipt.logs, (log) => writer.struct(0, () => writeLog(writer, log)));
    writer.integerUnlessZero(7, receipt.blockNumber);
    writer.textUnlessEmpty(8, receipt.effectiveGasPrice);
  });
  writer.bytesUnlessEmpty(2, hash);
  writer.textUnlessEmpty(3, receipt.message);
  return writer.finish();
}

function writeLog(writer: TarsWriter, log: LogEntry): void {
  writer.textUnlessEmpty(1, log.address);
  writer.listUnlessEmpty(2, log.topics, (topic) => writer.bytes(0, topic));
  writer.bytesUnlessEmpty(3, log.data);
}

/**
 * The receipt as it stands; `checkReceipt` and the hash come next.
 * @throws TarsError
 */
export function decodeReceipt(bytes: Uint8Array): DecodedReceipt {
  const reader = new TarsReader(bytes);
  let data: Omit<Receipt, "message"> | undefined;
  let claimedHash = EMPTY_BYTES;
  let message = "";
  while (reader.next()) {
    if (reader.tag === 1) data = reader.readStruct(() => readData(reader));
    else if (reader.tag === 2) claimedHash = reader.readBytes();
    else if (reader.tag === 3) message = reader.readText();
    else reader.skip();
  }
  if (data === undefined) throw new TarsError({ code: "TARS_FIELD_MISSING", name: "TransactionReceipt.data" });
  const receipt: Receipt = { ...data, message };
  return claimedHash.length === HASH_BYTES ? { receipt, claimedHash } : { receipt };
}

function readData(reader: TarsReader): Omit<Receipt, "message"> {
  let version = 0;
  let gasUsed = "";
  let contractAddress = "";
  let status = 0;
  let output = EMPTY_BYTES;
  let logs: LogEntry[] = [];
  let blockNumber = 0;
  let effectiveGasPrice = "";
  while (reader.next()) {
    switch (reader.tag) {
      case 1:
        version = reader.readInt32();
        break;
      case 2:
        gasUsed = reader.readText();
        break;
      case 3:
        contractAddress = reader.readText();
        break;
      case 4:
        status = reader.readInt32();
        break;
      case 5:
        output = reader.readBytes();
        break;
      case 6:
        logs = reader.readList(() => reader.readStruct(() => readLog(reader)));
        break;
      case 7:
        blockNumber = reader.readNumber();
        break;
      case 8:
        effectiveGasPrice = reader.readText();
        break;
      default:
        reader.skip();
    }
  }
  return { version, gasUsed, contractAddress, status, output, logs, blockNumber, effectiveGasPrice };
}

function readLog(reader: TarsReader): LogEntry {
  let address = "";
  let topics: Uint8Array[] = [];
  let data = EMPTY_BYTES;
  while (reader.next()) {
    if (reader.tag === 1) address = reader.readText();
    else if (reader.tag === 2) topics = reader.readList(() => reader.readBytes());
    else if (reader.tag === 3) data = reader.readBytes();
    else reader.skip();
  }
  return { address, topics, data };
}
