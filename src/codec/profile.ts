/**
 * What a chain is, fixed by the anchor and never read from a header or a wire message (docs/architecture.md, decision 2).
 */
import type { SuiteName } from "../crypto/suite.js";

/** `fisco`: extraData of block N > 0 is empty. `edgeseal`: it is the 172-byte commitment block. */
export type Layout = "fisco" | "edgeseal";

/** `bft`: up to floor((W-1)/3) of the weight may lie. `crash`: sealers may stop, none lies (Raft). */
export type FaultModel = "bft" | "crash";

export interface Profile {
  readonly suite: SuiteName;
  readonly layout: Layout;
  readonly faultModel: FaultModel;
}
