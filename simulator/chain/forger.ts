/**
 * Makes hostile headers against clients of a simulated chain. It knows every key of that chain, so that attacks of
 * colluding sealers are possible, and has keys of its own that nobody trusts. The attacks themselves stand in attacks/.
 */
import { compareBytes, concatBytes } from "../../src/base/bytes.js";
import { encodeCommitment, sealerSetHash } from "../../src/codec/edgeseal/commitment.js";
import type { Header, HeaderSignature, SealerSet, SignedHeader } from "../../src/codec/fisco/header.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import { headerToRpc, type RpcHeader } from "../../src/codec/fisco/headerRpc.js";
import type { HashedHeader } from "../../src/codec/hashedHeader.js";
import type { Layout } from "../../src/codec/profile.js";
import { encodeWire, type WireValue } from "../../src/codec/wire/cborWriter.js";
import type { WireContext } from "../../src/codec/wire/context.js";
import { headerToWire } from "../../src/codec/wire/headerWire.js";
import { MESSAGE_KIND } from "../../src/codec/wire/kinds.js";
import { HASH_BYTES } from "../../src/crypto/suite.js";
import { type Account, makeAccount } from "./accounts.js";
import type { ChainIssuer } from "./chainIssuer.js";
import { quorumWeight } from "./quorum.js";
import { SeededRandom } from "./seededRandom.js";

/** The event that a client under attack watches for: one topic, fixed size. */
export interface WatchedTarget {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes. */
  readonly topic: Uint8Array;
  readonly dataBytes: number;
}

/** Positions in the wire form of a header (codec/wire/headerWire.ts). */
export const WIRE_FIELD = {
  version: 0,
  number: 1,
  parentHash: 2,
  roots: 3,
  gasUsed: 4,
  timestamp: 5,
  sealer: 6,
  sealers: 7,
  extra: 8,
  signatures: 9,
} as const;

export class Forger {
  readonly issuer: ChainIssuer;
  readonly wire: WireContext;
  readonly random: SeededRandom;
  /** As many as the chain has sealers, ascending by node id, all with weight 1. */
  readonly ownSealers: SealerSet;
  /** A user without any rights. */
  readonly stranger: Account;
  readonly watched: WatchedTarget;
  readonly #ownAccounts: readonly Account[];

  /** @param watched what the client at hand watches for; by default something drawn from the seed. */
  constructor(issuer: ChainIssuer, seed: number, watched?: WatchedTarget) {
    const { suite, signer, profile } = issuer;
    this.issuer = issuer;
    this.wire = { suite, profile };
    this.random = new SeededRandom(seed).child("forger");
    const count = issuer.sealers(issuer.height + 1).nodeIds.length;
    this.#ownAccounts = Array.from({ length: count }, () => makeAccount(this.random, suite, signer)).sort((a, b) =>
      compareBytes(a.publicKey, b.publicKey),
    );
    this.ownSealers = {
      nodeIds: this.#ownAccounts.map(({ publicKey }) => publicKey),
      weights: this.#ownAccounts.map(() => 1n),
    };
    this.stranger = makeAccount(this.random, suite, signer);
    this.watched = watched ?? { address: this.random.bytes(20), topic: this.random.bytes(32), dataBytes: 32 };
  }

  get head(): HashedHeader {
    return this.issuer.head;
  }

  /** The list that the next header has to carry. */
  get nextSealers(): SealerSet {
    return this.issuer.sealers(this.issuer.height + 1);
  }

  /**
   * A next header as the honest sealers might make it, with changes; unsigned. In the `edgeseal` layout it fits its
   * own list.
   */
  draft(changes: Partial<Header> = {}): Header {
    const { issuer, random } = this;
    const { header, hash } = issuer.head;
    const sealers = changes.sealers ?? this.nextSealers;
    return {
      version: issuer.version,
      parents: [{ number: header.number, hash }],
      txsRoot: random.bytes(HASH_BYTES),
      receiptsRoot: random.bytes(HASH_BYTES),
      stateRoot: random.bytes(HASH_BYTES),
      number: header.number + 1,
      gasUsed: String(random.between(21_000, 4_000_000)),
      timestamp: header.timestamp + 1_000,
      sealer: 0,
      sealers,
      extraData: this.extraData(sealers, issuer.profile.layout),
      ...changes,
    };
  }

  /** A draft at any height above 1, with a parent nobody has seen. */
  draftAt(number: number, changes: Partial<Header> = {}): Header {
    const parents = [{ number: number - 1, hash: this.random.bytes(HASH_BYTES) }];
    return this.draft({ number, parents, ...changes });
  }

  extraData(sealers: SealerSet, layout: Layout, faultModel = this.issuer.profile.faultModel): Uint8Array {
    if (layout === "fisco") return new Uint8Array(0);
    const own = sealerSetHash(this.issuer.suite.hash, sealers);
    return encodeCommitment({
      faultModel,
      sealerCount: sealers.nodeIds.length,
      sealersHash: own,
      nextSealersHash: own,
      historyRoot: this.random.bytes(HASH_BYTES),
      contentRoot: this.random.bytes(HASH_BYTES),
    });
  }

  hashOf(header: Header): Uint8Array {
    return headerHash(this.issuer.suite.hash, header);
  }

  /** Signed by sealers of its own list, whose keys must be the chain's or the forger's. All of them by default. */
  signed(header: Header, indices: readonly number[] = allOf(header.sealers)): HashedHeader {
    const hash = this.hashOf(header);
    return { header, hash, signatures: this.signatures(hash, header.sealers, indices) };
  }

  signatures(digest: Uint8Array, sealers: SealerSet, indices: readonly number[]): HeaderSignature[] {
    return indices.map((sealerIndex) => {
      const nodeId = sealers.nodeIds[sealerIndex] as Uint8Array;
      const own = this.#ownAccounts.find(({ publicKey }) => compareBytes(publicKey, nodeId) === 0);
      const secretKey = own?.secretKey ?? this.issuer.secretOf(nodeId);
      return { sealerIndex, signature: this.issuer.signer.signHeader(secretKey, digest) };
    });
  }

  /** The first sealers of a list whose weight is a quorum. */
  quorum(sealers: SealerSet): number[] {
    return this.#firstQuorum(sealers);
  }

  /** The same without the last one: no quorum, by as little as its weight. May be none. */
  belowQuorum(sealers: SealerSet): number[] {
    return this.#firstQuorum(sealers).slice(0, -1);
  }

  #firstQuorum(sealers: SealerSet): number[] {
    const quorum = quorumWeight(sealers.weights, this.issuer.profile.faultModel);
    const indices: number[] = [];
    let weight = 0n;
    for (const [index, own] of sealers.weights.entries()) {
      indices.push(index);
      weight += own;
      if (weight >= quorum) break;
    }
    return indices;
  }

  /** Payload of the head topic. @param replaced wire fields (WIRE_FIELD) with other values than the header's. */
  headPayload(signed: SignedHeader, replaced: Readonly<Record<number, WireValue>> = {}): Uint8Array {
    const values = [...(headerToWire(signed, this.wire) as readonly WireValue[])];
    for (const [field, value] of Object.entries(replaced)) values[Number(field)] = value;
    return encodeWire([MESSAGE_KIND.head, values]);
  }

  /** As getBlockByNumber would answer, with other values for some keys. */
  rpcHeader(signed: SignedHeader, replaced: Readonly<Record<string, unknown>> = {}): RpcHeader {
    return { ...headerToRpc(signed, this.hashOf(signed.header)), ...replaced };
  }
}

/**
 * The same signed bytes cut into other fields: one sealer is left, the other node ids and weights move to extraData.
 * The
 * hash stays, and one signature is now a quorum of the list (fisco rules: headerRules.ts).
 */
export function resplitHeader(header: Header): Header {
  const { nodeIds, weights } = header.sealers;
  const weightBytes = weights.slice(0, -1).map((weight) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, weight);
    return bytes;
  });
  return {
    ...header,
    sealers: { nodeIds: nodeIds.slice(0, 1), weights: weights.slice(-1) },
    extraData: concatBytes([...nodeIds.slice(1), header.extraData, ...weightBytes]),
  };
}

export function allOf(sealers: SealerSet): number[] {
  return sealers.nodeIds.map((_, index) => index);
}
