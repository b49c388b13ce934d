/**
 * A sealer set ready for work: weights summed, quorum known, keys prepared when first needed.
 */
import { toHex } from "../base/bytes.js";
import type { SealerSet } from "../codec/fisco/header.js";
import { equalSealerSets } from "../codec/fisco/sealerSets.js";
import type { FaultModel } from "../codec/profile.js";
import type { PreparedKey, Suite } from "../crypto/suite.js";

/**
 * Weight that has to sign: W - floor((W-1)/3) under `bft` (FISCO bcos-pbft PBFTConfig), floor(W/2) + 1 under `crash`.
 */
export function quorumOf(totalWeight: bigint, faultModel: FaultModel): bigint {
  return faultModel === "bft" ? totalWeight - (totalWeight - 1n) / 3n : totalWeight / 2n + 1n;
}

export class Committee {
  readonly sealers: SealerSet;
  readonly totalWeight: bigint;
  readonly quorum: bigint;
  readonly #suite: Suite;
  readonly #keys: (PreparedKey | null | undefined)[];
  #indexById: Map<string, number> | undefined;

  constructor(sealers: SealerSet, suite: Suite, faultModel: FaultModel) {
    this.sealers = sealers;
    this.totalWeight = sealers.weights.reduce((sum, weight) => sum + weight, 0n);
    this.quorum = quorumOf(this.totalWeight, faultModel);
    this.#suite = suite;
    this.#keys = new Array(sealers.nodeIds.length);
  }

  get size(): number {
    return this.sealers.nodeIds.length;
  }

  weight(index: number): bigint {
    return this.sealers.weights[index] ?? 0n;
  }

  /** Weight of a node in this set, 0 when it is no member. */
  weightOfNode(nodeId: Uint8Array): bigint {
    this.#indexById ??= new Map(this.sealers.nodeIds.map((id, index) => [toHex(id), index]));
    const index = this.#indexById.get(toHex(nodeId));
    return index === undefined ? 0n : this.weight(index);
  }

  /** Whether the sealer at `index` made `signature` over `hash`. False for a key that is no point of the curve. */
  verify(index: number, hash: Uint8Array, signature: Uint8Array): boolean {
    let key = this.#keys[index];
    if (key === undefined) {
      const nodeId = this.sealers.nodeIds[index];
      key = (nodeId === undefined ? undefined : this.#suite.prepare(nodeId)) ?? null;
      this.#keys[index] = key;
    }
    return key?.verify(hash, signature) ?? false;
  }
}

/** A few sets are in use at a time: the trusted one, the newest, those of a change in progress. */
export const COMMITTEES_KEPT_MAX = 8;

/** Finds the committee of a set without preparing its keys again. Bounded, least recently used goes first. */
export class Committees {
  readonly #suite: Suite;
  readonly #faultModel: FaultModel;
  readonly #byIdentity = new WeakMap<SealerSet, Committee>();
  #kept: Committee[] = [];

  constructor(suite: Suite, faultModel: FaultModel) {
    this.#suite = suite;
    this.#faultModel = faultModel;
  }

  of(sealers: SealerSet): Committee {
    const known = this.#byIdentity.get(sealers);
    if (known !== undefined) return known;
    const equal = this.#kept.find((committee) => equalSealerSets(committee.sealers, sealers));
    const committee = equal ?? new Committee(sealers, this.#suite, this.#faultModel);
    this.#kept = [committee, ...this.#kept.filter((other) => other !== committee)].slice(0, COMMITTEES_KEPT_MAX);
    this.#byIdentity.set(sealers, committee);
    return committee;
  }
}
