/** Verification of one transaction: rules, hash and sender. */
import { to0x } from "../../../base/bytes.js";
import { readRecord } from "../../../codec/fisco/rpcFields.js";
import type { TransactionSuites } from "../../../codec/fisco/transactionHash.js";
import { type RpcTransaction, transactionFromRpc } from "../../../codec/fisco/transactionRpc.js";
import { checkTransaction, type TransactionAmbiguity } from "../../../codec/fisco/transactionRules.js";
import { transactionSender } from "../../../codec/fisco/transactionSender.js";
import { TransactionError } from "../../../codec/problems.js";
import { HASH_BYTES } from "../../../crypto/suite.js";
import type { JsonObject } from "../../jsonObject.js";
import { VerifyError } from "../problems.js";
import { checkNamedHash, namedValue, namesBytes, shown } from "./answer.js";

export interface VerifiedTransaction {
  readonly valid: true;
  readonly kind: "tx";
  readonly hash: string;
  readonly sender: string;
  /** What of it may also be read in another way; absent when nothing is. */
  readonly warnings?: readonly TransactionAmbiguity[];
}

/**
 * The chain and group are taken from the transaction itself: a file says nothing about the chain it was meant for.
 * @throws TransactionError, RpcShapeError, VerifyError
 */
export function verifyTransaction(value: unknown, suites: TransactionSuites): VerifiedTransaction {
  const record = readRecord(value, "transaction");
  const { transaction, hash } = readTransaction(record, suites);
  checkNamedHash("tx", record, hash);
  const { chainId, groupId } = transaction.data;
  const warnings = checkTransaction(transaction, { chainId, groupId, suite: suites.chain.name });
  const sender = transactionSender(suites, transaction);
  const named = namedValue(record, "from");
  if (named !== undefined && !namesBytes(named, sender)) {
    throw new VerifyError({ code: "VERIFY_SENDER_MISMATCH", named: shown(named), computed: to0x(sender) });
  }
  return {
    valid: true,
    kind: "tx",
    hash: to0x(hash),
    sender: to0x(sender),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function readTransaction(record: JsonObject, suites: TransactionSuites): RpcTransaction {
  return namedValue(record, "hash") === undefined
    ? readUnnamed(record, suites)
    : transactionFromRpc(record, suites.chain.hash);
}

const DIGITS_ONLY = /^[0-9a-f]+$/;

/**
 * A transaction whose file names no hash. A nonce may then be readable as text and as the hex of a text; the reading that
 * the named sender signed is meant, or else, where the hex is that of digits, the one in which nodes from 3.3.0 on print.
 */
function readUnnamed(record: JsonObject, suites: TransactionSuites): RpcTransaction {
  const readings = possibleHashes(record, suites).map((hash) =>
    transactionFromRpc({ ...record, hash: to0x(hash) }, suites.chain.hash),
  );
  const from = namedValue(record, "from");
  const signed = readings.find((reading) => from !== undefined && isSentBy(reading, from, suites));
  const printedAsHex = readings.slice(1).find(({ transaction }) => DIGITS_ONLY.test(transaction.data.nonce));
  const reading = signed ?? printedAsHex ?? readings[0];
  if (reading === undefined) throw new TransactionError({ code: "TRANSACTION_HASH_MISMATCH", path: "transaction" });
  return reading;
}

/** The hashes of all readings, found by asking for one that no reading has. */
function possibleHashes(record: JsonObject, suites: TransactionSuites): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  const noHash = to0x(new Uint8Array(HASH_BYTES));
  try {
    transactionFromRpc({ ...record, hash: noHash }, (preimage) => {
      const hash = suites.chain.hash(preimage);
      hashes.push(hash);
      return hash;
    });
  } catch (thrown) {
    const nothingFits = thrown instanceof TransactionError && thrown.code === "TRANSACTION_HASH_MISMATCH";
    if (!nothingFits) throw thrown;
  }
  return hashes;
}

function isSentBy({ transaction }: RpcTransaction, from: unknown, suites: TransactionSuites): boolean {
  try {
    return namesBytes(from, transactionSender(suites, transaction));
  } catch (thrown) {
    if (thrown instanceof TransactionError) return false;
    throw thrown;
  }
}
