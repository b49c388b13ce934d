/** From the bytes of a stranger to a transaction that fits the chain: everything that needs neither state nor signature. */
import { utf8Bytes } from "../../base/bytes.js";
import { DomainError } from "../../base/error.js";
import { TRANSACTION_TYPE_FISCO } from "../../codec/fisco/transaction.js";
import { checkTransaction, type TransactionChain } from "../../codec/fisco/transactionRules.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import { TRANSACTION_BYTES_MAX } from "../../codec/wire/limits.js";
import type { SignedCall } from "../execution.js";
import { NONCE_BYTES_MAX } from "./limits.js";
import { type Refusal, type RefusalName, type RefusalReason, refusal } from "./refusal.js";

/** Decoded and checked against the rules; who signed it is not known yet. */
export type DecodedCall = Pick<SignedCall, "transaction" | "bytes">;

const NAME_OF_PROBLEM: Readonly<Record<string, RefusalName>> = {
  TRANSACTION_CHAIN_ID: "InvalidChainId",
  TRANSACTION_GROUP_ID: "InvalidGroupId",
  TRANSACTION_SIGNATURE_LENGTH: "InvalidSignature",
  TRANSACTION_SIGNATURE_RECOVERY: "InvalidSignature",
  TRANSACTION_SIGNATURE_INVALID: "InvalidSignature",
};

/**
 * The same answer on every participant. Never throws on bad bytes.
 * @param bytes Tars, as for `sendTransaction`.
 */
export function decodeCall(bytes: Uint8Array, chain: TransactionChain): DecodedCall | Refusal {
  if (bytes.length > TRANSACTION_BYTES_MAX) return malformed("TRANSACTION_TOO_LARGE");
  try {
    const { transaction } = decodeTransaction(bytes);
    const { type, data } = transaction;
    if (type !== TRANSACTION_TYPE_FISCO) return malformed("TRANSACTION_TYPE");
    // FISCO asks for the group before the chain (bcos-txpool/TxValidator.cpp).
    if (data.groupId !== chain.groupId) return refusal("InvalidGroupId");
    if (utf8Bytes(data.nonce).length > NONCE_BYTES_MAX) return malformed("TRANSACTION_NONCE_LENGTH");
    checkTransaction(transaction, chain);
    return { transaction, bytes };
  } catch (thrown) {
    return refusalOf(thrown);
  }
}

/**
 * A codec's error as a refusal.
 * @throws what is not an error about input.
 */
export function refusalOf(thrown: unknown): Refusal {
  if (!(thrown instanceof DomainError) || thrown.family !== "input") throw thrown;
  const name = NAME_OF_PROBLEM[thrown.code];
  return name === undefined ? refusal("MalformTx", thrown.code) : refusal(name);
}

function malformed(reason: RefusalReason): Refusal {
  return refusal("MalformTx", reason);
}
