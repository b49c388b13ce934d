/** What this machine trusts of its chain, whether its node runs or not. */
import { fromHex } from "../../base/bytes.js";
import { type Anchor, anchorFromJson } from "../../chain/anchor.js";
import type { Config } from "../config.js";
import { isJsonObject } from "../jsonObject.js";
import { NodeError } from "../problems.js";
import { systemClock } from "../systemClock.js";
import { readStatus } from "./status.js";

/** What this machine knows of its chain: from the running node, or from what it left. */
export interface KnownChain {
  readonly anchor: Anchor;
  readonly number: number;
  readonly hash: Uint8Array;
}

/** @throws NodeError `NODE_NO_ANCHOR`; ControlError, DataDirError, StoreError, ChainError */
export async function knownChain(config: Config): Promise<KnownChain> {
  const status = await readStatus(config, systemClock);
  const { anchor: json, height, hash } = status;
  if (!isJsonObject(json)) throw new NodeError({ code: "NODE_NO_ANCHOR", dataDir: config.dataDir });
  const anchor = anchorFromJson(json, systemClock.now());
  if (typeof height !== "number" || typeof hash !== "string" || height < anchor.height) {
    return { anchor, number: anchor.height, hash: anchor.hash };
  }
  return { anchor, number: height, hash: fromHex(hash) };
}
