/**
 * Payloads that are no messages: bombs, other spellings, lies about lengths (RFC 8949; the decoder takes section 4.2
 * only).
 */
import { concatBytes, fromHex, utf8Bytes } from "../../../src/base/bytes.js";
import { encodeWire } from "../../../src/codec/wire/cborWriter.js";
import { MESSAGE_KIND } from "../../../src/codec/wire/kinds.js";
import { PAYLOAD_BYTES_MAX } from "../../../src/codec/wire/limits.js";
import { encodeSegment } from "../../../src/codec/wire/segment.js";
import type { Subject } from "../../../src/codec/wire/topics.js";
import { type Forger, WIRE_FIELD } from "../forger.js";
import { type Attack, attack, type Hostile, onHead } from "./attack.js";

const BOMB_DEPTH = 200_000;

function onTopic(subject: Subject, payload: Uint8Array, ...expectedCodes: string[]): Hostile {
  return { kind: "wire", subject, payload, expectedCodes };
}

function hexOnHead(hex: string, ...codes: string[]): () => Hostile {
  return () => onHead(fromHex(hex), ...codes);
}

/** `[ [ [ ...` as deep as a payload may be long. */
function arrays(depth: number, before = ""): Uint8Array {
  return concatBytes([fromHex(before), new Uint8Array(depth).fill(0x81), Uint8Array.of(0x80)]);
}

function honest(forger: Forger): Uint8Array {
  return forger.headPayload(forger.signed(forger.draft()));
}

/**
 * An honest head with one integer field in other bytes. The fields before it have known lengths only in part, so it is
 * found.
 */
function spliced(forger: Forger, field: number, replacement: Uint8Array): Uint8Array {
  const marker = 0xfeed_beef_cafen;
  const marked = forger.headPayload(forger.signed(forger.draft()), { [field]: marker });
  const needle = encodeWire(marker);
  const at = marked.findIndex((_, i) => needle.every((byte, j) => marked[i + j] === byte));
  return concatBytes([marked.subarray(0, at), replacement, marked.subarray(at + needle.length)]);
}

export const WIRE_ATTACKS: readonly Attack[] = [
  attack("cbor-depth", `Arrays nested ${BOMB_DEPTH} deep.`, () => onHead(arrays(BOMB_DEPTH), "WIRE_LENGTH")),
  attack("cbor-depth-inside", "The same nesting where the header should be.", () =>
    onHead(arrays(BOMB_DEPTH, "8202"), "WIRE_LENGTH"),
  ),
  attack("cbor-depth-maps", "Maps nested as deep as fits.", () =>
    onHead(new Uint8Array(BOMB_DEPTH).fill(0xa1), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack(
    "cbor-array-claim",
    "An array that claims 2^32 - 1 items and has none.",
    hexOnHead("9affffffff", "WIRE_LENGTH"),
  ),
  attack("cbor-array-claim-64", "An array that claims 2^64 - 1 items.", hexOnHead("9bffffffffffffffff", "WIRE_RANGE")),
  attack("cbor-bytes-claim", "A parent hash that claims to be 4 GiB long.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.parentHash, fromHex("5affffffff")), "WIRE_LENGTH"),
  ),
  attack("cbor-heights-claim", "A change index that claims 4,096 heights in three bytes.", () =>
    onTopic({ kind: "changes" }, fromHex("8204991000"), "WIRE_LENGTH"),
  ),
  attack("cbor-rows-claim", "A segment that claims 2^32 - 1 versions.", () =>
    onTopic({ kind: "segment", start: 0 }, fromHex("880300f6009affffffff"), "WIRE_LENGTH"),
  ),
  attack(
    "cbor-map",
    "A map in place of the header, one key twice.",
    hexOnHead("8202a2010101f5", "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-proto", "A map with the key __proto__.", () =>
    onHead(
      concatBytes([fromHex("8202a169"), utf8Bytes("__proto__"), fromHex("a1"), fromHex("6169f5")]),
      "WIRE_UNEXPECTED_TYPE",
    ),
  ),
  attack("cbor-indefinite-array", "An array of indefinite length.", hexOnHead("9f02ff", "WIRE_UNEXPECTED_TYPE")),
  attack("cbor-indefinite-bytes", "A parent hash in chunks.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.parentHash, fromHex("5f4100ff")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-tag", "A tagged big number in place of the height.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("c24101")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-float", "A height written as a float.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("fb4024000000000000")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-nan", "A time that is not a number.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.timestamp, fromHex("f97e00")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-negative", "A negative height.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("20")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-not-minimal", "A small height in nine bytes.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("1b000000000000000a")), "WIRE_NOT_MINIMAL"),
  ),
  attack("cbor-not-minimal-gas", "Gas of ten in nine bytes.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.gasUsed, fromHex("1b000000000000000a")), "WIRE_NOT_MINIMAL"),
  ),
  attack("cbor-beyond-safe", "A height of 2^53.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("1b0020000000000000")), "WIRE_RANGE"),
  ),
  attack("cbor-null-height", "A height that is null.", (forger) =>
    onHead(spliced(forger, WIRE_FIELD.number, fromHex("f6")), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("cbor-trailing", "An honest header and one more byte.", (forger) =>
    onHead(concatBytes([honest(forger), Uint8Array.of(0)]), "WIRE_TRAILING_BYTES"),
  ),
  attack("cbor-cut", "An honest header without its last byte.", (forger) =>
    onHead(honest(forger).subarray(0, -1), "WIRE_TRUNCATED"),
  ),
  attack("cbor-half", "Half of an honest header.", (forger) => {
    const payload = honest(forger);
    return onHead(payload.subarray(0, payload.length >> 1), "WIRE_TRUNCATED", "WIRE_LENGTH");
  }),
  attack("payload-too-large", "A payload one byte above the limit.", () =>
    onHead(new Uint8Array(PAYLOAD_BYTES_MAX + 1), "WIRE_TOO_LARGE", "LINK_PAYLOAD_TOO_LARGE"),
  ),
  attack("payload-noise", "Random bytes.", (forger) => {
    const noise = forger.random.bytes(1_024);
    // An array head of the right length would be a coincidence that changes the code.
    noise[0] = 0xff;
    return onHead(noise, "WIRE_UNEXPECTED_TYPE");
  }),
  attack("payload-json", "JSON text where CBOR belongs.", () =>
    onHead(utf8Bytes('{"number":1}'), "WIRE_UNEXPECTED_TYPE"),
  ),
  attack("kind-other-topic", "A change index on the topic of the newest header.", () =>
    onHead(fromHex("820480"), "WIRE_KIND"),
  ),
  attack("segment-other-start", "A segment on the topic of another one.", (forger) => {
    const { number } = forger.head.header;
    const payload = encodeSegment([forger.head], true, forger.wire);
    return onTopic({ kind: "segment", start: number + 1 }, payload, "WIRE_RANGE");
  }),
  attack("segment-unasked", "A true segment that nobody asked for.", (forger) => {
    const { number } = forger.head.header;
    const payload = encodeSegment([forger.head], true, forger.wire);
    return onTopic({ kind: "segment", start: number }, payload, "CHAIN_ANSWER_UNASKED");
  }),
  attack("changes-descending", "A change index in descending order.", () =>
    onTopic({ kind: "changes" }, encodeWire([MESSAGE_KIND.changeIndex, [9, 8]]), "WIRE_RANGE"),
  ),
  attack("record-wildcard", "A chain record whose names carry a topic wildcard.", () => {
    const payload = encodeWire([MESSAGE_KIND.record, "chain/#", "group0", 0, 0, 0, 16, 0, 0, []]);
    return onTopic({ kind: "record" }, payload, "WIRE_NAME");
  }),
  attack("record-segment-size", "A chain record with segments of 100 headers, which is no power of two.", (forger) => {
    const { chainId, groupId } = forger.issuer;
    const payload = encodeWire([MESSAGE_KIND.record, chainId, groupId, 0, 0, 0, 100, 0, 0, []]);
    return onTopic({ kind: "record" }, payload, "WIRE_RANGE");
  }),
];
