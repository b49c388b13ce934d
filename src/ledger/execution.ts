/**
 * A block's transactions, carried out one after the other: each gets a receipt, whatever happens to it, and leaves no trace
 * in the state when it fails.
 */
import { EMPTY_BYTES } from "../base/bytes.js";
import type { Receipt } from "../codec/fisco/receipt.js";
import { receiptHash } from "../codec/fisco/receiptHash.js";
import { encodeReceipt } from "../codec/fisco/receiptTars.js";
import type { Transaction } from "../codec/fisco/transaction.js";
import { type ContractCall, type Engine, type Frame, type Gate, type Outcome, STATUS } from "./engine.js";

/** A transaction whose signature was checked. */
export interface SignedCall {
  readonly transaction: Transaction;
  readonly hash: Uint8Array;
  /** 20 bytes, recovered. */
  readonly sender: Uint8Array;
  /** Tars, as it stands in the block. */
  readonly bytes: Uint8Array;
}

export interface ExecutedCall extends SignedCall {
  readonly receipt: Receipt;
  readonly receiptHash: Uint8Array;
  readonly receiptBytes: Uint8Array;
}

export interface Executor {
  readonly engines: readonly Engine[];
  readonly gate: Gate;
}

/** What a block may use up: it is cut off before the first call for which something is used up already. */
export const BLOCK_GAS_MAX = 30_000_000;
/** Encoded receipts of one block. */
export const BLOCK_RECEIPT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * @param gasLimit of each call.
 * @returns as many of the calls, from the first one on, as a block has room for; always the same ones for the same calls.
 */
export function executeTransactions(
  executor: Executor,
  calls: readonly SignedCall[],
  frame: Frame,
  gasLimit: number,
): ExecutedCall[] {
  const executed: ExecutedCall[] = [];
  let [gas, bytes] = [0, 0];
  for (const call of calls) {
    if (gas >= BLOCK_GAS_MAX || bytes >= BLOCK_RECEIPT_BYTES_MAX) break;
    const done = executeTransaction(executor, call, frame, Math.min(gasLimit, BLOCK_GAS_MAX));
    gas += Number(done.receipt.gasUsed);
    bytes += done.receiptBytes.length;
    executed.push(done);
  }
  return executed;
}

function executeTransaction(executor: Executor, call: SignedCall, frame: Frame, gasLimit: number): ExecutedCall {
  const { to, input } = call.transaction.data;
  const outcome = carryOut(
    executor,
    {
      caller: call.sender,
      origin: call.sender,
      to: addressText(to),
      input,
      gas: gasLimit,
      depth: 0,
      readOnly: false,
    },
    frame,
  );
  const receipt = receiptOf(call.transaction, outcome, frame.block.number);
  const digest = receiptHash(frame.hash, receipt);
  const { transaction, hash, sender, bytes } = call;
  const receiptBytes = encodeReceipt(receipt, digest);
  return { transaction, hash, sender, bytes, receipt, receiptHash: digest, receiptBytes };
}

/** One call: of a transaction, of JSON-RPC, or of a contract by an engine. What it wrote stays only where it succeeded. */
export function carryOut({ engines, gate }: Executor, call: ContractCall, frame: Frame): Outcome {
  const refused = gate.refuse(call, frame);
  if (refused !== undefined) return refused;
  const engine = engines.find((each) => each.serves(call.to, frame.state));
  if (engine === undefined) {
    const what = call.to === "" ? "no engine takes deployments" : "there is no contract at this address";
    return failed(STATUS.callAddressError, what);
  }
  const checkpoint = frame.state.checkpoint();
  const outcome = engine.call(call, frame);
  if (outcome.status !== STATUS.success || call.readOnly) frame.state.revert(checkpoint);
  return outcome;
}

export function failed(status: number, message: string, gasUsed = 0): Outcome {
  return { status, output: EMPTY_BYTES, gasUsed, logs: [], contractAddress: "", message };
}

/** As engines know addresses: 40 hex digits in lower case, or "". */
export function addressText(to: string): string {
  return (to.startsWith("0x") ? to.slice(2) : to).toLowerCase();
}

/** A failed call leaves no logs, as in FISCO and Ethereum. */
function receiptOf({ data: { version } }: Transaction, outcome: Outcome, blockNumber: number): Receipt {
  const { status, output, gasUsed, logs, contractAddress, message } = outcome;
  const succeeded = status === STATUS.success;
  return {
    version,
    gasUsed: String(gasUsed),
    contractAddress: succeeded ? contractAddress : "",
    status,
    output,
    logs: succeeded ? logs : [],
    blockNumber,
    effectiveGasPrice: version >= 1 ? "0x0" : "",
    message,
  };
}
