/** Headers for tests of the wire: linked and hashed as real ones are, with signatures that are only bytes. */
import type { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { compareBytes } from "../../../src/base/bytes.js";
import { encodeCommitment, sealerSetHash } from "../../../src/codec/edgeseal/commitment.js";
import { genesisHeader } from "../../../src/codec/fisco/genesis.js";
import type { Header, SealerSet } from "../../../src/codec/fisco/header.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import type { HashedHeader } from "../../../src/codec/hashedHeader.js";
import type { Profile } from "../../../src/codec/profile.js";
import type { WireContext } from "../../../src/codec/wire/context.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";

export const TIME = Date.UTC(2026, 0, 1);
export const VERSION = 0x0303_0000;

/** Both suites in both layouts. */
export const CONTEXTS: readonly (readonly [name: string, context: WireContext])[] = (["ecdsa", "sm"] as const).flatMap(
  (name) =>
    (["fisco", "edgeseal"] as const).map((layout): [string, WireContext] => {
      const profile: Profile = { suite: name, layout, faultModel: "bft" };
      return [`${name}, ${layout}`, { suite: referenceSuite(name), profile }];
    }),
);

export function setOf(random: SeededRandom, count: number, weights: (index: number) => bigint = () => 1n): SealerSet {
  const nodeIds = Array.from({ length: count }, () => random.bytes(64)).sort(compareBytes);
  return { nodeIds, weights: nodeIds.map((_, index) => weights(index)) };
}

/** What differs from header to header; everything left out is as in the header before. */
export interface HeaderChange {
  readonly version?: number;
  readonly sealers?: SealerSet;
  readonly timestamp?: number;
  readonly gasUsed?: string;
  readonly signers?: readonly number[];
}

/** One header for each change, from height `start` on; at height 0 a genesis with a text of its own. */
export function headersOf(
  context: WireContext,
  random: SeededRandom,
  start: number,
  changes: readonly HeaderChange[],
): HashedHeader[] {
  const headers: HashedHeader[] = [];
  let state = { version: VERSION, sealers: setOf(random, 4), timestamp: TIME, gasUsed: "21000", signers: [0, 1, 2] };
  let parent = random.bytes(32);
  changes.forEach((change, offset) => {
    state = { ...state, ...change } as typeof state;
    const number = start + offset;
    const next = { ...state, ...changes[offset + 1] };
    const header =
      number === 0 ? genesisOf(context, state.sealers) : laterHeader(context, random, number, parent, state, next);
    const hash = headerHash(context.suite.hash, header);
    const signatures = (number === 0 ? [] : state.signers).map((sealerIndex) => ({
      sealerIndex,
      signature: random.bytes(context.suite.headerSignatureBytes),
    }));
    headers.push({ header, signatures, hash });
    parent = hash;
  });
  return headers;
}

function laterHeader(
  context: WireContext,
  random: SeededRandom,
  number: number,
  parent: Uint8Array,
  { version, sealers, timestamp, gasUsed }: Required<Omit<HeaderChange, "signers">>,
  next: { readonly sealers: SealerSet },
): Header {
  const { hash } = context.suite;
  const commitment = () =>
    encodeCommitment({
      faultModel: context.profile.faultModel,
      sealerCount: sealers.nodeIds.length,
      sealersHash: sealerSetHash(hash, sealers),
      nextSealersHash: sealerSetHash(hash, next.sealers),
      historyRoot: random.bytes(32),
      contentRoot: random.bytes(32),
    });
  return {
    version,
    parents: [{ number: number - 1, hash: parent }],
    txsRoot: random.bytes(32),
    receiptsRoot: random.bytes(32),
    stateRoot: random.bytes(32),
    number,
    gasUsed,
    timestamp,
    sealer: 0,
    sealers,
    extraData: context.profile.layout === "edgeseal" ? commitment() : new Uint8Array(0),
  };
}

function genesisOf(context: WireContext, sealers: SealerSet): Header {
  return genesisHeader({
    smCrypto: context.profile.suite === "sm",
    chainId: "chain0",
    groupId: "group0",
    consensusType: "pbft",
    blockTxCountLimit: 1_000n,
    leaderPeriod: 1n,
    compatibilityVersion: "3.3.0",
    gasLimit: 3_000_000_000n,
    isWasm: false,
    isAuthCheck: false,
    authAdminAccount: "",
    isSerialExecute: true,
    features: [],
    nodes: sealers.nodeIds.map((nodeId, i) => ({ nodeId, weight: sealers.weights[i] ?? 1n })),
  });
}

/** Header by header the same value, whatever memory it lies in. */
export function plain(headers: readonly HashedHeader[]): unknown {
  return headers.map(({ header, signatures, hash }) => ({ header, signatures, hash }));
}
