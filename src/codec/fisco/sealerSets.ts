/** Keeps equal sealer sets as one object, so that everything computed per set is computed once for a run of headers. */
import { equalBytes } from "../../base/bytes.js";
import type { SealerSet } from "./header.js";

/** Sets change a few times in a chain's life; a dozen covers a range of headers around some changes. */
export const SEALER_SETS_MAX = 12;

/** A small most-recently-used pool. Everything in it came from a decoder and is not necessarily a good set. */
export class SealerSets {
  readonly #sets: SealerSet[] = [];

  /** The pooled object equal to `set`, or `set` itself, now pooled. */
  shared(set: SealerSet): SealerSet {
    const sets = this.#sets;
    const at = sets.findIndex((known) => equalSealerSets(known, set));
    const found = sets[at] ?? set;
    if (at === 0) return found;
    if (at > 0) sets.splice(at, 1);
    else if (sets.length >= SEALER_SETS_MAX) sets.pop();
    sets.unshift(found);
    return found;
  }
}

export function equalSealerSets(a: SealerSet, b: SealerSet): boolean {
  if (a === b) return true;
  if (a.nodeIds.length !== b.nodeIds.length || a.weights.length !== b.weights.length) return false;
  for (let i = 0; i < a.weights.length; i++) if (a.weights[i] !== b.weights[i]) return false;
  for (const [i, nodeId] of a.nodeIds.entries()) {
    const other = b.nodeIds[i];
    if (other === undefined || !equalBytes(nodeId, other)) return false;
  }
  return true;
}
