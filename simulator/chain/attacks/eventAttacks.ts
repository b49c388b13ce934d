/**
 * Events that nobody emitted. A stranger may put anything into a block; FISCO's hashes then fit more than one reading
 * of it
 * (bcos-tars-protocol TarsHashable.h joins fields without lengths).
 */
import { concatBytes, to0x, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import type { Receipt } from "../../../src/codec/fisco/receipt.js";
import { encodeReceipt } from "../../../src/codec/fisco/receiptTars.js";
import type { Transaction } from "../../../src/codec/fisco/transaction.js";
import { encodeTransaction } from "../../../src/codec/fisco/transactionTars.js";
import { type EventMessage, encodeEvent } from "../../../src/codec/wire/eventMessage.js";
import type { Account } from "../accounts.js";
import type { CallOutcome, IssuedTransaction } from "../blockContent.js";
import type { Forger } from "../forger.js";
import { type Attack, attack, type Hostile } from "./attack.js";

const NONCE = "77";
const PROOF_INVALID = "CHAIN_PROOF_INVALID";
const FAR_HEIGHTS = 1_000_000;

function onEvent(forger: Forger, event: EventMessage, ...expectedCodes: string[]): Hostile {
  const subject = { kind: "event", address: toHex(forger.watched.address) } as const;
  return { kind: "wire", subject, payload: encodeEvent(event), expectedCodes };
}

/** A block with some traffic and, in the middle, a call that really emits the watched event. */
function trueEvent(
  forger: Forger,
  from: Account,
): { readonly event: EventMessage; readonly issued: IssuedTransaction } {
  const { issuer, watched, random } = forger;
  const call = (account: Account, outcome: CallOutcome) => ({
    from: account,
    to: watched.address,
    input: random.bytes(36),
    outcome,
  });
  const logs = [{ topics: [watched.topic], data: random.bytes(watched.dataBytes) }];
  const other = (): ReturnType<typeof call> => call(forger.stranger, {});
  issuer.issue({ transactions: [other(), call(from, { logs }), other()] });
  return at(forger, 1);
}

function at(forger: Forger, index: number): { readonly event: EventMessage; readonly issued: IssuedTransaction } {
  const number = forger.head.header.number;
  return {
    event: forger.issuer.proofs(number, index),
    issued: forger.issuer.transactions(number)[index] as IssuedTransaction,
  };
}

/**
 * A stranger's call of a contract of his own, whose nonce and answer were chosen so that the same bytes read as a call
 * of
 * the watched contract with its event.
 */
function doubleMeaning(forger: Forger): { readonly event: EventMessage; readonly issued: IssuedTransaction } {
  const { issuer, watched, stranger, random } = forger;
  const data = random.bytes(watched.dataBytes);
  issuer.issue({
    transactions: [
      {
        from: stranger,
        to: random.bytes(20),
        input: random.bytes(36),
        nonce: `${NONCE}${to0x(watched.address)}`,
        outcome: { output: concatBytes([utf8Bytes(toHex(watched.address)), watched.topic, data]) },
      },
    ],
  });
  return at(forger, 0);
}

/** The other reading of the transaction: nonce, `to` and input cut elsewhere. */
export function rereadTransaction(forger: Forger, { data, ...rest }: Transaction): Transaction {
  const input = concatBytes([utf8Bytes(data.to), data.input]);
  return { ...rest, data: { ...data, nonce: NONCE, to: to0x(forger.watched.address), input } };
}

/** The other reading of the receipt: what was returned becomes a log. */
export function rereadReceipt(forger: Forger, receipt: Receipt): Receipt {
  const { address, topic } = forger.watched;
  const log = { address: toHex(address), topics: [topic], data: receipt.output.slice(40 + 32) };
  return { ...receipt, output: new Uint8Array(0), logs: [log] };
}

export const EVENT_ATTACKS: readonly Attack[] = [
  attack(
    "event-reread",
    "A stranger's transaction whose bytes also read as the watched contract's event.",
    (forger) => {
      const { event, issued } = doubleMeaning(forger);
      const transaction = encodeTransaction(rereadTransaction(forger, issued.transaction), issued.hash);
      const receipt = encodeReceipt(rereadReceipt(forger, issued.receipt), issued.receiptHash);
      return onEvent(forger, { ...event, transaction, receipt }, "EVENTS_HASH_CONSISTENT");
    },
  ),
  attack("event-stranger", "A true event, but called by an account that the anchor does not name.", (forger) =>
    onEvent(forger, trueEvent(forger, forger.stranger).event, "EVENTS_HASH_CONSISTENT"),
  ),
  attack("event-as-deployment", "The publisher's call with its target moved into the input.", (forger) => {
    const { event, issued } = trueEvent(forger, forger.issuer.publisher);
    const { data } = issued.transaction;
    const moved = { ...data, to: "", input: concatBytes([utf8Bytes(data.to), data.input]) };
    const transaction = encodeTransaction({ ...issued.transaction, data: moved }, issued.hash);
    return onEvent(forger, { ...event, transaction }, "TRANSACTION_DEPLOY_INPUT");
  }),
  attack("event-data-altered", "The publisher's event with one bit of its data flipped.", (forger) => {
    const { event, issued } = trueEvent(forger, forger.issuer.publisher);
    const logs = issued.receipt.logs.map((log) => ({
      ...log,
      data: log.data.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
    }));
    const receipt = encodeReceipt({ ...issued.receipt, logs }, issued.receiptHash);
    return onEvent(forger, { ...event, receipt }, PROOF_INVALID);
  }),
  attack(
    "event-other-receipt",
    "The publisher's transaction with the receipt and proof of its neighbour.",
    (forger) => {
      const { event } = trueEvent(forger, forger.issuer.publisher);
      const { receipt, receiptProof } = forger.issuer.proofs(event.number, 2);
      return onEvent(forger, { ...event, receipt, receiptProof }, PROOF_INVALID);
    },
  ),
  attack(
    "event-other-block",
    "The publisher's event, proven by its own block's path, as if it stood in the block before.",
    (forger) => {
      const { event } = trueEvent(forger, forger.issuer.publisher);
      return onEvent(forger, { ...event, number: event.number - 1 }, PROOF_INVALID);
    },
  ),
  attack("event-proof-cut", "The publisher's event with a proof that ends one level below the root.", (forger) => {
    const { event } = trueEvent(forger, forger.issuer.publisher);
    const transactionProof = event.transactionProof.slice(0, -1);
    return onEvent(forger, { ...event, transactionProof }, PROOF_INVALID);
  }),
  attack("event-proof-empty", "The publisher's event with no proof at all.", (forger) => {
    const { event } = trueEvent(forger, forger.issuer.publisher);
    return onEvent(forger, { ...event, transactionProof: [], receiptProof: [] }, PROOF_INVALID);
  }),
  attack("event-other-chain", "The publisher's transaction for another chain.", (forger) => {
    const { event, issued } = trueEvent(forger, forger.issuer.publisher);
    const data = { ...issued.transaction.data, chainId: "other" };
    const transaction = encodeTransaction({ ...issued.transaction, data }, issued.hash);
    return onEvent(forger, { ...event, transaction }, "TRANSACTION_CHAIN_ID");
  }),
  attack("event-signature-altered", "The publisher's transaction under a stranger's signature.", (forger) => {
    const { event, issued } = trueEvent(forger, forger.issuer.publisher);
    const signature = forger.issuer.signer.signTransaction(forger.stranger.secretKey, issued.hash);
    const transaction = encodeTransaction({ ...issued.transaction, signature }, issued.hash);
    return onEvent(forger, { ...event, transaction }, "EVENTS_HASH_CONSISTENT");
  }),
  attack("event-unanchored", "An event of a block far above the head.", (forger) => {
    const { event } = trueEvent(forger, forger.issuer.publisher);
    return onEvent(forger, { ...event, number: event.number + FAR_HEIGHTS }, "CHAIN_PROOF_UNANCHORED");
  }),
];
