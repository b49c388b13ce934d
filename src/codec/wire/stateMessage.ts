/**
 * A record of the state with its proof:  [ number, value | null, proof ]
 *
 * The proof is the byte string of docs/protocol.md, "State proofs". The question names table and key; the answer does not
 * repeat them, because the proof only fits the record that was asked for.
 */
import { copyBytes } from "../../base/bytes.js";
import type { StateProofAnswer } from "../edgeseal/stateAnswer.js";
import { STATE_PROOF_BYTES_MAX } from "../edgeseal/stateProof.js";
import { CborReader } from "./cborReader.js";
import { encodeWire, integer } from "./cborWriter.js";
import { PAYLOAD_BYTES_MAX } from "./limits.js";
import { WireError } from "./problems.js";

export function encodeStateAnswer({ number, value, proof }: StateProofAnswer): Uint8Array {
  return encodeWire([integer(number), value ?? null, proof]);
}

/** @throws WireError */
export function decodeStateAnswer(bytes: Uint8Array): StateProofAnswer {
  if (bytes.length > PAYLOAD_BYTES_MAX) {
    throw new WireError({ code: "WIRE_TOO_LARGE", size: bytes.length, limit: PAYLOAD_BYTES_MAX });
  }
  const reader = new CborReader(copyBytes(bytes));
  reader.fixedArray("state", 3);
  const number = reader.uint("number");
  const value = reader.tryNull() ? undefined : reader.bytes("value", PAYLOAD_BYTES_MAX);
  const proof = reader.bytes("proof", STATE_PROOF_BYTES_MAX);
  reader.end();
  return { number, value, proof };
}
