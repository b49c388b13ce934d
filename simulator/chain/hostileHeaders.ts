/**
 * Hostile headers without end: random combinations of wrong fields, lists and signatures, for bulk tests.
 *
 * The adversary holds the keys of some colluding sealers (too few to matter), of strangers, and, for new heights, of
 * all
 * sealers that were removed before the client's trusted header; he has seen every honest signature. So whatever he
 * makes
 * must be refused, unless it is an honest header with enough of its own signatures left, which is then called genuine.
 * He does not use removed sealers' keys at the heights they were in office for: that would be a true fork.
 */
import { compareBytes, equalBytes } from "../../src/base/bytes.js";
import { encodeCommitment, sealerSetHash } from "../../src/codec/edgeseal/commitment.js";
import type { Header, HeaderSignature, SealerSet, SignedHeader } from "../../src/codec/fisco/header.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import { HASH_BYTES } from "../../src/crypto/suite.js";
import { type Account, makeAccount } from "./accounts.js";
import type { ChainIssuer } from "./chainIssuer.js";
import { quorumWeight } from "./quorum.js";
import { SeededRandom } from "./seededRandom.js";

export interface HostileHeader {
  readonly signed: SignedHeader;
  /** An honest header with a quorum of honest signatures by distinct sealers; it may be accepted. */
  readonly genuine: boolean;
  /** Names of what was done, for the report of a failure. */
  readonly how: readonly string[];
}

export interface HostileHeadersOptions {
  readonly issuer: ChainIssuer;
  readonly seed: number;
  /** Node ids of sealers who sign anything; in every list their weight must stay below what the chain tolerates. */
  readonly colluders: readonly Uint8Array[];
}

/** A signature and whether it is an unaltered one of the sealer at its index. */
interface Traced extends HeaderSignature {
  readonly sound: boolean;
}

type Draft = { -readonly [K in keyof Header]: Header[K] };

const STRANGERS = 4;
const HEIGHTS_AHEAD_MAX = 40;
const BAD_INDICES: readonly number[] = [-1, 0.5, Number.NaN, 2 ** 31, 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY];
const BAD_TIMES: readonly number[] = [-1, 0.5, Number.NaN, 2 ** 53, 1e14];
const BAD_GAS: readonly string[] = ["", "00", "1e3", "-1", "9".repeat(21), "\u0000"];

export class HostileHeaders {
  readonly #issuer: ChainIssuer;
  readonly #random: SeededRandom;
  readonly #colluders: readonly Uint8Array[];
  readonly #strangers: readonly Account[];
  readonly #strangerSet: SealerSet;

  constructor({ issuer, seed, colluders }: HostileHeadersOptions) {
    this.#issuer = issuer;
    this.#random = new SeededRandom(seed).child("hostile");
    this.#colluders = colluders;
    this.#strangers = Array.from({ length: STRANGERS }, () =>
      makeAccount(this.#random, issuer.suite, issuer.signer),
    ).sort((a, b) => compareBytes(a.publicKey, b.publicKey));
    this.#strangerSet = {
      nodeIds: this.#strangers.map(({ publicKey }) => publicKey),
      weights: this.#strangers.map(() => 1n),
    };
  }

  /** One against a client that trusts the header below the issuer's head, or the head. */
  next(): HostileHeader {
    const how: string[] = [];
    const header = this.#header(how);
    const honest = this.#honest(header);
    const hash = honest?.hash ?? headerHash(this.#issuer.suite.hash, header);
    const traced = this.#signatures(header, hash, honest, how);
    const signatures = traced.map(({ sealerIndex, signature }) => ({ sealerIndex, signature }));
    return { signed: { header, signatures }, genuine: honest !== undefined && isQuorum(honest, traced), how };
  }

  /** The honest header that this one is, if it is one. */
  #honest(header: Header): HashedHeader | undefined {
    const { number } = header;
    if (!Number.isSafeInteger(number) || number < 1 || number > this.#issuer.height) return undefined;
    const honest = this.#issuer.header(number);
    return honest.header === header ? honest : undefined;
  }

  #header(how: string[]): Header {
    const random = this.#random;
    const { head } = this.#issuer;
    // The very next honest header, with something wrong about its signatures only.
    if (random.below(6) === 0) {
      how.push("honest content");
      return head.header;
    }
    const draft: Draft = { ...head.header };
    this.#move(draft, how);
    if (random.below(2) === 0) this.#changeList(draft, how);
    if (random.below(3) > 0) this.#changeContent(draft, how);
    if (this.#issuer.profile.layout === "edgeseal" && draft.extraData === head.header.extraData) {
      this.#commit(draft, how);
    }
    if (random.below(4) === 0) this.#breakField(draft, how);
    // Nothing above need have changed anything.
    draft.stateRoot = random.bytes(HASH_BYTES);
    return draft;
  }

  /** Another height, or another parent. */
  #move(draft: Draft, how: string[]): void {
    const random = this.#random;
    const shift = [0, 0, 0, 0, random.between(1, HEIGHTS_AHEAD_MAX), -1, -random.between(1, draft.number)][
      random.below(7)
    ];
    if (shift === 0 || shift === undefined) {
      if (random.below(5) > 0) return;
      how.push("parent");
      draft.parents = [{ number: draft.number - 1, hash: random.bytes(HASH_BYTES) }];
      return;
    }
    how.push(`height ${shift}`);
    draft.number += shift;
    const below = draft.number - 1;
    const known = below >= 0 && below <= this.#issuer.height && random.below(2) === 0;
    const hash = known ? this.#issuer.header(below).hash : random.bytes(HASH_BYTES);
    draft.parents = [{ number: below, hash }];
    draft.timestamp = Math.max(0, draft.timestamp + 1_000 * shift);
  }

  #changeList(draft: Draft, how: string[]): void {
    const random = this.#random;
    const made = random.pick([
      () => this.#strangerSet,
      () => this.#joined(draft.sealers, random.below(2) === 0 ? 1n : 1_000_000n),
      () => this.#colluderSet(draft.sealers),
      () => reweighted(draft.sealers, this.#colluders),
      () => this.#issuer.sealers(random.below(this.#issuer.height + 1)),
      () => ({ nodeIds: draft.sealers.nodeIds.toReversed(), weights: draft.sealers.weights }),
      () => doubled(draft.sealers),
      () => ({ nodeIds: draft.sealers.nodeIds, weights: draft.sealers.weights.slice(1) }),
      () => ({ nodeIds: draft.sealers.nodeIds, weights: draft.sealers.weights.map(() => 0n) }),
      () => ({ nodeIds: [], weights: [] }),
    ]);
    draft.sealers = made();
    draft.sealer = 0;
    how.push("list");
  }

  #changeContent(draft: Draft, how: string[]): void {
    const random = this.#random;
    how.push("content");
    draft.txsRoot = random.bytes(HASH_BYTES);
    draft.receiptsRoot = random.bytes(HASH_BYTES);
    draft.gasUsed = String(random.below(1_000_000));
    if (random.below(4) === 0) draft.timestamp += random.pick([-10_000, -1, 1, 9_000, 1_000_000_000]);
  }

  /** A commitment that fits the list, or one that commits to strangers next, or to the list before. */
  #commit(draft: Draft, how: string[]): void {
    const random = this.#random;
    const { hash } = this.#issuer.suite;
    const next = random.pick([draft.sealers, draft.sealers, this.#strangerSet]);
    const own = random.pick([draft.sealers, draft.sealers, draft.sealers, this.#issuer.head.header.sealers]);
    if (next !== draft.sealers) how.push("next set");
    draft.extraData = encodeCommitment({
      faultModel: random.below(20) === 0 ? "crash" : "bft",
      sealerCount: own.nodeIds.length,
      sealersHash: sealerSetHash(hash, own),
      nextSealersHash: sealerSetHash(hash, next),
      historyRoot: random.bytes(HASH_BYTES),
      contentRoot: random.bytes(HASH_BYTES),
    });
  }

  #breakField(draft: Draft, how: string[]): void {
    const random = this.#random;
    const breaks: readonly (readonly [string, () => void])[] = [
      ["version", () => (draft.version = random.pick([0, 3, 0x0400_0000, -1, 0x0209_0100]))],
      ["no parent", () => (draft.parents = [])],
      ["two parents", () => (draft.parents = [...draft.parents, ...draft.parents])],
      ["parent number", () => (draft.parents = [{ number: draft.number, hash: random.bytes(HASH_BYTES) }])],
      ["parent length", () => (draft.parents = [{ number: draft.number - 1, hash: random.bytes(31) }])],
      ["root length", () => (draft.txsRoot = random.bytes(random.pick([0, 31, 33])))],
      ["gas", () => (draft.gasUsed = random.pick(BAD_GAS))],
      ["time", () => (draft.timestamp = random.pick(BAD_TIMES))],
      ["leader", () => (draft.sealer = random.pick([...BAD_INDICES, draft.sealers.nodeIds.length]))],
      ["extra data", () => (draft.extraData = random.bytes(random.pick([1, 64, 172, 200])))],
      ["number", () => (draft.number = random.pick([-1, 0, 0.5, 2 ** 53, Number.NaN]))],
    ];
    const [name, breakIt] = random.pick(breaks);
    how.push(name);
    breakIt();
  }

  /** The list with one stranger in it. */
  #joined(set: SealerSet, weight: bigint): SealerSet {
    const [stranger] = this.#strangerSet.nodeIds as [Uint8Array];
    const entries = set.nodeIds.map((nodeId, i) => ({ nodeId, weight: set.weights[i] ?? 1n }));
    entries.push({ nodeId: stranger, weight });
    entries.sort((a, b) => compareBytes(a.nodeId, b.nodeId));
    return { nodeIds: entries.map(({ nodeId }) => nodeId), weights: entries.map((entry) => entry.weight) };
  }

  #colluderSet(set: SealerSet): SealerSet {
    const indices = set.nodeIds.flatMap((nodeId, i) => (includes(this.#colluders, nodeId) ? [i] : []));
    return {
      nodeIds: indices.map((i) => set.nodeIds[i] as Uint8Array),
      weights: indices.map((i) => set.weights[i] ?? 1n),
    };
  }

  #signatures(header: Header, hash: Uint8Array, honest: HashedHeader | undefined, how: string[]): Traced[] {
    const random = this.#random;
    const { sealers } = header;
    const atNewHeight = header.number >= this.#issuer.height;
    const traced: Traced[] = [];
    // Signatures he can make, and those he has seen.
    for (const index of sealers.nodeIds.keys()) {
      const own = random.below(8) > 0 ? this.#sign(sealers.nodeIds[index] as Uint8Array, hash, atNewHeight) : undefined;
      if (own !== undefined) traced.push({ sealerIndex: index, signature: own, sound: true });
    }
    if (honest !== undefined) {
      const kept = random.shuffled(honest.signatures).slice(0, random.below(honest.signatures.length + 1));
      for (const one of kept) {
        if (!traced.some(({ sealerIndex }) => sealerIndex === one.sealerIndex)) traced.push({ ...one, sound: true });
      }
    } else if (random.below(2) === 0) {
      how.push("replayed signatures");
      for (const one of this.#issuer.head.signatures) {
        if (!traced.some(({ sealerIndex }) => sealerIndex === one.sealerIndex)) traced.push({ ...one, sound: false });
      }
    }
    for (let faults = random.below(3); faults > 0; faults--) this.#spoil(traced, sealers, how);
    return random.below(2) === 0 ? traced : random.shuffled(traced);
  }

  /** With a key he holds: a stranger's, a colluder's, or at new heights that of a sealer who is no longer in office. */
  #sign(nodeId: Uint8Array, digest: Uint8Array, atNewHeight: boolean): Uint8Array | undefined {
    const issuer = this.#issuer;
    const stranger = this.#strangers.find(({ publicKey }) => equalBytes(publicKey, nodeId));
    if (stranger !== undefined) return issuer.signer.signHeader(stranger.secretKey, digest);
    if (!includes(this.#colluders, nodeId) && !(atNewHeight && this.#isRetired(nodeId))) return undefined;
    return issuer.signer.signHeader(issuer.secretOf(nodeId), digest);
  }

  /** In no list from the client's trusted header on. */
  #isRetired(nodeId: Uint8Array): boolean {
    const { height } = this.#issuer;
    return ![height - 1, height, height + 1].some((number) =>
      includes(this.#issuer.sealers(Math.max(0, number)).nodeIds, nodeId),
    );
  }

  #spoil(traced: Traced[], sealers: SealerSet, how: string[]): void {
    const random = this.#random;
    const length = this.#issuer.suite.headerSignatureBytes;
    const at = random.below(Math.max(1, traced.length));
    const one = traced[at];
    const spoil = random.below(7);
    how.push(`signatures ${spoil}`);
    if (spoil === 0)
      traced.push({ sealerIndex: random.pick(BAD_INDICES), signature: random.bytes(length), sound: false });
    else if (spoil === 1 && sealers.nodeIds.length > 0) {
      // Something for everybody who has not signed.
      for (const index of sealers.nodeIds.keys()) {
        if (traced.some(({ sealerIndex }) => sealerIndex === index)) continue;
        traced.push({ sealerIndex: index, signature: random.bytes(length), sound: false });
      }
    } else if (one === undefined) return;
    else if (spoil === 2) for (const _ of sealers.nodeIds) traced.push(one);
    else if (spoil === 3) traced[at] = { ...one, signature: flipped(one.signature, random), sound: false };
    else if (spoil === 4) traced[at] = { ...one, signature: one.signature.subarray(1), sound: false };
    else if (spoil === 5) traced[at] = { ...one, sealerIndex: one.sealerIndex + 1, sound: false };
    else traced.splice(at, 1);
  }
}

/**
 * Distinct sealers with sound signatures under an honest header; counted here on its own, not by the code under test.
 */
function isQuorum(honest: HashedHeader, traced: readonly Traced[]): boolean {
  const { weights } = honest.header.sealers;
  const signers = new Set(traced.filter(({ sound }) => sound).map(({ sealerIndex }) => sealerIndex));
  let weight = 0n;
  for (const index of signers) weight += weights[index] ?? 0n;
  return weight >= quorumWeight(weights, "bft");
}

function includes(list: readonly Uint8Array[], nodeId: Uint8Array): boolean {
  return list.some((id) => equalBytes(id, nodeId));
}

function reweighted(set: SealerSet, colluders: readonly Uint8Array[]): SealerSet {
  const weights = set.nodeIds.map((id, i) => (includes(colluders, id) ? 1_000_000n : (set.weights[i] ?? 1n)));
  return { nodeIds: set.nodeIds, weights };
}

function doubled(set: SealerSet): SealerSet {
  return {
    nodeIds: set.nodeIds.flatMap((nodeId) => [nodeId, nodeId]),
    weights: set.weights.flatMap((weight) => [weight, weight]),
  };
}

function flipped(signature: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = signature.slice();
  const at = random.below(Math.max(1, copy.length));
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}
