/** The anchor in the store: JSON of `anchorToJson` under one record name. */
import { utf8Bytes } from "../../base/bytes.js";
import type { Millis } from "../../base/clock.js";
import { type Anchor, anchorFromJson, anchorToJson } from "../../chain/anchor.js";
import type { ChainStore, ChainWrite } from "../../chain/store.js";
import { parseJson } from "../../codec/json.js";

export const ANCHOR_RECORD = "anchor";

/** Undefined when none was recorded. @throws ChainError `ANCHOR_MALFORMED`, JsonError, StoreError */
export function readAnchor(store: ChainStore, now: Millis): Anchor | undefined {
  const bytes = store.record(ANCHOR_RECORD);
  return bytes === undefined ? undefined : anchorFromJson(parseJson(new TextDecoder().decode(bytes)), now);
}

export function anchorWrite(anchor: Anchor): ChainWrite {
  return { kind: "record", name: ANCHOR_RECORD, bytes: utf8Bytes(JSON.stringify(anchorToJson(anchor))) };
}

/** Whether both vouch for the same; when they were accepted does not matter. */
export function sameAnchor(one: Anchor, other: Anchor): boolean {
  const text = (anchor: Anchor): string => JSON.stringify(anchorToJson({ ...anchor, acceptedAt: 0 }));
  return text(one) === text(other);
}

/** For people: `height 120 of chain0/group0`. */
export function anchorName({ chainId, groupId, height }: Anchor): string {
  return `height ${height} of ${chainId}/${groupId}`;
}
