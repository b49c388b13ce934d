import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import { checkSignedHeader } from "../../../src/codec/fisco/headerRules.js";
import { decodeHeader, encodeHeader } from "../../../src/codec/fisco/headerTars.js";
import { SEALER_SETS_MAX, SealerSets } from "../../../src/codec/fisco/sealerSets.js";
import { TarsWriter } from "../../../src/codec/tars/writer.js";
import { block60, codeThrownBy, genesisRpc, HEADER_CASES, PROFILES, SUITES, withSet } from "./vectors.js";

describe("headers in Tars", () => {
  for (const { crypto, note, rpc } of HEADER_CASES) {
    it(`carries a real header through: ${note}`, () => {
      const { signed } = headerFromRpc(rpc);
      const hash = headerHash(SUITES[crypto].hash, signed.header);
      const bytes = encodeHeader(signed, hash);
      const decoded = decodeHeader(bytes);
      expect(decoded.signed).toEqual(signed);
      expect(decoded.claimedHash).toEqual(hash);
      checkSignedHeader(decoded.signed, PROFILES[crypto]);
      expect(toHex(encodeHeader(decoded.signed, hash))).toBe(toHex(bytes));
    });
  }

  it("leaves the unset fields of block 0 out, and reads them as the RPC shows them", () => {
    const { signed } = headerFromRpc(genesisRpc());
    const bytes = encodeHeader(signed, fromHex(genesisRpc().hash));
    // data { version, extraData }, dataHash: no root, no gasUsed.
    expect(toHex(bytes).startsWith("1a2203030000cd0001")).toBe(true);
    const decoded = decodeHeader(bytes);
    expect(decoded.signed).toEqual(signed);
    expect(`0x${toHex(headerHash(SUITES.sm.hash, decoded.signed.header))}`).toBe(genesisRpc().hash);
  });

  it("does not believe dataHash and needs none", () => {
    const { signed } = headerFromRpc(HEADER_CASES[2]?.rpc);
    expect(decodeHeader(encodeHeader(signed, new Uint8Array(32))).claimedHash).toEqual(new Uint8Array(32));
    expect(decodeHeader(encodeHeader(signed, new Uint8Array(0))).claimedHash).toBeUndefined();
    expect(decodeHeader(encodeHeader(signed, new Uint8Array(31))).claimedHash).toBeUndefined();
  });

  it("skips fields of later releases", () => {
    const { signed } = headerFromRpc(HEADER_CASES[2]?.rpc);
    const writer = new TarsWriter();
    writer.struct(9, () => writer.text(1, "later"));
    const bytes = concatBytes([encodeHeader(signed, new Uint8Array(32)), writer.finish()]);
    expect(decodeHeader(bytes).signed).toEqual(signed);
  });

  it("refuses trailing bytes, cuts and a missing header", () => {
    const { signed } = headerFromRpc(HEADER_CASES[2]?.rpc);
    const bytes = encodeHeader(signed, new Uint8Array(32));
    expect(codeThrownBy(() => decodeHeader(concatBytes([bytes, new Uint8Array(2)])))).toBe("TARS_TAG_ORDER");
    for (let length = 1; length < bytes.length; length++) {
      const code = codeThrownBy(() => decodeHeader(bytes.subarray(0, length)));
      // Cut between outer fields, what is left is a header without hash or signatures.
      if (code !== "NOTHING_THROWN") expect(code).toMatch(/^TARS_/);
    }
    expect(codeThrownBy(() => decodeHeader(new Uint8Array(0)))).toBe("TARS_FIELD_MISSING");
    expect(codeThrownBy(() => decodeHeader(new Uint8Array(1024 * 1024 + 1)))).toBe("TARS_TOO_LARGE");
  });

  it("keeps weights of 63 bits", () => {
    const header = withSet(block60(), { weights: [2n ** 63n - 1n, 0n, 1n, -1n] });
    const decoded = decodeHeader(encodeHeader({ header, signatures: [] }, new Uint8Array(32)));
    expect(decoded.signed.header.sealers.weights).toEqual([2n ** 63n - 1n, 0n, 1n, -1n]);
  });
});

describe("pool of sealer sets", () => {
  it("makes equal sets one object and keeps unequal ones apart", () => {
    const sets = new SealerSets();
    const bytes = encodeHeader(headerFromRpc(HEADER_CASES[2]?.rpc).signed, new Uint8Array(32));
    const a = decodeHeader(bytes, sets).signed.header.sealers;
    expect(decodeHeader(bytes, sets).signed.header.sealers).toBe(a);
    const other = sets.shared({ ...a, weights: [1n, 1n, 1n, 2n] });
    expect(other).not.toBe(a);
    expect(sets.shared({ nodeIds: [...a.nodeIds].reverse(), weights: a.weights })).not.toBe(a);
    expect(decodeHeader(bytes, sets).signed.header.sealers).toBe(a);
  });

  it("forgets the longest unused one when full", () => {
    const sets = new SealerSets();
    const make = (weight: number): { nodeIds: Uint8Array[]; weights: bigint[] } => ({
      nodeIds: [new Uint8Array(64)],
      weights: [BigInt(weight)],
    });
    const first = sets.shared(make(0));
    for (let i = 1; i <= SEALER_SETS_MAX; i++) sets.shared(make(i));
    expect(sets.shared(make(0))).not.toBe(first);
  });
});
