/** Receipts as JSON-RPC shows them (bcos-rpc/jsonrpc/JsonRpcImpl_2_0.cpp, toJsonResp). */
import { to0x, toHex, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { MerkleGroup } from "../../crypto/merkle.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { proofFromRpc } from "./proofRpc.js";
import type { LogEntry, Receipt } from "./receipt.js";
import {
  optionalField,
  readBytes,
  readList,
  readNumber,
  readRecord,
  readText,
  readTextOr,
  toBytes,
} from "./rpcFields.js";

const SHORT_TEXT_MAX = 256;
const TOPIC_BYTES_MAX = 256;
/** More than the EVM's, so that too many are the rules' finding. */
const TOPICS_READ_MAX = 64;
export const RECEIPT_LOGS_MAX = 16_384;

export interface RpcReceipt {
  readonly receipt: Receipt;
  /** Never believed: compute it. */
  readonly claimedHash?: Uint8Array;
  /** Which transaction the answer says this belongs to; nothing in the receipt proves it. */
  readonly claimedTransactionHash?: Uint8Array;
  /** The receipt's way to receiptsRoot, when a proof was asked for. */
  readonly proof?: readonly MerkleGroup[];
}

/**
 * `checkReceipt` and the hash come next. The 0x that the RPC puts before contractAddress is not part of the hash.
 * @throws RpcShapeError, ProofError
 */
export function receiptFromRpc(value: unknown, path = "receipt"): RpcReceipt {
  const record = readRecord(value, path);
  const receipt: Receipt = {
    version: readNumber(record, "version", path),
    gasUsed: readText(record, "gasUsed", path, SHORT_TEXT_MAX),
    contractAddress: readText(record, "contractAddress", path, SHORT_TEXT_MAX).replace(/^0x/, ""),
    status: readNumber(record, "status", path),
    output: readBytes(record, "output", path),
    logs: readList(record, "logEntries", path, readLog, RECEIPT_LOGS_MAX),
    blockNumber: readNumber(record, "blockNumber", path),
    effectiveGasPrice: readTextOr(record, "effectiveGasPrice", path, ""),
    message: readTextOr(record, "message", path, ""),
  };
  const claimedHash = hashOf(optionalField(record, "hash"), `${path}.hash`);
  const claimedTransactionHash = hashOf(optionalField(record, "transactionHash"), `${path}.transactionHash`);
  const proofList = optionalField(record, "txReceiptProof");
  return {
    receipt,
    ...(claimedHash === undefined ? {} : { claimedHash }),
    ...(claimedTransactionHash === undefined ? {} : { claimedTransactionHash }),
    ...(proofList === undefined || proofList === null ? {} : { proof: proofFromRpc(proofList) }),
  };
}

function hashOf(value: unknown, path: string): Uint8Array | undefined {
  if (value === undefined || value === null) return undefined;
  const bytes = toBytes(value, path, SHORT_TEXT_MAX);
  return bytes.length === HASH_BYTES ? bytes : undefined;
}

function readLog(value: unknown, path: string): LogEntry {
  const record = readRecord(value, path);
  return {
    address: readText(record, "address", path, SHORT_TEXT_MAX),
    topics: readList(record, "topics", path, (item, at) => toBytes(item, at, TOPIC_BYTES_MAX), TOPICS_READ_MAX),
    data: readBytes(record, "data", path),
  };
}

/** What an answer shows beside the receipt; taken from its transaction. */
export interface ReceiptContext {
  readonly transactionHash: Uint8Array;
  readonly from: Uint8Array;
  readonly to: string;
  readonly input: Uint8Array;
  readonly extraData: string;
  /** Flat proof list of proofRpc.ts. */
  readonly proof?: readonly string[];
}

/**
 * In FISCO's shape and key order.
 * @param hash the chain's hash; also makes the checksum spelling of a new contract's address (EIP-55 with that hash).
 */
export function receiptToRpc(
  hash: HashFunction,
  receipt: Receipt,
  receiptHash: Uint8Array,
  context: ReceiptContext,
): Record<string, unknown> {
  const { contractAddress } = receipt;
  const deployed = contractAddress !== "";
  return {
    blockNumber: receipt.blockNumber,
    checksumContractAddress: deployed ? `0x${checksumAddress(hash, contractAddress)}` : "",
    contractAddress: deployed ? `0x${contractAddress}` : "",
    ...(receipt.version >= 1 ? { effectiveGasPrice: receipt.effectiveGasPrice } : {}),
    extraData: context.extraData,
    from: to0x(context.from),
    gasUsed: receipt.gasUsed,
    hash: to0x(receiptHash),
    input: to0x(context.input),
    logEntries: receipt.logs.map((log) => ({
      address: log.address,
      data: to0x(log.data),
      topics: log.topics.map(to0x),
    })),
    message: receipt.message,
    output: to0x(receipt.output),
    ...(context.proof === undefined ? {} : { receiptProof: [] }),
    status: receipt.status,
    to: context.to,
    transactionHash: to0x(context.transactionHash),
    ...(context.proof === undefined ? {} : { transactionProof: [], txReceiptProof: context.proof }),
    version: receipt.version,
  };
}

/** EIP-55: a letter is upper case where the nibble of the hash over the lower-case text is 8 or more. */
function checksumAddress(hash: HashFunction, address: string): string {
  const lower = address.toLowerCase();
  const nibbles = toHex(hash(utf8Bytes(lower)));
  return [...lower]
    .map((digit, i) => (Number.parseInt(nibbles.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit))
    .join("");
}
