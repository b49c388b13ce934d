/**
 * Sentences for people, one per problem code, in one place per language so that another language can follow.
 * The type makes the compiler demand a sentence for every code of a room's problem union.
 */
import type { Problem } from "../base/error.js";

export interface Sentence<P> {
  /** What happened, with the problem's data filled in; one sentence, ends with a full stop. */
  readonly says: (problem: P) => string;
  /** What a person can do about it; absent where nothing sensible can be done. */
  readonly advice?: string;
}

export type Texts<P extends Problem> = { readonly [Code in P["code"]]: Sentence<Extract<P, { code: Code }>> };
