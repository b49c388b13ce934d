/** Methods that take transactions, and that show them and their receipts with the ways to the header's roots. */
import { proofToRpc } from "../../codec/fisco/proofRpc.js";
import { receiptToRpc } from "../../codec/fisco/receiptRpc.js";
import { transactionToRpc } from "../../codec/fisco/transactionRpc.js";
import type { ChainView, Place, TransactionView } from "../participant/chainView.js";
import { transactionsAt } from "./blocks.js";
import type { RpcContext } from "./context.js";
import { method } from "./method.js";
import { bytes, flag, group, hash, nodeName } from "./params.js";
import { refuse, refuseStorage } from "./refusals.js";
import { HEIGHT, RECEIPT, TRANSACTION } from "./schemas.js";

const TAG = "transactions";

const requireProof = flag("requireProof", "Whether the way to the header's root comes with the answer.", false);
const txHash = hash("txHash", "The transaction's hash.");

export const transactionMethods = [
  method({
    name: "sendTransaction",
    tag: TAG,
    summary: "Takes a signed transaction and answers with its receipt once it is in a block.",
    params: [group, nodeName, bytes("data", "The signed transaction in Tars."), requireProof],
    result: { name: "receipt", schema: RECEIPT },
    answer: (context, _group, _node, data, withProof) => send(context, data, withProof),
  }),
  method({
    name: "getTransaction",
    tag: TAG,
    summary: "A transaction by its hash.",
    params: [group, nodeName, txHash, requireProof],
    result: { name: "transaction", schema: TRANSACTION },
    answer: ({ view }, _group, _node, transactionHash, withProof) => {
      const place = placeOf(view, transactionHash);
      const { transaction, hash: found, sender } = transactionAt(view, place);
      const proof = withProof ? proofToRpc(view.proofs(place).transactionProof) : undefined;
      return transactionToRpc(transaction, found, sender, proof);
    },
  }),
  method({
    name: "getTransactionReceipt",
    tag: TAG,
    summary: "The receipt of a transaction by the transaction's hash.",
    params: [group, nodeName, txHash, requireProof],
    result: { name: "receipt", schema: RECEIPT },
    answer: ({ view }, _group, _node, transactionHash, withProof) => {
      const receipt = showReceipt(view, placeOf(view, transactionHash), withProof);
      // FISCO names it here also where no proof was asked for.
      return { ...receipt, transactionProof: receipt.transactionProof ?? null };
    },
  }),
  method({
    name: "getPendingTxSize",
    tag: TAG,
    summary: "How many transactions wait for a block.",
    params: [group, nodeName],
    result: { name: "count", schema: HEIGHT },
    answer: ({ view }) => view.counts().pending,
  }),
];

/** FISCO writes the receipt's proof under both names here, and leaves the transaction's out. */
async function send({ view, submitWaitMs }: RpcContext, data: Uint8Array, withProof: boolean): Promise<unknown> {
  const outcome = await view.submit(data, submitWaitMs);
  if (outcome.kind === "refused") return refuse(outcome.code, outcome.message);
  const { transactionProof: _none, ...receipt } = showReceipt(view, outcome.place, withProof);
  return withProof ? { ...receipt, receiptProof: receipt.txReceiptProof } : receipt;
}

function placeOf(view: ChainView, transactionHash: Uint8Array): Place {
  return view.place(transactionHash) ?? refuseStorage("getTransactionByHash failed");
}

function transactionAt(view: ChainView, { number, index }: Place): TransactionView {
  return transactionsAt(view, number)[index] ?? refuseStorage("getTransactionByHash failed");
}

function showReceipt(view: ChainView, place: Place, withProof: boolean): Record<string, unknown> {
  const { transaction, hash: transactionHash, sender, receipt, receiptHash } = transactionAt(view, place);
  const { data, extraData } = transaction;
  return receiptToRpc(view.identity.suite.hash, receipt, receiptHash, {
    transactionHash,
    from: sender,
    to: data.to,
    input: data.input,
    extraData,
    ...(withProof ? { proof: proofToRpc(view.proofs(place).receiptProof) } : {}),
  });
}
