/**
 * Mutated payloads of every kind: a decoder answers with its own typed error, or with a value that has these bytes as its
 * only spelling, and whose headers are hashed and chained.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { equalBytes } from "../../../src/base/bytes.js";
import { DomainError } from "../../../src/base/error.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { checkHeader } from "../../../src/codec/fisco/headerRules.js";
import type { HashedHeader } from "../../../src/codec/hashedHeader.js";
import {
  decodeChange,
  decodeChangeIndex,
  encodeChange,
  encodeChangeIndex,
} from "../../../src/codec/wire/changeMessage.js";
import type { WireContext } from "../../../src/codec/wire/context.js";
import { decodeBlockBody, decodeEvent, encodeBlockBody, encodeEvent } from "../../../src/codec/wire/eventMessage.js";
import { decodeHead, encodeHead } from "../../../src/codec/wire/headMessage.js";
import { decodeRecord, encodeRecord } from "../../../src/codec/wire/recordMessage.js";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../../../src/codec/wire/requestMessage.js";
import { decodeSegment, encodeSegment, type Segment } from "../../../src/codec/wire/segment.js";
import { CONTEXTS, headersOf, setOf, TIME, VERSION } from "./headers.js";

const RUNS = 800;
const SEED = 20_260_101;
const random = new SeededRandom(13);

/** Heads of items that change what follows: other widths, other types, lengths, null. */
const TELLING_BYTES = [0x00, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x3b, 0x40, 0x58, 0x80, 0x81, 0x82, 0x9f, 0xa0, 0xc0];
TELLING_BYTES.push(0xf4, 0xf6, 0xf9, 0xfb, 0xff);

function mutations(seed: Uint8Array): fc.Arbitrary<Uint8Array> {
  // Half of all edits near the start, where the frame is.
  const at = fc.oneof(fc.nat(Math.min(60, seed.length - 1)), fc.nat(seed.length - 1));
  const put = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom(...TELLING_BYTES).map((one) => Uint8Array.of(one)),
  );
  const edit = fc.record({ at, drop: fc.oneof(fc.constant(-1), fc.nat(3), fc.nat(70)), put });
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    let bytes = [...seed];
    for (const { at: place, drop, put: added } of edits) {
      const removed = drop < 0 ? added.length : drop;
      bytes = [...bytes.slice(0, place), ...added, ...bytes.slice(place + removed)];
    }
    return new Uint8Array(bytes);
  });
}

/** @param decode gives what the value encodes to again. */
function fuzz(seed: Uint8Array, decode: (bytes: Uint8Array) => Uint8Array): void {
  expect(decode(seed)).toEqual(seed);
  let accepted = 0;
  const run = (bytes: Uint8Array) => {
    let again: Uint8Array;
    try {
      again = decode(bytes);
    } catch (thrown) {
      if (!(thrown instanceof DomainError) || thrown.family !== "input") throw thrown;
      return;
    }
    accepted++;
    expect(Buffer.from(again).toString("hex")).toBe(Buffer.from(bytes).toString("hex"));
  };
  fc.assert(fc.property(mutations(seed), run), { numRuns: RUNS, seed: SEED });
  // Else the checks behind decoding were never reached.
  expect(accepted).toBeGreaterThan(0);
}

function expectSound(headers: readonly HashedHeader[], context: WireContext): void {
  headers.forEach(({ header, hash, signatures }, i) => {
    checkHeader(header, context.profile);
    expect(equalBytes(headerHash(context.suite.hash, header), hash)).toBe(true);
    const before = headers[i - 1];
    if (before !== undefined) {
      expect(header.number).toBe(before.header.number + 1);
      expect(header.parents).toEqual([{ number: before.header.number, hash: before.hash }]);
    }
    const signers = signatures.map(({ sealerIndex }) => sealerIndex);
    expect(new Set(signers).size).toBe(signers.length);
    for (const { sealerIndex, signature } of signatures) {
      expect(sealerIndex).toBeLessThan(header.sealers.nodeIds.length);
      expect(signature.length).toBe(context.suite.headerSignatureBytes);
    }
  });
}

/** What was decoded is whole: its signatures, read later, cannot be refused any more. */
function signedHeadersOf(segment: Segment, context: WireContext): readonly HashedHeader[] {
  expect(() => segment.signedHeaders()).not.toThrow();
  const headers = segment.signedHeaders();
  expectSound(headers, context);
  expectSound(segment.headers, context);
  expect(headers.map(({ hash }) => hash)).toEqual(segment.headers.map(({ hash }) => hash));
  return headers;
}

describe.each(CONTEXTS)("%s", (_, context) => {
  const small = setOf(random, 2);
  const changes = [
    { sealers: small, signers: [0, 1], timestamp: TIME },
    { version: VERSION + 1, timestamp: TIME - 1 },
    { sealers: setOf(random, 3, (i) => BigInt(i) + 1n), signers: [2] },
  ];
  const headers = headersOf(context, random, 300, changes);
  const [first, second] = headers as [HashedHeader, HashedHeader];

  it.each([true, false])("segment, signed: %s", (signed) => {
    fuzz(encodeSegment(headers, signed, context), (bytes) => {
      const segment = decodeSegment(bytes, context);
      expect(segment.linkedBytes()).toEqual(encodeSegment(segment.headers, false, context));
      return encodeSegment(signedHeadersOf(segment, context), segment.signed, context);
    });
  });

  it("segment with block 0", () => {
    fuzz(encodeSegment(headersOf(context, random, 0, changes), true, context), (bytes) => {
      const segment = decodeSegment(bytes, context);
      return encodeSegment(signedHeadersOf(segment, context), segment.signed, context);
    });
  });

  it("head", () => {
    fuzz(encodeHead(first, context), (bytes) => {
      const head = decodeHead(bytes, context);
      expectSound([head], context);
      return encodeHead(head, context);
    });
  });

  it("change", () => {
    fuzz(encodeChange(first, second, context), (bytes) => {
      const { before, header } = decodeChange(bytes, context);
      expectSound([header], context);
      if (before !== undefined) expectSound([before], context);
      return encodeChange(before, header, context);
    });
  });
});

describe("messages without headers", () => {
  const id = random.bytes(8);
  const group = () => [random.bytes(32), random.bytes(32)];

  it("record", () => {
    const record = {
      chainId: "chain0",
      groupId: "group0",
      profile: { suite: "sm", layout: "edgeseal", faultModel: "crash" } as const,
      segmentSize: 64,
      firstNumber: 1,
      retainedFrom: 70_000,
      watched: [random.bytes(20)],
    };
    fuzz(encodeRecord(record), (bytes) => encodeRecord(decodeRecord(bytes)));
  });

  it("change index", () => {
    fuzz(encodeChangeIndex([3, 30, 300, 70_000, 2 ** 40]), (bytes) => encodeChangeIndex(decodeChangeIndex(bytes)));
  });

  it("request of every kind", () => {
    for (const question of [
      { what: "headers", from: 70_000, count: 100 } as const,
      { what: "block", number: 300 } as const,
      { what: "proof", transactionHash: random.bytes(32) } as const,
      { what: "send", transaction: random.bytes(40) } as const,
    ]) {
      fuzz(encodeRequest({ id, client: "c1", question }), (bytes) => encodeRequest(decodeRequest(bytes)));
    }
  });

  it("response", () => {
    for (const seed of [encodeResponse(id, "busy"), encodeResponse(id, "done", random.bytes(30))]) {
      fuzz(seed, (bytes) => {
        const response = decodeResponse(bytes);
        return encodeResponse(response.id, response.status, response.body);
      });
    }
  });

  it("event and block body", () => {
    const transaction = random.bytes(60);
    const receipt = random.bytes(50);
    const event = { number: 9, transaction, transactionProof: [group(), group()], receipt, receiptProof: [group()] };
    fuzz(encodeEvent(event), (bytes) => encodeEvent(decodeEvent(bytes)));
    const body = { number: 9, transactions: [transaction, random.bytes(3)], receipts: [receipt] };
    fuzz(encodeBlockBody(body), (bytes) => encodeBlockBody(decodeBlockBody(bytes)));
  });
});
