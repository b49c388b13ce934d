/** A short visit to the chain that a configuration names, from what this machine trusts. */
import { SILENT_LOGGER } from "../../base/logger.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { Suite } from "../../crypto/suite.js";
import type { Config } from "../config.js";
import type { Environment } from "../signing/openKey.js";
import { systemClock, systemRandom } from "../systemClock.js";
import { ChainSession, startAtTrusted } from "../transactions/chainSession.js";
import { SendError } from "../transactions/problems.js";
import { type KnownChain, knownChain } from "./knownChain.js";
import { carriersOf, type Via } from "./txCarriers.js";

const DAY_MS = 24 * 3_600_000;

export interface VisitOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly via: Via | undefined;
  readonly timeoutMs: number;
}

export interface Visit {
  readonly known: KnownChain;
  readonly suite: Suite;
  readonly session: ChainSession;
  /** Of the newest header. */
  readonly height: number;
}

/** @throws SendError `SEND_NOT_SYNCED`, and what opening state and links throws; everything is closed then. */
export async function visitChain<T>(options: VisitOptions, work: (visit: Visit) => Promise<T>): Promise<T> {
  const { config, environment, via, timeoutMs } = options;
  const known = await knownChain(config);
  const { anchor } = known;
  const suite = await loadSuite(anchor.profile.suite);
  const carriers = await carriersOf({ config, anchor, suite, environment, random: systemRandom }, via);
  const start = await startAtTrusted(anchor, known, carriers);
  if (start === undefined) {
    await Promise.all(carriers.map((carrier) => carrier.stop()));
    throw new SendError({ code: "SEND_NOT_SYNCED", state: "OFFLINE", timeoutMs });
  }
  const session = new ChainSession({
    ...{ start, suite, carriers, clock: systemClock, random: systemRandom, logger: SILENT_LOGGER },
    sync: { ...config.sync, trustingPeriodMs: config.sync.trustingPeriodDays * DAY_MS, watched: [] },
  });
  session.start();
  try {
    const height = await session.height(timeoutMs);
    return await work({ known, suite, session, height });
  } finally {
    await session.stop();
  }
}
