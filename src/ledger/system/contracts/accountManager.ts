/**
 * Freezing and abolishing accounts, 0x10003. Source: bcos-executor/src/precompiled/extension/AccountManagerPrecompiled.cpp
 * and AccountPrecompiled.cpp. As in FISCO it needs a governor even where authority is not checked.
 */

import { accountStatusAt, changeAccountStatus, latestAccountStatus } from "../accounts.js";
import { ACCOUNT_MANAGER_ADDRESS, addressKey } from "../addresses.js";
import { CODE } from "../codes.js";
import { contractRecord, LIFE } from "../contractRecords.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import { governors, isGovernor } from "../governors.js";
import {
  declined,
  type MethodCall,
  type MethodResult,
  method,
  precompiledError,
  returned,
  returnedCode,
  type SystemContract,
} from "../method.js";

function setStatus({ state, caller, block }: MethodCall, account: Uint8Array, status: number): MethodResult {
  if (governors(state).length === 0) return precompiledError("the chain has no governors");
  if (!isGovernor(state, caller)) return declined(CODE.noAuthorized);
  if (isGovernor(state, account)) return precompiledError("the status of a governor cannot be set");
  if (contractRecord(state, addressKey(account)) !== undefined) return declined(CODE.accountAlreadyExist);
  if (status > LIFE.abolished) return precompiledError("there is no such status");
  if (latestAccountStatus(state, account) === LIFE.abolished && status !== LIFE.abolished) {
    return precompiledError("an abolished account stays abolished");
  }
  changeAccountStatus(state, account, status, block.number);
  return returnedCode(CODE.success);
}

export const accountManager: SystemContract = {
  name: "account manager",
  address: ACCOUNT_MANAGER_ADDRESS,
  governance: true,
  methods: [
    method({
      signature: "setAccountStatus(address,uint8)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_WRITE,
      run: (call, account, status) => setStatus(call, account, Number(status)),
    }),
    method({
      signature: "getAccountStatus(address)",
      returns: "(uint8)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state, block }, account) => returned([BigInt(accountStatusAt(state, account, block.number))]),
    }),
  ],
};
