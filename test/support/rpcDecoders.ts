/** Our reader of each JSON-RPC method's result, by the method's name. */
import { blockFromRpc } from "../../src/codec/fisco/blockRpc.js";
import { receiptFromRpc } from "../../src/codec/fisco/receiptRpc.js";
import * as results from "../../src/codec/fisco/rpcResults.js";
import type { HashFunction } from "../../src/crypto/hashFunction.js";

export const RPC_DECODERS = {
  getBlockNumber: results.numberFromRpc,
  getPbftView: results.numberFromRpc,
  getPendingTxSize: results.numberFromRpc,
  getBlockHashByNumber: results.hashFromRpc,
  getBlockByNumber: (value: unknown, hash: HashFunction) => blockFromRpc(value, hash),
  getTransactionReceipt: (value: unknown) => receiptFromRpc(value),
  getSealerList: results.sealerListFromRpc,
  getObserverList: results.nodeIdListFromRpc,
  getGroupPeers: results.nodeIdListFromRpc,
  getGroupInfo: results.groupInfoFromRpc,
  getGroupList: results.groupListFromRpc,
  getConsensusStatus: results.consensusStatusFromRpc,
  getSyncStatus: results.syncStatusFromRpc,
  getSystemConfigByKey: results.systemConfigFromRpc,
  getTotalTransactionCount: results.transactionCountFromRpc,
  call: results.callResultFromRpc,
} as const;
