/** Why a transaction is not taken, in FISCO's numbers and words (bcos-protocol/TransactionStatus.h). */

/** Numbers above these are not the same in all 3.x releases and are not used. */
const STATUS = {
  NonceCheckFail: 10_000,
  BlockLimitCheckFail: 10_001,
  TxPoolIsFull: 10_002,
  /** The number is called Malformed; FISCO prints this. */
  MalformTx: 10_003,
  AlreadyInTxPool: 10_004,
  /** FISCO has the number and never gives it: a transaction of the chain that comes again is a NonceCheckFail. */
  TxAlreadyInChain: 10_005,
  InvalidChainId: 10_006,
  InvalidGroupId: 10_007,
  InvalidSignature: 10_008,
} as const;

export type RefusalName = keyof typeof STATUS;

export interface Refusal {
  readonly code: number;
  /** FISCO's name of the code. */
  readonly message: RefusalName;
  /** What exactly is wrong, where the name leaves that open: the code of a codec's problem, or one of `RefusalReason`. */
  readonly reason?: string;
}

export type RefusalReason =
  /** Longer than TRANSACTION_BYTES_MAX. */
  | "TRANSACTION_TOO_LARGE"
  /** Longer than NONCE_BYTES_MAX. */
  | "TRANSACTION_NONCE_LENGTH"
  /** Web3 transactions have no block limit, so nothing here would keep them from coming again. */
  | "TRANSACTION_TYPE"
  | "POOL_TRANSACTIONS"
  | "POOL_BYTES"
  | "POOL_SENDER_SHARE";

export function refusal(message: RefusalName, reason?: string): Refusal {
  const code = STATUS[message];
  return reason === undefined ? { code, message } : { code, message, reason };
}

export function isRefusal(answer: object): answer is Refusal {
  return "code" in answer;
}
