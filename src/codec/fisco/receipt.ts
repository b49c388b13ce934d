/** A transaction receipt of FISCO BCOS v3 as a value (bcos-tars-protocol/tars/TransactionReceipt.tars). */

export interface LogEntry {
  /** 40 hex digits without 0x, hashed as this text. */
  readonly address: string;
  /** 32 bytes each, at most 4. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/**
 * The hash covers everything here but `message`. It does not bind the receipt to a transaction: equal calls have equal
 * receipts, so position in the tree has to.
 */
export interface Receipt {
  /** The transaction's version. */
  readonly version: number;
  /** Decimal text. */
  readonly gasUsed: string;
  /** 40 hex digits without 0x of a new contract, or "". */
  readonly contractAddress: string;
  /** 0 is success. */
  readonly status: number;
  readonly output: Uint8Array;
  readonly logs: readonly LogEntry[];
  readonly blockNumber: number;
  /** Hashed from version 1 on. */
  readonly effectiveGasPrice: string;
  readonly message: string;
}
