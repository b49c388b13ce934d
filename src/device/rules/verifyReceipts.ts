/** What a stranger can check of receipts: the chain of hashes, the inputs, the heads, and the decision itself. */
import { equalBytes, isZeroBytes } from "../../base/bytes.js";
import { WireError } from "../../codec/wire/problems.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { DeviceProfile } from "../profile.js";
import { ruleHash, sceneHash } from "./bytes.js";
import { decideRule, decideScene } from "./decide.js";
import { InputMissing, inputsHash, WrittenFacts } from "./inputs.js";
import type { LinkageRule, Scene } from "./language.js";
import { policyHash, type TrustPolicy } from "./policy.js";
import { type Receipt, readReceipt, receiptHash, valueHash } from "./receipt.js";
import { headOf, type ReceiptHead } from "./receiptBatch.js";

export interface StoredReceipt {
  readonly bytes: Uint8Array;
  /** Absent or empty where they were pruned or not kept. */
  readonly inputs?: Uint8Array;
}

export type ReceiptFault =
  | { readonly code: "RECEIPTS_UNREADABLE"; readonly index: number }
  | { readonly code: "RECEIPTS_GAP"; readonly index: number; readonly sequence: number; readonly expected: number }
  | { readonly code: "RECEIPTS_UNLINKED"; readonly index: number; readonly sequence: number }
  | { readonly code: "RECEIPTS_INPUTS"; readonly index: number; readonly sequence: number }
  | { readonly code: "RECEIPTS_OTHER_GATEWAY"; readonly index: number; readonly sequence: number }
  | { readonly code: "RECEIPTS_HEAD"; readonly fromSequence: number; readonly toSequence: number };

export interface CheckedReceipts {
  readonly receipts: readonly Receipt[];
  readonly hashes: readonly Uint8Array[];
  readonly faults: readonly ReceiptFault[];
  /** How many of them stand under one of the heads. */
  readonly underHeads: number;
}

/**
 * A stretch of receipts, oldest first: canonical bytes, no gaps, each naming the one before, inputs that fit, heads whose
 * roots are those of their receipts. Signatures of heads are checked by whoever knows the gateway's key.
 */
export function verifyReceipts(
  hash: HashFunction,
  stored: readonly StoredReceipt[],
  heads: readonly ReceiptHead[] = [],
): CheckedReceipts {
  const receipts: Receipt[] = [];
  const hashes: Uint8Array[] = [];
  const faults: ReceiptFault[] = [];
  for (const [index, { bytes, inputs }] of stored.entries()) {
    let receipt: Receipt;
    try {
      receipt = readReceipt(bytes);
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      faults.push({ code: "RECEIPTS_UNREADABLE", index });
      break;
    }
    const { sequence } = receipt;
    const before = receipts.at(-1);
    if (before === undefined) {
      if (sequence === 1 && !isZeroBytes(receipt.previous)) faults.push({ code: "RECEIPTS_UNLINKED", index, sequence });
    } else {
      const expected = before.sequence + 1;
      if (sequence !== expected) faults.push({ code: "RECEIPTS_GAP", index, sequence, expected });
      else if (!equalBytes(receipt.previous, hashes.at(-1) as Uint8Array)) {
        faults.push({ code: "RECEIPTS_UNLINKED", index, sequence });
      }
      if (receipt.gateway !== before.gateway) faults.push({ code: "RECEIPTS_OTHER_GATEWAY", index, sequence });
    }
    if (inputs !== undefined && inputs.length > 0 && !equalBytes(inputsHash(hash, inputs), receipt.inputsHash)) {
      faults.push({ code: "RECEIPTS_INPUTS", index, sequence });
    }
    receipts.push(receipt);
    hashes.push(receiptHash(hash, bytes));
  }
  const first = receipts[0]?.sequence ?? 0;
  let underHeads = 0;
  for (const head of heads) {
    const batch = hashes.slice(head.fromSequence - first, head.toSequence - first + 1);
    if (head.fromSequence < first || batch.length !== head.count) continue;
    if (equalBytes(headOf(hash, head.epoch, head.fromSequence, batch).root, head.root)) underHeads += head.count;
    else faults.push({ code: "RECEIPTS_HEAD", fromSequence: head.fromSequence, toSequence: head.toSequence });
  }
  return { receipts, hashes, faults, underHeads };
}

export type ReplayFault =
  | "REPLAY_OTHER_RULE"
  | "REPLAY_OTHER_POLICY"
  | "REPLAY_INPUTS_DIFFER"
  | "REPLAY_INPUTS_INCOMPLETE"
  | "REPLAY_NOT_FULFILLED"
  | "REPLAY_ACTIONS_DIFFER";

export interface ReplayMaterial {
  readonly inputs: Uint8Array;
  readonly rule: LinkageRule | Scene;
  readonly policy: TrustPolicy;
  readonly profiles: (id: string) => DeviceProfile | undefined;
}

/**
 * Makes the decision again from what was read then. Undefined: the receipt names exactly the actions that follow, with the
 * same values; those that were refused carry the same code. What devices answered cannot be replayed.
 */
export function replayReceipt(hash: HashFunction, receipt: Receipt, material: ReplayMaterial): ReplayFault | undefined {
  const { inputs, rule, policy, profiles } = material;
  const isScene = "steps" in rule;
  const ownHash = isScene ? sceneHash(hash, rule) : ruleHash(hash, rule);
  if (!equalBytes(ownHash, receipt.ruleHash)) return "REPLAY_OTHER_RULE";
  if (!equalBytes(policyHash(hash, policy), receipt.policyHash)) return "REPLAY_OTHER_POLICY";
  if (!equalBytes(inputsHash(hash, inputs), receipt.inputsHash)) return "REPLAY_INPUTS_DIFFER";
  try {
    const facts = new WrittenFacts(inputs, profiles);
    const decision = isScene
      ? decideScene(rule, facts.cause, policy, facts)
      : decideRule(rule, facts.cause, policy, facts);
    if (decision.truth !== true) return "REPLAY_NOT_FULFILLED";
    const agrees = decision.steps.every((step, index) => {
      const action = receipt.actions[index];
      if (action === undefined || action.action !== step.action) return false;
      if (action.device !== step.device || action.target !== step.target) return false;
      const wanted = step.value === undefined ? undefined : valueHash(hash, step.value);
      if ((wanted === undefined) !== (action.valueHash === undefined)) return false;
      if (wanted !== undefined && !equalBytes(wanted, action.valueHash as Uint8Array)) return false;
      return step.code === undefined || step.code === action.result;
    });
    // A scene that put things back has more of them.
    const complete = isScene || decision.steps.length === receipt.actions.length;
    return agrees && complete ? undefined : "REPLAY_ACTIONS_DIFFER";
  } catch (thrown) {
    if (thrown instanceof InputMissing || thrown instanceof WireError) return "REPLAY_INPUTS_INCOMPLETE";
    throw thrown;
  }
}

/** Two different receipts of one gateway with one sequence: proof that it told two stories. */
export function isEquivocation(hash: HashFunction, one: Uint8Array, other: Uint8Array): boolean {
  try {
    const [left, right] = [readReceipt(one), readReceipt(other)];
    if (left.gateway !== right.gateway || left.sequence !== right.sequence) return false;
  } catch (thrown) {
    if (thrown instanceof WireError) return false;
    throw thrown;
  }
  return !equalBytes(receiptHash(hash, one), receiptHash(hash, other));
}
