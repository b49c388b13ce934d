/** What the compiler finds wrong, each with the path to it: `then[0].set.level`. */
export type CompileProblem = { readonly path: string } & (
  | { readonly code: "RULE_DEVICE_UNKNOWN"; readonly device: string }
  | { readonly code: "RULE_SELECTOR"; readonly found: number }
  | { readonly code: "RULE_SELECTOR_EMPTY"; readonly selector: string }
  | { readonly code: "RULE_NAME_UNKNOWN"; readonly name: string; readonly selector: string; readonly known: string }
  | { readonly code: "RULE_KINDS_DIFFER"; readonly name: string; readonly selector: string }
  | { readonly code: "RULE_VALUE_WRONG"; readonly value: string; readonly expected: string }
  | { readonly code: "RULE_DURATION"; readonly text: string }
  | { readonly code: "RULE_TIME_OF_DAY"; readonly text: string }
  | { readonly code: "RULE_OPERATOR"; readonly found: number; readonly expected: string }
  | { readonly code: "RULE_TOO_MANY"; readonly what: string; readonly count: number; readonly max: number }
  | { readonly code: "RULE_EXPRESSION_SYNTAX"; readonly at: number; readonly expected: string }
  | { readonly code: "RULE_EXPRESSION_LONG"; readonly steps: number; readonly max: number }
  | { readonly code: "RULE_PAY_NOT_YET" }
  | { readonly code: "RULE_SCENE_UNKNOWN"; readonly scene: string }
  | { readonly code: "RULE_ID_FORM"; readonly id: string }
  | { readonly code: "RULE_WHO"; readonly text: string }
);

type WithoutPath<P> = P extends unknown ? Omit<P, "path"> : never;

export class Findings {
  readonly problems: CompileProblem[] = [];

  add(path: string, problem: WithoutPath<CompileProblem>): undefined {
    this.problems.push({ path, ...problem } as CompileProblem);
    return undefined;
  }
}
