/** Transactions in Tars, as clients send them and nodes keep them (bcos-tars-protocol/tars/Transaction.tars). */
import { EMPTY_BYTES } from "../../base/bytes.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { TarsError } from "../problems.js";
import { TarsReader } from "../tars/reader.js";
import { TarsWriter } from "../tars/writer.js";
import type { Transaction, TransactionData } from "./transaction.js";

export interface DecodedTransaction {
  readonly transaction: Transaction;
  /** dataHash (type 0) or extraTransactionHash (type 1) as the source gives it. Never believed: compute it. */
  readonly claimedHash?: Uint8Array;
  /** The `sender` field. Never believed: recover it. */
  readonly claimedSender: Uint8Array;
}

/**
 * The bytes for `sendTransaction`, in the form of FISCO's own encoder: fields with default values are left out.
 * @param hash the transaction's hash; nodes recompute it.
 */
export function encodeTransaction(transaction: Transaction, hash: Uint8Array): Uint8Array {
  const writer = new TarsWriter();
  const web3 = transaction.type !== 0;
  writer.struct(1, () => writeData(writer, transaction.data));
  if (!web3) writer.bytesUnlessEmpty(2, hash);
  writer.bytesUnlessEmpty(3, transaction.signature);
  writer.integerUnlessZero(4, transaction.importTime);
  writer.integerUnlessZero(5, transaction.attribute);
  writer.textUnlessEmpty(8, transaction.extraData);
  writer.integerUnlessZero(9, transaction.type);
  writer.bytesUnlessEmpty(10, transaction.web3Bytes);
  if (web3) writer.bytesUnlessEmpty(11, hash);
  return writer.finish();
}

function writeData(writer: TarsWriter, data: TransactionData): void {
  writer.integerUnlessZero(1, data.version);
  writer.textUnlessEmpty(2, data.chainId);
  writer.textUnlessEmpty(3, data.groupId);
  writer.integerUnlessZero(4, data.blockLimit);
  writer.textUnlessEmpty(5, data.nonce);
  writer.textUnlessEmpty(6, data.to);
  writer.bytesUnlessEmpty(7, data.input);
  writer.textUnlessEmpty(8, data.abi);
  writer.textUnlessEmpty(9, data.value);
  writer.textUnlessEmpty(10, data.gasPrice);
  writer.integerUnlessZero(11, data.gasLimit);
  writer.textUnlessEmpty(12, data.maxFeePerGas);
  writer.textUnlessEmpty(13, data.maxPriorityFeePerGas);
  writer.bytesUnlessEmpty(14, data.extension);
}

/**
 * The transaction as it stands; `checkTransaction` and the hash come next.
 * @throws TarsError
 */
export function decodeTransaction(bytes: Uint8Array): DecodedTransaction {
  return readTransaction(new TarsReader(bytes));
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

function readTransaction(reader: TarsReader): DecodedTransaction {
  const draft: Draft<Omit<Transaction, "data">> & { data?: TransactionData } = {
    signature: EMPTY_BYTES,
    type: 0,
    web3Bytes: EMPTY_BYTES,
    importTime: 0,
    attribute: 0,
    extraData: "",
  };
  let dataHash = EMPTY_BYTES;
  let extraHash = EMPTY_BYTES;
  let claimedSender = EMPTY_BYTES;
  while (reader.next()) {
    switch (reader.tag) {
      case 1:
        draft.data = reader.readStruct(() => readData(reader));
        break;
      case 2:
        dataHash = reader.readBytes();
        break;
      case 3:
        draft.signature = reader.readBytes();
        break;
      case 4:
        draft.importTime = reader.readNumber();
        break;
      case 5:
        draft.attribute = reader.readInt32();
        break;
      case 7:
        claimedSender = reader.readBytes();
        break;
      case 8:
        draft.extraData = reader.readText();
        break;
      case 9:
        draft.type = reader.readInt32();
        break;
      case 10:
        draft.web3Bytes = reader.readBytes();
        break;
      case 11:
        extraHash = reader.readBytes();
        break;
      default:
        reader.skip();
    }
  }
  const { data, ...rest } = draft;
  if (data === undefined) throw new TarsError({ code: "TARS_FIELD_MISSING", name: "Transaction.data" });
  const transaction: Transaction = { data, ...rest };
  const claimedHash = transaction.type === 0 ? dataHash : extraHash;
  if (claimedHash.length !== HASH_BYTES) return { transaction, claimedSender };
  return { transaction, claimedHash, claimedSender };
}

function readData(reader: TarsReader): TransactionData {
  const draft: Draft<TransactionData> = {
    version: 0,
    chainId: "",
    groupId: "",
    blockLimit: 0,
    nonce: "",
    to: "",
    input: EMPTY_BYTES,
    abi: "",
    value: "",
    gasPrice: "",
    gasLimit: 0n,
    maxFeePerGas: "",
    maxPriorityFeePerGas: "",
    extension: EMPTY_BYTES,
  };
  while (reader.next()) readDataField(reader, draft);
  return draft;
}

function readDataField(reader: TarsReader, draft: Draft<TransactionData>): void {
  switch (reader.tag) {
    case 1:
      draft.version = reader.readInt32();
      break;
    case 2:
      draft.chainId = reader.readText();
      break;
    case 3:
      draft.groupId = reader.readText();
      break;
    case 4:
      draft.blockLimit = reader.readNumber();
      break;
    case 5:
      draft.nonce = reader.readText();
      break;
    case 6:
      draft.to = reader.readText();
      break;
    case 7:
      draft.input = reader.readBytes();
      break;
    case 8:
      draft.abi = reader.readText();
      break;
    case 9:
      draft.value = reader.readText();
      break;
    case 10:
      draft.gasPrice = reader.readText();
      break;
    case 11:
      draft.gasLimit = reader.readInt64();
      break;
    case 12:
      draft.maxFeePerGas = reader.readText();
      break;
    case 13:
      draft.maxPriorityFeePerGas = reader.readText();
      break;
    case 14:
      draft.extension = reader.readBytes();
      break;
    default:
      reader.skip();
  }
}
