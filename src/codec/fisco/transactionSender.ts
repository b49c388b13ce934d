/** Who signed a transaction. The `sender` field and the RPC's `from` are claims; this is the proof. */
import { TransactionError } from "../problems.js";
import { TRANSACTION_TYPE_FISCO, TRANSACTION_TYPE_WEB3, type Transaction } from "./transaction.js";
import { type TransactionSuites, transactionPreimage } from "./transactionHash.js";

/**
 * The 20-byte address: last bytes of the hash of the recovered public key. Type 0 signs the data hash with the chain's
 * suite; type 1 signs keccak256(web3Bytes) with secp256k1 whatever the chain's suite.
 * @throws TransactionError `TRANSACTION_SIGNATURE_INVALID`, `TRANSACTION_TYPE`, `TRANSACTION_VERSION`
 */
export function transactionSender(suites: TransactionSuites, transaction: Transaction): Uint8Array {
  const { type, signature } = transaction;
  if (type !== TRANSACTION_TYPE_FISCO && type !== TRANSACTION_TYPE_WEB3) {
    throw new TransactionError({ code: "TRANSACTION_TYPE", type });
  }
  const web3 = type === TRANSACTION_TYPE_WEB3;
  const suite = web3 ? suites.web3 : suites.chain;
  const digest = suite.hash(web3 ? transaction.web3Bytes : transactionPreimage(transaction.data));
  const publicKey = suite.recover(digest, signature);
  if (publicKey === undefined) throw new TransactionError({ code: "TRANSACTION_SIGNATURE_INVALID" });
  return suite.address(publicKey);
}
