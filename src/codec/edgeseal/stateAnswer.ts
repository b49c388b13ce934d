/** A record of the state with the proof that it stood, or did not stand, in the state of a block. */
import { equalBytes, utf8Bytes } from "../../base/bytes.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import type { Header } from "../fisco/header.js";
import { StateProofError } from "../problems.js";
import { stateKey, stateValueHash } from "./stateHash.js";
import { checkStateProof, decodeStateProof } from "./stateProof.js";

export interface StateProofAnswer {
  /** Height whose header's stateRoot the proof leads to. */
  readonly number: number;
  /** Undefined where there is no such record. */
  readonly value: Uint8Array | undefined;
  /** As docs/protocol.md lays it out, "State proofs". */
  readonly proof: Uint8Array;
}

/**
 * The value of a record under a certified header of the `edgeseal` layout, undefined where it is proven that there is none.
 * @throws StateProofError; `STATE_ANSWER_UNPROVEN` where the proof does not show what the answer says.
 */
export function provenValue(
  hash: HashFunction,
  header: Header,
  record: { readonly table: string; readonly key: string },
  { number, value, proof }: StateProofAnswer,
): Uint8Array | undefined {
  const unproven = (): never => {
    throw new StateProofError({ code: "STATE_ANSWER_UNPROVEN", number });
  };
  // Block 0 carries no state root.
  if (number !== header.number || number === 0) return unproven();
  const key = stateKey(hash, record.table, utf8Bytes(record.key));
  const verdict = checkStateProof(hash, header.stateRoot, key, decodeStateProof(proof));
  if (verdict === undefined || verdict.present !== (value !== undefined)) return unproven();
  if (verdict.present && value !== undefined && !equalBytes(stateValueHash(hash, value), verdict.valueHash)) {
    return unproven();
  }
  return value;
}
