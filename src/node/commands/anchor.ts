/** `edgeseal anchor show|set|accept`: whom this node trusts. */
import { fromHex } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import { type AnchorJson, anchorFromJson, anchorToJson } from "../../chain/anchor.js";
import type { ChainStore, ChainWrite } from "../../chain/store.js";
import { readBundle } from "../bundle.js";
import type { Config } from "../config.js";
import { askNode } from "../control/client.js";
import { isJsonObject, type JsonObject } from "../jsonObject.js";
import { NodeError } from "../problems.js";
import { anchorWrite, readAnchor, sameAnchor } from "./anchorRecord.js";
import { openNodeState } from "./nodeState.js";
import { CommandError } from "./problems.js";

/** The recorded anchor. @throws NodeError `NODE_NO_ANCHOR`, DataDirError, StoreError, ControlError */
export async function showAnchor(config: Config, clock: Clock): Promise<AnchorJson> {
  const running = await askNode(config.dataDir, { command: "status" });
  if (running !== undefined && isJsonObject(running.result) && isJsonObject(running.result.anchor)) {
    return anchorToJson(anchorFromJson(running.result.anchor, clock.now()));
  }
  const state = await openNodeState(config, false);
  try {
    const anchor = readAnchor(state.store, clock.now());
    if (anchor === undefined) throw new NodeError({ code: "NODE_NO_ANCHOR", dataDir: config.dataDir });
    return anchorToJson(anchor);
  } finally {
    state.close();
  }
}

export interface SetAnchorResult {
  readonly anchor: AnchorJson;
  /** False: it was the anchor already, and nothing was touched. */
  readonly changed: boolean;
}

/**
 * Makes `value` (an anchor, or a bundle that holds one) the start of all trust. Headers stored under the old one are
 * dropped, because nothing connects them to the new one; fork evidence is kept aside under `evidence/`.
 * @throws CommandError `COMMAND_NODE_RUNNING`, ChainError, BundleError, DataDirError, StoreError
 */
export async function setAnchor(config: Config, value: JsonObject, clock: Clock): Promise<SetAnchorResult> {
  const now = clock.now();
  const read = "edgesealBundle" in value ? readBundle(value, now).anchor : anchorFromJson(value, now);
  const anchor = { ...read, acceptedAt: Math.min(read.acceptedAt, now) };
  if ((await askNode(config.dataDir, { command: "status" })) !== undefined) {
    throw new CommandError({ code: "COMMAND_NODE_RUNNING", dataDir: config.dataDir });
  }
  const state = await openNodeState(config, true);
  try {
    const before = readAnchor(state.store, now);
    if (before !== undefined && sameAnchor(before, anchor) && before.acceptedAt >= anchor.acceptedAt) {
      return { anchor: anchorToJson(before), changed: false };
    }
    // The same anchor accepted anew makes trust younger, and what was verified from it stays verified.
    const drop = before === undefined || sameAnchor(before, anchor) ? [] : dropHistory(state.store);
    state.store.apply([...drop, anchorWrite(anchor)]);
    return { anchor: anchorToJson(anchor), changed: true };
  } finally {
    state.close();
  }
}

const FORK_PREFIX = "fork/";
const EVIDENCE_PREFIX = "evidence/";
const PUBLISHER_PREFIX = "publisher";

function dropHistory(store: ChainStore): ChainWrite[] {
  const writes: ChainWrite[] = [{ kind: "prune", below: Number.MAX_SAFE_INTEGER }];
  for (const name of store.recordNames(FORK_PREFIX)) {
    const bytes = store.record(name);
    if (bytes === undefined) continue;
    writes.push({ kind: "record", name: `${EVIDENCE_PREFIX}${name.slice(FORK_PREFIX.length)}`, bytes });
    writes.push({ kind: "forget", name });
  }
  // What a publisher remembers of its retained messages belongs to the dropped headers.
  for (const name of store.recordNames(PUBLISHER_PREFIX)) writes.push({ kind: "forget", name });
  return writes;
}

export interface AcceptResult {
  readonly accepted: true;
  readonly number: number;
  readonly hash: string;
}

const HASH_BYTES = 32;

/**
 * The operator vouches for the sealers that header `number` with this hash carries, where nothing proves them.
 * @throws CommandError `COMMAND_USAGE`, `COMMAND_NODE_NOT_RUNNING`, `COMMAND_SEALERS_NOT_TAKEN`, ControlError
 */
export async function acceptSealers(config: Config, number: number, hash: string): Promise<AcceptResult> {
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new CommandError({ code: "COMMAND_USAGE", reason: "The number of the header is not a positive integer" });
  }
  if (!isHash(hash)) throw new CommandError({ code: "COMMAND_USAGE", reason: "The hash is not 64 hex digits" });
  const answer = await askNode(config.dataDir, { command: "acceptSealers", number, hash });
  if (answer === undefined) throw new CommandError({ code: "COMMAND_NODE_NOT_RUNNING", dataDir: config.dataDir });
  if (isJsonObject(answer.result) && answer.result.accepted === true) return { accepted: true, number, hash };
  throw new CommandError({ code: "COMMAND_SEALERS_NOT_TAKEN", number, hash });
}

function isHash(text: string): boolean {
  try {
    return fromHex(text).length === HASH_BYTES;
  } catch {
    return false;
  }
}
