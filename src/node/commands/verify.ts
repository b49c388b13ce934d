/**
 * `edgeseal verify`: is this header, transaction, receipt or proof what it claims to be? No node, no configuration and no
 * network are needed; a file from an untrusted node is all there is.
 */
import { DomainError, type Problem } from "../../base/error.js";
import type { FaultModel, Layout } from "../../codec/profile.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { SuiteName } from "../../crypto/suite.js";
import type { JsonObject } from "../jsonObject.js";
import { InputError } from "./problems.js";
import { resultIn } from "./verify/answer.js";
import { type VerifiedHeader, verifyHeader } from "./verify/header.js";
import { suiteOfProof, type VerifiedProof, verifyProof } from "./verify/proof.js";
import { type VerifiedReceipt, verifyReceipt } from "./verify/receipt.js";
import { type VerifiedTransaction, verifyTransaction } from "./verify/transaction.js";

export const VERIFY_KINDS = ["header", "tx", "receipt", "proof"] as const;
export type VerifyKind = (typeof VERIFY_KINDS)[number];

export interface VerifyOptions {
  /** Left out: `ecdsa`, or what a proof's file names. */
  readonly suite?: SuiteName;
  readonly layout: Layout;
  readonly faultModel: FaultModel;
  /** For headers: `{ "sealers": [{ "nodeID", "weight" }] }`. */
  readonly trust?: JsonObject;
}

export type VerifyResult =
  | VerifiedHeader
  | VerifiedTransaction
  | VerifiedReceipt
  | VerifiedProof
  | { readonly valid: false; readonly problem: Problem };

/** Everything that is wrong with the input is a result; only what is wrong with us is thrown. */
export async function verify(kind: VerifyKind, input: JsonObject, options: VerifyOptions): Promise<VerifyResult> {
  try {
    return await verifyKind(kind, resultIn(input), options);
  } catch (thrown) {
    const isFinding = thrown instanceof DomainError && thrown.family === "input" && !(thrown instanceof InputError);
    if (isFinding) return { valid: false, problem: thrown.problem as Problem };
    throw thrown;
  }
}

async function verifyKind(kind: VerifyKind, value: unknown, options: VerifyOptions): Promise<VerifyResult> {
  const suiteName = kind === "proof" ? suiteOfProof(value, options.suite) : (options.suite ?? "ecdsa");
  const suite = await loadSuite(suiteName);
  switch (kind) {
    case "header": {
      const { layout, faultModel } = options;
      return verifyHeader(value, suite, { suite: suiteName, layout, faultModel }, options.trust);
    }
    case "tx": {
      const web3 = suiteName === "ecdsa" ? suite : await loadSuite("ecdsa");
      return verifyTransaction(value, { chain: suite, web3 });
    }
    case "receipt":
      return verifyReceipt(value, suite);
    case "proof":
      return verifyProof(value, suite);
  }
}
