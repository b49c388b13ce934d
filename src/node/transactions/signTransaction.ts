/** A transaction signed by a key that only the guard can reach. */
import { equalBytes, to0x } from "../../base/bytes.js";
import type { Random } from "../../base/random.js";
import {
  assembleTransaction,
  buildTransaction,
  NONCE_BYTES,
  type SignedTransaction,
  type TransactionCall,
} from "../../codec/fisco/transactionBuild.js";
import { TRANSACTION_BYTES_MAX } from "../../codec/wire/limits.js";
import type { Suite } from "../../crypto/suite.js";
import type { GuardedSigner } from "../signing/port.js";
import { SendError } from "./problems.js";

export interface SigningContext {
  readonly suite: Suite;
  readonly signer: Pick<GuardedSigner, "sign" | "publicKey">;
  readonly chainId: string;
  readonly groupId: string;
  readonly random: Random;
}

/**
 * @param blockLimit last height at which it may be in a block.
 * @throws TransactionError, SendError `SEND_TOO_LARGE`, `SEND_SIGNER_DIFFERS`; SigningError
 */
export async function signTransaction(
  call: TransactionCall,
  blockLimit: number,
  { suite, signer, chainId, groupId, random }: SigningContext,
): Promise<SignedTransaction> {
  const data = buildTransaction(call, { chainId, groupId, blockLimit, nonce: random.bytes(NONCE_BYTES) });
  const { signature } = await signer.sign({ purpose: "transaction", data });
  const signed = assembleTransaction(suite, data, signature);
  const account = suite.address(signer.publicKey);
  if (!equalBytes(signed.sender, account)) {
    throw new SendError({ code: "SEND_SIGNER_DIFFERS", signed: to0x(signed.sender), key: to0x(account) });
  }
  checkSize(signed.bytes);
  return signed;
}

/** @throws SendError `SEND_TOO_LARGE` for what the header network does not carry. */
export function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= TRANSACTION_BYTES_MAX) return;
  throw new SendError({ code: "SEND_TOO_LARGE", size: bytes.length, limit: TRANSACTION_BYTES_MAX });
}
