/** Randomness as a port: adapters hand in the system's, tests and simulators a seeded one. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}
