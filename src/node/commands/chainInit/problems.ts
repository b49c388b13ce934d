/** Why a new chain is not made. */
import { DomainError, type ErrorFamily } from "../../../base/error.js";

export type ChainInitProblem =
  | { readonly code: "CHAIN_INIT_CONSENSUS"; readonly consensus: string }
  | { readonly code: "CHAIN_INIT_NODES"; readonly nodes: number; readonly most: number }
  | { readonly code: "CHAIN_INIT_SOLO_NODES"; readonly nodes: number }
  /** It is no public key of the chain's curve, or belongs to no node. */
  | { readonly code: "CHAIN_INIT_SEALER_KEY"; readonly index: number }
  | { readonly code: "CHAIN_INIT_PORT"; readonly port: number }
  | { readonly code: "CHAIN_INIT_FOLDER"; readonly folder: string; readonly reason: string };

export class ChainInitError extends DomainError<ChainInitProblem> {
  readonly family: ErrorFamily = "input";
}
