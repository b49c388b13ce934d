import { DomainError, type ErrorFamily } from "../base/error.js";

/** Why a node cannot start. */
export type NodeProblem =
  | { readonly code: "NODE_NO_ANCHOR"; readonly dataDir: string }
  | { readonly code: "NODE_NO_BROKER"; readonly path: string }
  | { readonly code: "NODE_NO_ENDPOINT"; readonly path: string }
  | {
      readonly code: "NODE_OTHER_CHAIN";
      readonly dataDir: string;
      readonly recorded: string;
      readonly configured: string;
    };

export class NodeError extends DomainError<NodeProblem> {
  readonly family: ErrorFamily = "input";
}
