/** What the doctor sees of a participant beside what every node has: block 0, the key that seals, the ledger. */
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { to0x } from "../../../base/bytes.js";
import { genesisHeader } from "../../../codec/fisco/genesis.js";
import { headerHash } from "../../../codec/fisco/headerHash.js";
import { loadSuite } from "../../../crypto/backend/select.js";
import { LEDGER_FILE, openSqliteLedgerStore } from "../../../store/ledger/sqliteLedgerStore.js";
import type { Config } from "../../config.js";
import { askNode } from "../../control/client.js";
import { type Environment, keyNamed, openBackend } from "../../signing/openKey.js";
import { readGenesisFile } from "../../startParticipant.js";
import type { Finding } from "./finding.js";
import { failure } from "./state.js";

const PORT_WAIT_MS = 1_000;

/** Nothing for other roles. */
export async function checkParticipant(config: Config, environment: Environment): Promise<Finding[]> {
  if (config.role !== "participant") return [];
  const running = await askNode(config.dataDir, { command: "status" }).catch(() => undefined);
  const findings = [await checkGenesis(config)];
  // A key on a token serves one process at a time; a running node has it, and its ledger, in its hands.
  if (running !== undefined) return findings;
  return [
    ...findings,
    await checkKey(config, config.participant.key, environment),
    await checkLedger(config),
    await checkPort(config),
  ];
}

async function checkGenesis(config: Config): Promise<Finding> {
  const name = "block 0";
  try {
    const genesis = readGenesisFile(config);
    const suite = await loadSuite(genesis.smCrypto ? "sm" : "ecdsa");
    const hash = to0x(headerHash(suite.hash, genesisHeader(genesis)));
    const says = `${genesis.chainId}/${genesis.groupId}, ${suite.name}, ${genesis.nodes.length} sealer(s), ${hash}`;
    return { name, level: "ok", says };
  } catch (thrown) {
    return failure(name, thrown);
  }
}

export async function checkKey(config: Config, named: string, environment: Environment): Promise<Finding> {
  const name = `key ${named}`;
  try {
    const key = keyNamed(config, named);
    const backend = await openBackend(config, key, environment);
    await backend.close();
    const says = `${backend.facts.home} (${backend.facts.mechanism})`;
    if (!key.development) return { name, level: "ok", says };
    const advice = "Make it on a token before the chain matters: docs/operating/keys.md.";
    return { name, level: "warn", says: `${says}: development, the key could be copied`, advice };
  } catch (thrown) {
    return failure(name, thrown);
  }
}

async function checkLedger(config: Config): Promise<Finding> {
  const name = "ledger";
  const path = join(config.dataDir, LEDGER_FILE);
  if (!existsSync(path)) return { name, level: "ok", says: "begins at the first start" };
  try {
    const store = await openSqliteLedgerStore(path);
    const head = store.head();
    store.close();
    return { name, level: "ok", says: `height ${head ?? 0}` };
  } catch (thrown) {
    return failure(name, thrown);
  }
}

async function checkPort({ participant: { serve } }: Config): Promise<Finding> {
  const name = `json-rpc ${serve.host}:${serve.port}`;
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect(serve.port, serve.host);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PORT_WAIT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
  if (!taken) return { name, level: "ok", says: "the port is free" };
  const advice = "Choose another one under participant.serve.port, or stop what listens there.";
  return { name, level: "fail", says: "somebody listens there already", advice };
}
