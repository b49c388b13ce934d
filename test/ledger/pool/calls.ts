/** Transactions for the pool: of the right shape, signed by nobody, since the pool is told who the sender is. */
import { copyBytes, EMPTY_BYTES, utf8Bytes } from "../../../src/base/bytes.js";
import type { Transaction, TransactionData } from "../../../src/codec/fisco/transaction.js";
import { transactionDataHash } from "../../../src/codec/fisco/transactionHash.js";
import { encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import type { SignedCall } from "../../../src/ledger/execution.js";
import { NonceWindow } from "../../../src/ledger/pool/nonceWindow.js";
import { POOL_LIMITS, type PoolLimits, TransactionPool } from "../../../src/ledger/pool/transactionPool.js";

export const SIGNATURE_BYTES = { ecdsa: 65, sm: 128 } as const;

export interface CallShape {
  readonly suite?: SuiteName;
  readonly data?: Partial<TransactionData>;
  readonly rest?: Partial<Transaction>;
  /** Names the account. */
  readonly sender?: number;
}

let nextNonce = 1;

export function callOf({ suite = "ecdsa", data = {}, rest = {}, sender = 1 }: CallShape = {}): SignedCall {
  const transaction: Transaction = {
    data: {
      ...{ version: 0, chainId: "chain0", groupId: "group0", blockLimit: 500, nonce: (nextNonce++).toString(16) },
      ...{ to: `0x${"cd".repeat(20)}`, input: utf8Bytes("set"), abi: "", value: "", gasPrice: "", gasLimit: 0n },
      ...{ maxFeePerGas: "", maxPriorityFeePerGas: "", extension: EMPTY_BYTES },
      ...data,
    },
    ...{ signature: new Uint8Array(SIGNATURE_BYTES[suite]), type: 0, web3Bytes: EMPTY_BYTES },
    ...{ importTime: 0, attribute: 0, extraData: "" },
    ...rest,
  };
  const hash = transactionDataHash(referenceSuite(suite).hash, transaction.data);
  return { transaction, hash, sender: accountOf(sender), bytes: copyBytes(encodeTransaction(transaction, hash)) };
}

export function accountOf(sender: number): Uint8Array {
  const account = new Uint8Array(20);
  new DataView(account.buffer).setUint32(16, sender);
  return account;
}

export interface PoolShape {
  readonly suite?: SuiteName;
  readonly height?: number;
  readonly limits?: Partial<PoolLimits>;
}

export function poolOf({ suite = "ecdsa", height = 0, limits = {} }: PoolShape = {}): TransactionPool {
  return new TransactionPool({
    chain: { chainId: "chain0", groupId: "group0", suite },
    hash: referenceSuite(suite).hash,
    nonces: new NonceWindow(height),
    limits: { ...POOL_LIMITS, ...limits },
  });
}

export const ALL = { count: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** Hashes and nonces as `committed` takes them. */
export function contentOf(calls: readonly SignedCall[]): [readonly Uint8Array[], readonly string[]] {
  return [calls.map(({ hash }) => hash), calls.map(({ transaction }) => transaction.data.nonce)];
}
