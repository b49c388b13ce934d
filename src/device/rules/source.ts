/** Where rules come from, and what shows that they are in force: a file today, a proof from a certified header later. */
import type { HeldRule } from "./language.js";

export type RuleProof =
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "state-proof";
      readonly height: number;
      readonly headerHash: Uint8Array;
      /** As `codec/edgeseal` writes proofs of the state. */
      readonly proof: Uint8Array;
    };

export interface OfferedRule {
  readonly held: HeldRule;
  readonly proof: RuleProof;
}

/** Checks that a rule's hash is in force by its proof; undefined: it is. */
export interface RuleProofCheck {
  check(offered: OfferedRule): "RULE_UNPROVEN" | undefined;
}

export interface RuleSource {
  rules(): readonly OfferedRule[];
}

/** Files are believed, nothing else: for gateways whose rules do not come from a chain. */
export const FILES_ONLY: RuleProofCheck = {
  check: ({ proof }) => (proof.kind === "file" ? undefined : "RULE_UNPROVEN"),
};

/** What may be handed to an engine, and what may not. */
export function provenRules(
  source: RuleSource,
  check: RuleProofCheck,
): { readonly rules: readonly HeldRule[]; readonly refused: readonly OfferedRule[] } {
  const rules: HeldRule[] = [];
  const refused: OfferedRule[] = [];
  for (const offered of source.rules()) {
    if (check.check(offered) === undefined) rules.push(offered.held);
    else refused.push(offered);
  }
  return { rules, refused };
}
