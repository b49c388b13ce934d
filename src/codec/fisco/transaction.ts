/** A transaction of FISCO BCOS v3 as a value (bcos-tars-protocol/tars/Transaction.tars). */

/** What the hash and the signature of a type 0 transaction cover. */
export interface TransactionData {
  /** 0, 1 (adds value and gas fields to the hash) or 2 (adds extension). */
  readonly version: number;
  readonly chainId: string;
  readonly groupId: string;
  /** Last height at which it may be in a block. */
  readonly blockLimit: number;
  /** Any text; clients write decimal or hex digits. */
  readonly nonce: string;
  /** Exactly the client's text: "" deploys, else 40 hex digits with or without 0x. */
  readonly to: string;
  readonly input: Uint8Array;
  /** ABI as JSON text, or "". */
  readonly abi: string;
  readonly value: string;
  readonly gasPrice: string;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
  readonly extension: Uint8Array;
}

export interface Transaction {
  readonly data: TransactionData;
  /** 65 bytes r || s || v (v 0..3), or 128 bytes r || s || public key on a guomi chain. */
  readonly signature: Uint8Array;
  /** 0: FISCO's own form. 1: a Web3 transaction whose signed bytes are `web3Bytes`. */
  readonly type: number;
  /** Type 1: the RLP that was signed (extraTransactionBytes); empty otherwise. */
  readonly web3Bytes: Uint8Array;
  /** Milliseconds; set by a node, covered by nothing. */
  readonly importTime: number;
  /** Bits, covered by nothing: 1 EVM ABI, 2 Liquid SCALE, 4 DAG, 8 Liquid create, 16 conflict hint. */
  readonly attribute: number;
  /** Covered by nothing. */
  readonly extraData: string;
}

export const TRANSACTION_TYPE_FISCO = 0;
export const TRANSACTION_TYPE_WEB3 = 1;

/** Versions whose hash rule is known. */
export const TRANSACTION_VERSION_MAX = 2;
