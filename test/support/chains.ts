/** Chains and light clients for tests, with the plainest settings that work. */

import { ChainIssuer, type ChainIssuerOptions } from "../../simulator/chain/chainIssuer.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { type Anchor, anchorFromJson, anchorToJson } from "../../src/chain/anchor.js";
import { LightClient, type LightClientOptions, type Restored } from "../../src/chain/lightClient.js";
import type { VerifyRules } from "../../src/chain/verify.js";
import type { Profile } from "../../src/codec/profile.js";
import type { WireContext } from "../../src/codec/wire/context.js";
import { loadSoftSigner, loadSuite } from "../../src/crypto/backend/select.js";
import type { SoftSigner, Suite, SuiteName } from "../../src/crypto/suite.js";

export const GENESIS_TIME = Date.UTC(2026, 5, 1);
export const BLOCK_INTERVAL_MS = 1_000;

export interface Crypto {
  readonly suite: Suite;
  readonly signer: SoftSigner;
}

const loaded = new Map<SuiteName, Promise<Crypto>>();

/** The fastest back ends of this machine, loaded once. */
export function cryptoOf(name: SuiteName): Promise<Crypto> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const loading = Promise.all([loadSuite(name), loadSoftSigner(name)]).then(([suite, signer]) => ({ suite, signer }));
  loaded.set(name, loading);
  return loading;
}

export const FISCO: Profile = { suite: "ecdsa", layout: "fisco", faultModel: "bft" };

export async function makeChain(options: Partial<ChainIssuerOptions> = {}): Promise<ChainIssuer> {
  const profile = options.profile ?? FISCO;
  return new ChainIssuer({
    ...(await cryptoOf(profile.suite)),
    profile,
    chainId: "chain0",
    groupId: "group0",
    seed: 1,
    sealerCount: 4,
    genesisTime: GENESIS_TIME,
    blockIntervalMs: BLOCK_INTERVAL_MS,
    signaturesPerBlock: "all",
    ...options,
  });
}

export function wireOf(chain: ChainIssuer): WireContext {
  return { suite: chain.suite, profile: chain.profile };
}

export function rulesOf(chain: ChainIssuer, changed: Partial<VerifyRules> = {}): VerifyRules {
  return {
    suite: chain.suite,
    profile: chain.profile,
    trustLevel: "strict",
    trustingPeriodMs: 30 * 24 * 3_600_000,
    clockDriftMs: 10_000,
    ...changed,
  };
}

/** The anchor an operator would write down for a height of the chain. */
export function anchorAt(chain: ChainIssuer, height = 0, changed: Partial<Anchor> = {}): Anchor {
  const anchor: Anchor = {
    chainId: chain.chainId,
    groupId: chain.groupId,
    profile: chain.profile,
    height,
    hash: chain.header(height).hash,
    sealers: chain.sealers(height),
    acceptedAt: GENESIS_TIME,
    publishers: [chain.publisher.address],
    governors: [chain.governor.address],
    ...changed,
  };
  return anchorFromJson(JSON.parse(JSON.stringify(anchorToJson(anchor))), 0);
}

export function clientOptions(chain: ChainIssuer, changed: Partial<LightClientOptions> = {}): LightClientOptions {
  return {
    anchor: anchorAt(chain),
    rules: rulesOf(chain),
    mode: "skip",
    fill: true,
    segmentSize: 16,
    windowHeaders: 0,
    staleAfterMs: 0,
    watched: [],
    random: new SeededRandom(7),
    ...changed,
  };
}

export function makeClient(
  chain: ChainIssuer,
  changed: Partial<LightClientOptions> = {},
  restored?: Restored,
): LightClient {
  return new LightClient({ ...clientOptions(chain, changed), ...(restored === undefined ? {} : { restored }) });
}

/** A moment at which the chain's newest header is fresh. */
export function nowOf(chain: ChainIssuer): number {
  return chain.head.header.timestamp + 500;
}
