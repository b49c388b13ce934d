/**
 * The weight that has to sign, worked out apart from the code under test: a simulator that shared its arithmetic would
 * share its mistakes. `bft`: more than two thirds. `crash`: more than half.
 */
import type { FaultModel } from "../../src/codec/profile.js";

export function quorumWeight(weights: readonly bigint[], faultModel: FaultModel): bigint {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  return faultModel === "bft" ? (2n * total) / 3n + 1n : total / 2n + 1n;
}
