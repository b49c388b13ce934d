/** Two certified headers at one height: proof that more than the tolerated weight has signed both. Kept for ever. */
import { to0x } from "../base/bytes.js";
import { headerToRpc } from "../codec/fisco/headerRpc.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { ChainProblem } from "./problems.js";

export interface ForkEvidence {
  readonly height: number;
  readonly ours: Uint8Array;
  readonly theirs: HashedHeader;
  /**
   * `certified`: both carry a quorum of the trusted set. `ancestry`: a certified header descends from `theirs`, although
   * another header is certified (or anchored) at that height.
   */
  readonly kind: "certified" | "ancestry";
  readonly source: string;
}

/** As it is stored and shown: the other header whole, ours by its hash (it lies in the store). */
export function forkToJson(evidence: ForkEvidence): Record<string, unknown> {
  return {
    height: evidence.height,
    kind: evidence.kind,
    source: evidence.source,
    ours: to0x(evidence.ours),
    theirs: headerToRpc(evidence.theirs, evidence.theirs.hash),
  };
}

export function forkProblem({ height, ours, theirs }: ForkEvidence): ChainProblem {
  return { code: "CHAIN_FORK", height, ours: to0x(ours), theirs: to0x(theirs.hash) };
}
