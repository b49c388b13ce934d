/** The newest certified header (retained): [ kind 2, header ] with every signature the publisher verified. */
import { copyBytes } from "../../base/bytes.js";
import type { SignedHeader } from "../fisco/header.js";
import type { HashedHeader } from "../hashedHeader.js";
import { encodeWire } from "./cborWriter.js";
import type { WireContext } from "./context.js";
import { headerToWire, readHeader } from "./headerWire.js";
import { MESSAGE_KIND } from "./kinds.js";
import { openMessage } from "./openMessage.js";

export function encodeHead(signed: SignedHeader, context: WireContext): Uint8Array {
  return encodeWire([MESSAGE_KIND.head, headerToWire(signed, context)]);
}

/** @throws WireError, HeaderError */
export function decodeHead(payload: Uint8Array, context: WireContext): HashedHeader {
  // A header that is kept for long must not hold on to the network buffer it came in.
  const reader = openMessage(copyBytes(payload), MESSAGE_KIND.head, 2);
  const header = readHeader(reader, context);
  reader.end();
  return header;
}
