/** A record of the state with the proof that it stood, or did not stand, in the state of a block. */
export interface StateProofAnswer {
  /** Height whose header's stateRoot the proof leads to. */
  readonly number: number;
  /** Undefined where there is no such record. */
  readonly value: Uint8Array | undefined;
  /** As docs/protocol.md lays it out, "State proofs". */
  readonly proof: Uint8Array;
}
