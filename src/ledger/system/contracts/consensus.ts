/**
 * Sealers and observers, 0x1003: this is where nodes are admitted. Source of methods, codes and order of checks:
 * bcos-executor/src/precompiled/ConsensusPrecompiled.cpp (3.5 and later; a sealer must have been an observer).
 *
 * Stricter than FISCO where its list could not stand in a header: a weight beyond 63 bits is invalid instead of cut, and
 * there is a limit on the number of nodes.
 */
import { equalBytes, fromHex, utf8Bytes } from "../../../base/bytes.js";
import { SEALERS_MAX } from "../../../codec/fisco/headerRules.js";
import { CONSENSUS_ADDRESS } from "../addresses.js";
import { CODE } from "../codes.js";
import { GAS_WRITE } from "../gas.js";
import { mayGovern } from "../governors.js";
import {
  declined,
  type MethodCall,
  type MethodResult,
  method,
  precompiledError,
  returnedCode,
  type SystemContract,
} from "../method.js";
import { changeObservers, changeSealers, hasNode, latestNodes, OBSERVERS_MAX, type SealerNode } from "../nodes.js";

const NODE_ID_DIGITS = 128;
const NODE_ID = /^[0-9a-fA-F]{128}$/;
const WEIGHT_MAX = 0x7fff_ffff_ffff_ffffn;

function addSealer(call: MethodCall, digits: string, weight: bigint, termWeight: bigint): MethodResult {
  const { state, block } = call;
  if (!mayGovern(state, call.caller, block.number)) return declined(CODE.noAuthorized);
  if (!NODE_ID.test(digits)) return declined(CODE.invalidNodeId);
  if (weight === 0n || weight > WEIGHT_MAX || termWeight > WEIGHT_MAX) return declined(CODE.invalidWeight);
  const nodeId = fromHex(digits);
  const { sealers, observers } = latestNodes(state);
  const others = sealers.filter((each) => !equalBytes(each.nodeId, nodeId));
  const isObserver = hasNode(observers, nodeId);
  if (!isObserver && others.length === sealers.length) return declined(CODE.addSealerShouldInObserver);
  if (others.length >= SEALERS_MAX) return precompiledError(`there may be no more than ${SEALERS_MAX} sealers`);
  changeSealers(state, [...others, { nodeId, weight, termWeight }], block.number);
  if (isObserver) changeObservers(state, without(observers, nodeId), block.number);
  return returnedCode(CODE.success);
}

function addObserver(call: MethodCall, digits: string): MethodResult {
  const { state, block } = call;
  if (!mayGovern(state, call.caller, block.number)) return declined(CODE.noAuthorized);
  if (!NODE_ID.test(digits)) return declined(CODE.invalidNodeId);
  const nodeId = fromHex(digits);
  const { sealers, observers } = latestNodes(state);
  const others = sealers.filter((each) => !equalBytes(each.nodeId, nodeId));
  const isSealer = others.length < sealers.length;
  const known = isSealer || hasNode(observers, nodeId);
  // FISCO's condition as it stands: with one sealer left, no known node is made an observer, not even one that is.
  if (known && sealers.length === 1) return declined(CODE.lastSealer);
  if (isSealer) changeSealers(state, others, block.number);
  if (hasNode(observers, nodeId)) return returnedCode(CODE.success);
  if (observers.length >= OBSERVERS_MAX)
    return precompiledError(`there may be no more than ${OBSERVERS_MAX} observers`);
  changeObservers(state, [...observers, nodeId], block.number);
  return returnedCode(CODE.success);
}

function remove(call: MethodCall, digits: string): MethodResult {
  const { state, block } = call;
  if (!mayGovern(state, call.caller, block.number)) return declined(CODE.noAuthorized);
  if (utf8Bytes(digits).length !== NODE_ID_DIGITS) return declined(CODE.invalidNodeId);
  const nodeId = NODE_ID.test(digits) ? fromHex(digits) : undefined;
  const { sealers, observers } = latestNodes(state);
  if (nodeId !== undefined && hasNode(observers, nodeId)) {
    changeObservers(state, without(observers, nodeId), block.number);
    return returnedCode(CODE.success);
  }
  const others = sealers.filter((each) => nodeId === undefined || !equalBytes(each.nodeId, nodeId));
  if (others.length === sealers.length) return declined(CODE.nodeNotExist);
  if (others.length === 0) return declined(CODE.lastSealer);
  changeSealers(state, others, block.number);
  return returnedCode(CODE.success);
}

/** @param give the sealer with its new weight */
function changeWeight(call: MethodCall, digits: string, give: (sealer: SealerNode) => SealerNode): MethodResult {
  const { state, block } = call;
  const nodeId = NODE_ID.test(digits) ? fromHex(digits) : undefined;
  const { sealers, observers } = latestNodes(state);
  if (nodeId === undefined) return declined(CODE.nodeNotExist);
  if (hasNode(observers, nodeId)) return precompiledError("an observer has no weight");
  const index = sealers.findIndex((each) => equalBytes(each.nodeId, nodeId));
  if (index < 0) return declined(CODE.nodeNotExist);
  changeSealers(state, sealers.with(index, give(sealers[index] as SealerNode)), block.number);
  return returnedCode(CODE.success);
}

function setWeight(call: MethodCall, digits: string, weight: bigint): MethodResult {
  if (!mayGovern(call.state, call.caller, call.block.number)) return declined(CODE.noAuthorized);
  if (utf8Bytes(digits).length !== NODE_ID_DIGITS) return declined(CODE.invalidNodeId);
  if (weight === 0n || weight > WEIGHT_MAX) return declined(CODE.invalidWeight);
  return changeWeight(call, digits, (sealer) => ({ ...sealer, weight }));
}

function setTermWeight(call: MethodCall, digits: string, termWeight: bigint): MethodResult {
  if (!mayGovern(call.state, call.caller, call.block.number)) return declined(CODE.noAuthorized);
  if (utf8Bytes(digits).length !== NODE_ID_DIGITS) return declined(CODE.invalidNodeId);
  if (termWeight > WEIGHT_MAX) return declined(CODE.invalidWeight);
  return changeWeight(call, digits, (sealer) => ({ ...sealer, termWeight }));
}

function without(nodeIds: readonly Uint8Array[], nodeId: Uint8Array): Uint8Array[] {
  return nodeIds.filter((each) => !equalBytes(each, nodeId));
}

const WRITES = { returns: "(int32)", mutability: "write", gas: GAS_WRITE } as const;

export const consensus: SystemContract = {
  name: "consensus",
  address: CONSENSUS_ADDRESS,
  governance: true,
  methods: [
    method({
      signature: "addSealer(string,uint256)",
      ...WRITES,
      run: (call, nodeId, weight) => addSealer(call, nodeId, weight, 0n),
    }),
    method({ signature: "addSealer(string,uint256,uint256)", ...WRITES, run: addSealer }),
    method({ signature: "addObserver(string)", ...WRITES, run: addObserver }),
    method({ signature: "remove(string)", ...WRITES, run: remove }),
    method({ signature: "setWeight(string,uint256)", ...WRITES, run: setWeight }),
    method({ signature: "setTermWeight(string,uint256)", ...WRITES, run: setTermWeight }),
  ],
};
