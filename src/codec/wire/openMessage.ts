import { CborReader } from "./cborReader.js";
import { PAYLOAD_BYTES_MAX } from "./limits.js";
import { WireError } from "./problems.js";

/** A reader placed behind the message's kind. */
export function openMessage(payload: Uint8Array, kind: number, items: number): CborReader {
  if (payload.length > PAYLOAD_BYTES_MAX) {
    throw new WireError({ code: "WIRE_TOO_LARGE", size: payload.length, limit: PAYLOAD_BYTES_MAX });
  }
  const reader = new CborReader(payload);
  reader.fixedArray("message", items);
  const got = reader.uint("kind");
  if (got !== kind) throw new WireError({ code: "WIRE_KIND", expected: kind, got });
  return reader;
}
