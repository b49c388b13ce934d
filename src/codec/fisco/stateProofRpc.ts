/** Answer of `edgeseal_getStateProof`, a method of ours beside FISCO's (docs/protocol.md, "JSON-RPC"). */
import type { StateProofAnswer } from "../edgeseal/stateAnswer.js";
import { optionalField, readBytes, readNumber, readRecord } from "./rpcFields.js";

/** @throws RpcShapeError */
export function stateProofFromRpc(value: unknown): StateProofAnswer {
  const record = readRecord(value, "stateProof");
  const isAbsent = (optionalField(record, "value") ?? null) === null;
  return {
    number: readNumber(record, "blockNumber", "stateProof"),
    value: isAbsent ? undefined : readBytes(record, "value", "stateProof"),
    proof: readBytes(record, "proof", "stateProof"),
  };
}
