/**
 * Why a request is not carried out, in FISCO's codes: bcos-rpc jsonrpc/Common.h, LedgerTypeDef.h; those of the pool are
 * in codec/fisco/transactionStatus.ts.
 */
import { POOL_REFUSALS } from "../../codec/fisco/transactionStatus.js";
import { RpcRefusal } from "../../codec/problems.js";

export const RPC_CODES = {
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
  nodeNotExist: -32_000,
  operationNotAllowed: -32_003,
  groupNotExist: -32_005,
  storage: 3_008,
} as const;

/** Characters of a client's own text that an error message repeats. */
const ECHO_CHARACTERS_MAX = 64;

export function refuse(nodeCode: number, message: string): never {
  throw new RpcRefusal({ code: "RPC_REFUSED", nodeCode, message });
}

/** @param what the parameter's name, or what is wrong; never the client's value. */
export function refuseParams(what: string): never {
  return refuse(RPC_CODES.invalidParams, `Invalid params: ${what}.`);
}

export function refuseMethod(): never {
  return refuse(RPC_CODES.methodNotFound, "The method does not exist/is not available.");
}

export function refuseGroup(group: string): never {
  return refuse(RPC_CODES.groupNotExist, `The group ${group.slice(0, ECHO_CHARACTERS_MAX)} does not exist!`);
}

export function refuseNode(): never {
  return refuse(RPC_CODES.nodeNotExist, "The specified node does not exist or has not been started!");
}

/** Something that is not there, or is not kept any more. */
export function refuseStorage(message: string): never {
  return refuse(RPC_CODES.storage, message);
}

export function refuseSignature(): never {
  return refuse(POOL_REFUSALS.invalidSignature.code, "Invalid signature");
}
