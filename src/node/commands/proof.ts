/** `edgeseal proof`: records, names, transactions and receipts, believed only with a proof. */
import { fromHex, to0x } from "../../base/bytes.js";
import { addressText } from "../../ledger/execution.js";
import { CNS_TABLE, cnsKey, readCnsEntry } from "../../ledger/system/cnsNames.js";
import type { ProvenRecord } from "../transactions/chainSession.js";
import { usage } from "./sign.js";
import { type VisitOptions, visitChain } from "./visit.js";

export const PROOF_TIMEOUT_DEFAULT_MS = 60_000;
const HASH = /^0x[0-9a-fA-F]{64}$/;
const PRINTABLE = /^[\x20-\x7e]+$/;

export interface ProvenState {
  readonly table: string;
  readonly key: string;
  /** Hex; null where it is proven that there is no such record. */
  readonly value: string | null;
  /** The value, where it is plain text. */
  readonly text?: string;
  readonly number: number;
  readonly blockHash: string;
  readonly proofBytes: number;
  readonly proven: true;
}

/** @throws SendError `STATE_NO_ANSWER`, and what `visitChain` throws */
export async function proveState(
  context: VisitOptions,
  record: { readonly table: string; readonly key: string },
  number: number | undefined,
): Promise<ProvenState> {
  const found = await visitChain(context, ({ session }) => session.stateRecord(record, number, context.timeoutMs));
  const text = found.value === undefined ? undefined : textOf(found.value);
  return {
    ...record,
    value: found.value === undefined ? null : to0x(found.value),
    ...(text === undefined ? {} : { text }),
    ...placeOf(found),
  };
}

export interface ProvenName {
  readonly name: string;
  readonly version: string;
  /** null where it is proven that the name has no such version. */
  readonly address: string | null;
  readonly number: number;
  readonly blockHash: string;
  readonly proofBytes: number;
  readonly proven: true;
}

/** A name of the contract name service. @throws as `proveState` */
export async function proveCns(context: VisitOptions, name: string, version: string): Promise<ProvenName> {
  const record = { table: CNS_TABLE, key: cnsKey(name, version) };
  const found = await visitChain(context, ({ session }) => session.stateRecord(record, undefined, context.timeoutMs));
  const address = found.value === undefined ? null : to0x(readCnsEntry(found.value, record.key).address);
  return { name, version, address, ...placeOf(found) };
}

function placeOf({ number, blockHash, proofBytes }: ProvenRecord) {
  return { number, blockHash: to0x(blockHash), proofBytes, proven: true } as const;
}

function textOf(value: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(value);
  return PRINTABLE.test(text) ? text : undefined;
}

export interface ProvenTransaction {
  readonly hash: string;
  readonly number: number;
  readonly index: number;
  readonly blockHash: string;
  readonly transaction: Readonly<Record<string, string | number>>;
  readonly receipt: Readonly<Record<string, string | number>>;
}

/** @throws SendError `PROOF_NO_ANSWER`, and what `visitChain` throws */
export async function proveTransaction(context: VisitOptions, hash: string): Promise<ProvenTransaction> {
  if (!HASH.test(hash)) usage("HASH takes 0x and 64 hex digits");
  const { verdict, blockHash } = await visitChain(context, ({ session }) =>
    session.receipt(fromHex(hash), context.timeoutMs),
  );
  const { transaction, receipt, sender } = verdict;
  const { data } = transaction;
  return {
    hash: to0x(verdict.transactionHash),
    number: verdict.number,
    index: verdict.index,
    blockHash: to0x(blockHash),
    transaction: {
      from: to0x(sender),
      to: data.to === "" ? "" : `0x${addressText(data.to)}`,
      input: to0x(data.input),
      nonce: data.nonce,
      blockLimit: data.blockLimit,
    },
    receipt: {
      from: to0x(sender),
      status: receipt.status,
      gasUsed: receipt.gasUsed,
      output: to0x(receipt.output),
      logs: receipt.logs.length,
      message: receipt.message,
    },
  };
}
