/** What every node of a chain is made from, whatever its role. */
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { Random } from "../base/random.js";
import type { Anchor } from "../chain/anchor.js";
import type { SyncMode } from "../chain/climber.js";
import type { WatchedEvent } from "../chain/eventEvidence.js";
import type { LightClientOptions } from "../chain/lightClient.js";
import { STALE_AFTER_DEFAULT_MS } from "../chain/limits.js";
import { restoreLightClient } from "../chain/restore.js";
import type { ChainStore } from "../chain/store.js";
import { CLOCK_DRIFT_DEFAULT_MS, TRUSTING_PERIOD_DEFAULT_MS, type TrustLevel } from "../chain/verify.js";
import { extraWireBytes, type WireContext } from "../codec/wire/context.js";
import { segmentSizeFor } from "../codec/wire/segment.js";
import type { Suite } from "../crypto/suite.js";

export interface ChainSetup {
  readonly anchor: Anchor;
  readonly suite: Suite;
  readonly store: ChainStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface SyncSettings {
  readonly mode: SyncMode;
  readonly fill: boolean;
  /** Headers kept; 0 keeps all. */
  readonly windowHeaders: number;
  readonly trustingPeriodMs: number;
  readonly clockDriftMs: number;
  readonly staleAfterMs: number;
  readonly trustLevel: TrustLevel;
  readonly watched: readonly WatchedEvent[];
}

export const SYNC_DEFAULTS: SyncSettings = {
  mode: "skip",
  fill: true,
  windowHeaders: 0,
  trustingPeriodMs: TRUSTING_PERIOD_DEFAULT_MS,
  clockDriftMs: CLOCK_DRIFT_DEFAULT_MS,
  staleAfterMs: STALE_AFTER_DEFAULT_MS,
  trustLevel: "strict",
  watched: [],
};

/** Sealers that a chain anchored by its genesis hash alone is planned for. */
const SEALERS_ASSUMED = 4;

export function wireOf({ anchor, suite }: ChainSetup): WireContext {
  return { suite, profile: anchor.profile };
}

/** Headers per segment for the anchor's sealers. */
export function segmentSizeOf({ anchor, suite }: ChainSetup): number {
  const sealers = anchor.sealers?.nodeIds.length ?? SEALERS_ASSUMED;
  return segmentSizeFor(sealers, suite.headerSignatureBytes, extraWireBytes(anchor.profile));
}

/** Options of the light client, with what the store remembers. */
export function clientOptionsOf(setup: ChainSetup, sync: SyncSettings): LightClientOptions {
  const { anchor, suite, store, clock, random } = setup;
  const { trustLevel, trustingPeriodMs, clockDriftMs, ...rest } = sync;
  return {
    ...rest,
    anchor,
    rules: { suite, profile: anchor.profile, trustLevel, trustingPeriodMs, clockDriftMs },
    segmentSize: segmentSizeOf(setup),
    random,
    restored: restoreLightClient(store, anchor, wireOf(setup), clock.now()),
  };
}
