/**
 * Sealer-set changes (retained). The index lists the heights whose header shows a list other than its parent's:
 * [ kind 4, [height...] ] ascending. One change is [ kind 5, header before | null, header ], both standing alone with all
 * their signatures; the header before is there in the `edgeseal` layout, where it commits to the next set.
 */
import { copyBytes } from "../../base/bytes.js";
import type { SignedHeader } from "../fisco/header.js";
import type { HashedHeader } from "../hashedHeader.js";
import { encodeWire, integer } from "./cborWriter.js";
import type { WireContext } from "./context.js";
import { headerToWire, readHeader } from "./headerWire.js";
import { MESSAGE_KIND } from "./kinds.js";
import { CHANGE_INDEX_MAX } from "./limits.js";
import { openMessage } from "./openMessage.js";
import { WireError } from "./problems.js";

export interface SealerChange {
  readonly before: HashedHeader | undefined;
  readonly header: HashedHeader;
}

/** @param heights ascending; only the newest CHANGE_INDEX_MAX are sent. */
export function encodeChangeIndex(heights: readonly number[]): Uint8Array {
  return encodeWire([MESSAGE_KIND.changeIndex, heights.slice(-CHANGE_INDEX_MAX).map(integer)]);
}

/** @throws WireError */
export function decodeChangeIndex(payload: Uint8Array): number[] {
  const reader = openMessage(payload, MESSAGE_KIND.changeIndex, 2);
  const heights: number[] = [];
  const count = reader.array("heights", CHANGE_INDEX_MAX);
  for (let i = 0; i < count; i++) {
    const height = reader.uint("height");
    if (height <= (heights.at(-1) ?? 0))
      throw new WireError({ code: "WIRE_RANGE", field: "height", got: String(height) });
    heights.push(height);
  }
  reader.end();
  return heights;
}

export function encodeChange(before: SignedHeader | undefined, signed: SignedHeader, context: WireContext): Uint8Array {
  return encodeWire([
    MESSAGE_KIND.change,
    before === undefined ? null : headerToWire(before, context),
    headerToWire(signed, context),
  ]);
}

/** @throws WireError, HeaderError */
export function decodeChange(payload: Uint8Array, context: WireContext): SealerChange {
  const reader = openMessage(copyBytes(payload), MESSAGE_KIND.change, 3);
  const before = reader.tryNull() ? undefined : readHeader(reader, context);
  const header = readHeader(reader, context);
  reader.end();
  return { before, header };
}
