/**
 * What stands before every call. Source of order and statuses: TransactionExecutive::checkAuth, checkExecAuth,
 * checkContractAvailable and checkAccountAvailable (bcos-executor/src/executive/TransactionExecutive.cpp).
 *
 * FISCO asks all this only while authority is checked. Here what was frozen or listed is obeyed always: who could set it
 * was asked when it was set.
 */
import { equalBytes } from "../../base/bytes.js";
import { SELECTOR_BYTES } from "../../codec/abi/call.js";
import { type ContractCall, type Frame, type Gate, type Outcome, STATUS } from "../engine.js";
import { failed } from "../execution.js";
import { mayCallMethod, mayDeploy } from "./accessLists.js";
import { accountStatusAt } from "./accounts.js";
import { contractRecord, LIFE } from "./contractRecords.js";

/** Refuses calls of frozen or abolished accounts, calls to frozen contracts, and what a list denies. */
export function createGate(): Gate {
  return {
    refuse: (call, frame) => refuseAccount(call, frame) ?? (call.to === "" ? refuseDeploy : refuseCall)(call, frame),
  };
}

/** Of transactions only: a call by JSON-RPC has no signer, and a contract's call belongs to a transaction let in before. */
function refuseAccount({ readOnly, caller, origin }: ContractCall, { state, block }: Frame): Outcome | undefined {
  if (readOnly || !equalBytes(caller, origin)) return undefined;
  const status = accountStatusAt(state, origin, block.number);
  if (status === LIFE.frozen) return failed(STATUS.accountFrozen, "the account is frozen");
  if (status === LIFE.abolished) return failed(STATUS.accountAbolished, "the account is abolished");
  return undefined;
}

function refuseDeploy({ readOnly, origin }: ContractCall, { state }: Frame): Outcome | undefined {
  if (readOnly || mayDeploy(state, origin)) return undefined;
  return failed(STATUS.permissionDenied, "the account may not deploy contracts");
}

function refuseCall({ to, input, readOnly, caller, origin }: ContractCall, { state }: Frame): Outcome | undefined {
  const contract = contractRecord(state, to);
  // System contracts have no record: nobody freezes them or lists who may call them.
  if (contract === undefined) return undefined;
  if (contract.status === LIFE.frozen) return failed(STATUS.contractFrozen, "the contract is frozen");
  if (contract.status === LIFE.abolished) return failed(STATUS.contractAbolished, "the contract is abolished");
  if (readOnly) return undefined;
  const selector = input.subarray(0, SELECTOR_BYTES);
  const allowed =
    mayCallMethod(state, to, selector, origin) &&
    (equalBytes(caller, origin) || mayCallMethod(state, to, selector, caller));
  return allowed ? undefined : failed(STATUS.permissionDenied, "the account may not call this method");
}
