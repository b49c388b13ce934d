/** A participant from its configuration: ledger, sealer, JSON-RPC, broker and publisher, started and stopped together. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromHex } from "../base/bytes.js";
import { codeOf } from "../base/error.js";
import type { Link } from "../base/link.js";
import type { Logger } from "../base/logger.js";
import type { LightStatus } from "../chain/lightClient.js";
import type { LightOutput } from "../chain/lightMessages.js";
import { type GenesisConfig, readGenesis } from "../codec/fisco/genesis.js";
import type { ChainSetup, SyncSettings } from "./chainSetup.js";
import { readServeFiles } from "./config/files.js";
import type { Config } from "./config.js";
import type { LedgerStatus } from "./control/runningNode.js";
import type { DataDir } from "./dataDir.js";
import { letHeapGrow } from "./memory.js";
import { ParticipantError } from "./participant/problems.js";

/** @throws ParticipantError `PARTICIPANT_GENESIS` */
export function readGenesisFile(config: Config): GenesisConfig {
  const path = resolve(config.folder, config.participant.genesis);
  try {
    return readGenesis(readFileSync(path));
  } catch (thrown) {
    const system = thrown instanceof Error && "code" in thrown ? String(thrown.code) : codeOf(thrown);
    throw new ParticipantError({ code: "PARTICIPANT_GENESIS", path, reason: system }, { cause: thrown });
  }
}

export interface ParticipantService {
  start(): void;
  stop(): Promise<void>;
  status(): LightStatus & { readonly ledger: LedgerStatus };
  acceptSealers(number: number, hash: Uint8Array): boolean;
}

export interface ParticipantParts {
  readonly config: Config;
  readonly dataDir: DataDir;
  /** Its anchor is `genesisAnchor` of the configured block 0. */
  readonly setup: ChainSetup;
  readonly genesis: GenesisConfig;
  readonly sync: SyncSettings;
  /** The broker that is published to. */
  readonly link: Link;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onOutput: (output: LightOutput) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Opens everything and begins to serve. What was opened before a failure is closed again. */
export async function startParticipant(parts: ParticipantParts): Promise<ParticipantService> {
  letHeapGrow();
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    return await open(parts, closing, closeAll);
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
}

async function open(
  parts: ParticipantParts,
  closing: (() => Promise<unknown> | unknown)[],
  closeAll: () => Promise<void>,
): Promise<ParticipantService> {
  const { config, dataDir, setup, genesis, sync, link, environment, onOutput, onFailure } = parts;
  const { anchor, suite, clock, random, logger } = setup;
  const { serve, broker, intervalMs, idleMs, workers } = config.participant;
  if (broker !== undefined) closing.push(await startBroker(broker, logger));
  const signer = await openSigner(parts, closing);
  const [
    { openSqliteLedgerStore, LEDGER_FILE },
    { SnapshotKeeper },
    { RecoveryPool },
    { Participant },
    { jsonRpc },
    { rpcServer },
  ] = await Promise.all([
    import("../store/ledger/sqliteLedgerStore.js"),
    import("./participant/snapshotKeeper.js"),
    import("./participant/recovery/recoveryPool.js"),
    import("./participant/participant.js"),
    import("./rpc/jsonRpc.js"),
    import("../link/rpcServer.js"),
  ]);
  const store = await openSqliteLedgerStore(join(dataDir.path, LEDGER_FILE));
  closing.push(() => store.close());
  const recoverer = new RecoveryPool({
    chain: { chainId: genesis.chainId, groupId: genesis.groupId, suite: suite.name },
    suite,
    logger,
    ...(workers === undefined ? {} : { workers }),
  });
  closing.push(() => recoverer.close());
  const keeper = new SnapshotKeeper(dataDir.path, suite.name, logger);
  const participant = new Participant({
    ...{
      genesis,
      profile: anchor.profile,
      suite,
      store,
      signer,
      recoverer,
      clock,
      logger,
      intervalMs,
      idleMs,
      onFailure,
    },
    snapshots: (restore) => keeper.load(restore),
  });
  participant.onBlock(() => keeper.onBlock(participant.ledger));
  const server = rpcServer({
    handler: jsonRpc({ view: participant.view, clock, random }),
    ...{ host: serve.host, port: serve.port, origins: serve.origins, logger },
    ...readServeFiles(config, environment),
  });
  const { url } = await server.start();
  closing.push(() => server.stop());
  logger.info({ rpc: url, height: participant.ledger.head.header.number }, "the ledger is open");
  const { PublisherNode } = await import("./publisherNode.js");
  const { ledgerSources } = await import("./participant/ledgerSource.js");
  const sources = ledgerSources(participant.view);
  participant.onBlock((header) => sources.announce(header));
  const publisher = new PublisherNode({
    ...setup,
    // What this node has made itself it does not stop believing, however long it was switched off.
    sync: { ...sync, trustingPeriodMs: Number.MAX_SAFE_INTEGER },
    ...{ link, onOutput, onFailure },
    source: sources.factory,
    retainedBytesMax: config.publisher.retainedBytes,
    watch: config.watch.map(fromHex),
  });
  return {
    start() {
      participant.start();
      publisher.start();
    },
    acceptSealers: (number, hash) => publisher.acceptSealers(number, hash),
    status: () => ({
      ...publisher.status(),
      ledger: {
        height: participant.ledger.head.header.number,
        ...participant.view.counts(),
        rpc: url,
        recoveryWorkers: recoverer.state().workers,
        refused: { ...participant.desk.counters.snapshot(), ...server.counters.snapshot() },
      },
    }),
    async stop() {
      await server.stop();
      await participant.stop();
      keeper.stop(participant.ledger);
      await publisher.stop();
      await closeAll();
    },
  };
}

async function startBroker({ host, port }: NonNullable<Config["participant"]["broker"]>, logger: Logger) {
  const { embeddedBroker } = await import("../link/embeddedBroker.js");
  const running = embeddedBroker({ host, port, logger });
  await running.start();
  return () => running.stop();
}

async function openSigner(
  { config, dataDir, setup, environment }: ParticipantParts,
  closing: (() => Promise<unknown> | unknown)[],
) {
  const { guardChainOf, openGuardStore, openKey } = await import("./signing/openKey.js");
  const { anchor, suite, random } = setup;
  const store = await openGuardStore(dataDir.path);
  closing.push(() => store.close());
  const chain = guardChainOf(anchor, suite.hash);
  const signer = await openKey({
    place: config,
    environment,
    random,
    name: config.participant.key,
    suite,
    chain,
    store,
    // Nobody else makes the next block: after an unclean stop this key must go on at the very same height.
    reserve: "each",
  });
  closing.push(() => signer.close());
  return signer;
}
