/**
 * Admins, status and access lists of contracts, and who may deploy, 0x1005. Source of methods and codes:
 * bcos-executor/src/precompiled/extension/AuthManagerPrecompiled.cpp and ContractAuthMgrPrecompiled.cpp (3.3 and later).
 *
 * Stricter than FISCO in three places that there lock everybody out, or let everybody in, by accident: a list is of type 1
 * or 2; an allow list without entries lets nobody in, whatever other methods of the contract have; and without a list in
 * force an account can neither be opened nor closed for deploying.
 */
import { equalBytes, isZeroBytes, toHex } from "../../../base/bytes.js";
import {
  deployListType,
  LIST,
  type ListEntry,
  METHOD_LIST_MAX,
  mayCallMethod,
  mayDeploy,
  methodList,
  methodListType,
  setDeployListEntry,
  setDeployListType,
  setMethodListEntry,
  setMethodListType,
} from "../accessLists.js";
import { addressKey, addressOf, CONTRACT_AUTH_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import { CODE } from "../codes.js";
import { contractRecord, LIFE, writeContractRecord } from "../contractRecords.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import { GOVERNORS_KEY, GOVERNORS_TABLE, governors, isGovernor } from "../governors.js";
import {
  declined,
  type Method,
  type MethodCall,
  type MethodResult,
  method,
  precompiledError,
  returned,
  returnedCode,
  type SystemContract,
} from "../method.js";

/** The contract's record, if the caller is its admin. A contract that is not there has no admin. */
function ownRecord({ state, caller }: MethodCall, contract: Uint8Array) {
  const record = contractRecord(state, addressKey(contract));
  return record !== undefined && equalBytes(record.admin, caller) ? record : undefined;
}

function resetAdmin({ state, caller }: MethodCall, contract: Uint8Array, admin: Uint8Array): MethodResult {
  if (!isGovernor(state, caller)) return declined(CODE.noAuthorized);
  const record = contractRecord(state, addressKey(contract));
  if (record === undefined) return precompiledError("there is no such contract");
  writeContractRecord(state, addressKey(contract), { ...record, admin });
  return returnedCode(CODE.success);
}

function setStatus(call: MethodCall, contract: Uint8Array, status: number): MethodResult {
  const record = ownRecord(call, contract);
  if (record === undefined) return declined(CODE.noAuthorized);
  if (status > LIFE.abolished) return precompiledError("there is no such status");
  if (record.status === LIFE.abolished && status !== LIFE.abolished) {
    return precompiledError("an abolished contract stays abolished");
  }
  writeContractRecord(call.state, addressKey(contract), { ...record, status });
  return returnedCode(CODE.success);
}

function setListType(call: MethodCall, contract: Uint8Array, selector: Uint8Array, type: number): MethodResult {
  if (ownRecord(call, contract) === undefined) return declined(CODE.noAuthorized);
  if (type !== LIST.allow && type !== LIST.deny) return declined(CODE.tableErrorAuthType);
  setMethodListType(call.state, addressKey(contract), selector, type);
  return returnedCode(CODE.success);
}

function setListEntry(call: MethodCall, contract: Uint8Array, selector: Uint8Array, entry: ListEntry): MethodResult {
  if (ownRecord(call, contract) === undefined) return declined(CODE.noAuthorized);
  const key = addressKey(contract);
  const type = methodListType(call.state, key, selector);
  if (type === LIST.none) return declined(CODE.tableErrorAuthType);
  return setMethodListEntry(call.state, key, selector, type, entry)
    ? returnedCode(CODE.success)
    : precompiledError(`a list holds no more than ${METHOD_LIST_MAX} accounts`);
}

/** Its type, then the accounts let in and those kept out. */
function describeList({ state }: MethodCall, contract: Uint8Array, selector: Uint8Array): MethodResult {
  const key = addressKey(contract);
  const type = methodListType(state, key, selector);
  const list = type === LIST.none ? [] : methodList(state, key, selector, type);
  const accounts = (wanted: boolean) =>
    list.filter(({ allowed }) => allowed === wanted).map(({ account }) => toHex(account));
  return returned([BigInt(type), accounts(true), accounts(false)]);
}

function setDeployType({ state, caller }: MethodCall, type: number): MethodResult {
  if (!isGovernor(state, caller)) return declined(CODE.noAuthorized);
  if (type > LIST.deny) return declined(CODE.tableErrorAuthType);
  setDeployListType(state, type);
  return returnedCode(CODE.success);
}

function setDeployEntry({ state, caller }: MethodCall, entry: ListEntry): MethodResult {
  if (!isGovernor(state, caller)) return declined(CODE.noAuthorized);
  if (deployListType(state) === LIST.none) return declined(CODE.tableAuthTypeNotExist);
  setDeployListEntry(state, entry);
  return returnedCode(CODE.success);
}

/** Gives a chain that has no governors its first and only one; FISCO lets anybody do it, once. */
function initAuth({ state }: MethodCall, text: string): MethodResult {
  if (governors(state).length > 0) return precompiledError("the chain has governors");
  const governor = addressOf(text);
  if (governor === undefined || isZeroBytes(governor)) return precompiledError("the governor is no account");
  state.set(GOVERNORS_TABLE, GOVERNORS_KEY, governor);
  return returnedCode(CODE.success);
}

const WRITES = { returns: "(int256)", mutability: "write", gas: GAS_WRITE } as const;
const VIEW = { mutability: "view", gas: GAS_READ } as const;

const CONTRACT_METHODS: readonly Method[] = [
  method({
    signature: "getAdmin(address)",
    returns: "(address)",
    ...VIEW,
    run: ({ state }, contract) => returned([contractRecord(state, addressKey(contract))?.admin ?? ZERO_ADDRESS]),
  }),
  method({ signature: "resetAdmin(address,address)", ...WRITES, run: resetAdmin }),
  method({
    signature: "setContractStatus(address,bool)",
    ...WRITES,
    run: (call, contract, freeze) => {
      // The older form takes nothing back from an abolished contract, not even by saying frozen.
      const abolished = ownRecord(call, contract)?.status === LIFE.abolished;
      if (abolished) return precompiledError("an abolished contract stays abolished");
      return setStatus(call, contract, freeze ? LIFE.frozen : LIFE.normal);
    },
  }),
  method({
    signature: "setContractStatus(address,uint8)",
    ...WRITES,
    run: (call, contract, status) => setStatus(call, contract, Number(status)),
  }),
  method({
    signature: "contractAvailable(address)",
    returns: "(bool)",
    ...VIEW,
    run: ({ state }, contract) => {
      const record = contractRecord(state, addressKey(contract));
      return record === undefined
        ? precompiledError("there is no such contract")
        : returned([record.status === LIFE.normal]);
    },
  }),
];

const LIST_METHODS: readonly Method[] = [
  method({
    signature: "setMethodAuthType(address,bytes4,uint8)",
    ...WRITES,
    run: (call, contract, selector, type) => setListType(call, contract, selector, Number(type)),
  }),
  method({
    signature: "openMethodAuth(address,bytes4,address)",
    ...WRITES,
    run: (call, contract, selector, account) => setListEntry(call, contract, selector, { account, allowed: true }),
  }),
  method({
    signature: "closeMethodAuth(address,bytes4,address)",
    ...WRITES,
    run: (call, contract, selector, account) => setListEntry(call, contract, selector, { account, allowed: false }),
  }),
  method({
    signature: "checkMethodAuth(address,bytes4,address)",
    returns: "(bool)",
    ...VIEW,
    run: ({ state }, contract, selector, account) =>
      returned([mayCallMethod(state, addressKey(contract), selector, account)]),
  }),
  method({
    signature: "getMethodAuth(address,bytes4)",
    returns: "(uint8,string[],string[])",
    ...VIEW,
    run: describeList,
  }),
];

const DEPLOY_METHODS: readonly Method[] = [
  method({
    signature: "deployType()",
    returns: "(uint256)",
    ...VIEW,
    run: ({ state }) => returned([BigInt(deployListType(state))]),
  }),
  method({
    signature: "setDeployAuthType(uint8)",
    ...WRITES,
    run: (call, type) => setDeployType(call, Number(type)),
  }),
  method({
    signature: "openDeployAuth(address)",
    ...WRITES,
    run: (call, account) => setDeployEntry(call, { account, allowed: true }),
  }),
  method({
    signature: "closeDeployAuth(address)",
    ...WRITES,
    run: (call, account) => setDeployEntry(call, { account, allowed: false }),
  }),
  method({
    signature: "hasDeployAuth(address)",
    returns: "(bool)",
    ...VIEW,
    run: ({ state }, account) => returned([mayDeploy(state, account)]),
  }),
  method({ signature: "initAuth(string)", ...WRITES, returns: "(int32)", run: initAuth }),
];

export const contractAuth: SystemContract = {
  name: "contract access",
  address: CONTRACT_AUTH_ADDRESS,
  governance: true,
  methods: [...CONTRACT_METHODS, ...LIST_METHODS, ...DEPLOY_METHODS],
};
