/** Methods that show blocks and their number. */
import { to0x } from "../../base/bytes.js";
import { blockToRpc } from "../../codec/fisco/blockRpc.js";
import { headerToRpc } from "../../codec/fisco/headerRpc.js";
import { transactionToRpc } from "../../codec/fisco/transactionRpc.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { ChainView, TransactionView } from "../participant/chainView.js";
import { method } from "./method.js";
import { flag, group, hash, height, nodeName } from "./params.js";
import { refuseStorage } from "./refusals.js";
import { BLOCK, fields, HASH, HEIGHT, NUMBER } from "./schemas.js";

const TAG = "blocks";

const onlyHeader = flag("onlyHeader", "Whether the transactions are left out.", true);
const onlyTxHash = flag("onlyTxHash", "Whether transactions are shown as hashes only.", true);

export const blockMethods = [
  method({
    name: "getBlockNumber",
    tag: TAG,
    summary: "The height of the newest block.",
    params: [group, nodeName],
    result: { name: "number", schema: HEIGHT },
    answer: ({ view }) => view.head().header.number,
  }),
  method({
    name: "getBlockHashByNumber",
    tag: TAG,
    summary: "The hash of the block at a height.",
    params: [group, nodeName, height("blockNumber", "The height.")],
    result: { name: "hash", schema: HASH },
    answer: ({ view }, _group, _node, number) => to0x(headerAt(view, number).hash),
  }),
  method({
    name: "getBlockByNumber",
    tag: TAG,
    summary: "The block at a height: its header, with hashes of its transactions or with whole ones.",
    params: [group, nodeName, height("blockNumber", "The height."), onlyHeader, onlyTxHash],
    result: { name: "block", schema: BLOCK },
    answer: ({ view }, _group, _node, number, bare, hashes) => showBlock(view, headerAt(view, number), bare, hashes),
  }),
  method({
    name: "getBlockByHash",
    tag: TAG,
    summary: "The block of a hash: its header, with hashes of its transactions or with whole ones.",
    params: [group, nodeName, hash("blockHash", "The block's hash."), onlyHeader, onlyTxHash],
    result: { name: "block", schema: BLOCK },
    answer: ({ view }, _group, _node, blockHash, bare, hashes) => {
      const number = view.numberOf(blockHash);
      if (number === undefined) return refuseStorage("getBlockNumberByHash failed");
      return showBlock(view, headerAt(view, number), bare, hashes);
    },
  }),
  method({
    name: "getTotalTransactionCount",
    tag: TAG,
    summary: "How many transactions the chain holds, and how many of them failed.",
    params: [group, nodeName],
    result: {
      name: "count",
      schema: fields({ blockNumber: HEIGHT, failedTransactionCount: NUMBER, transactionCount: NUMBER }),
    },
    answer: ({ view }) => {
      const { failed, transactions } = view.counts();
      return {
        blockNumber: view.head().header.number,
        failedTransactionCount: failed,
        transactionCount: transactions,
      };
    },
  }),
];

/** @throws RpcRefusal */
export function headerAt(view: ChainView, number: number): HashedHeader {
  return view.header(number) ?? refuseStorage(`getBlockDataByNumber failed, number: ${number}`);
}

/** @throws RpcRefusal where the block is not kept. */
export function transactionsAt(view: ChainView, number: number): readonly TransactionView[] {
  return view.transactions(number) ?? refuseStorage(`getBlockDataByNumber failed, number: ${number}`);
}

function showBlock(view: ChainView, signed: HashedHeader, bare: boolean, hashes: boolean): unknown {
  if (bare) return headerToRpc(signed, signed.hash);
  const found = transactionsAt(view, signed.header.number);
  const listed = found.map((one) => (hashes ? one.hash : transactionToRpc(one.transaction, one.hash, one.sender)));
  return blockToRpc(signed, signed.hash, listed);
}
