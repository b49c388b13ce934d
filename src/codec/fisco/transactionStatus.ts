/**
 * What a node's pool says about a transaction it does not take (bcos-protocol/TransactionStatus.h; the names are those
 * of its `operator<<`). A client meets them as the code and message of a JSON-RPC error.
 */
export interface PoolRefusal {
  readonly code: number;
  readonly message: string;
}

export const POOL_REFUSALS = {
  nonceCheckFail: { code: 10_000, message: "NonceCheckFail" },
  blockLimitCheckFail: { code: 10_001, message: "BlockLimitCheckFail" },
  poolIsFull: { code: 10_002, message: "TxPoolIsFull" },
  malformed: { code: 10_003, message: "MalformTx" },
  alreadyInPool: { code: 10_004, message: "AlreadyInTxPool" },
  alreadyInChain: { code: 10_005, message: "TxAlreadyInChain" },
  invalidChainId: { code: 10_006, message: "InvalidChainId" },
  invalidGroupId: { code: 10_007, message: "InvalidGroupId" },
  invalidSignature: { code: 10_008, message: "InvalidSignature" },
  notOfTheGroup: { code: 10_009, message: "RequestNotBelongToTheGroup" },
  timeout: { code: 10_010, message: "TransactionPoolTimeout" },
  oversized: { code: 10_013, message: "OversizedData" },
} as const satisfies Readonly<Record<string, PoolRefusal>>;
