import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import type { Header } from "../../../src/codec/fisco/header.js";
import { headerHash, headerPreimage, VERSION_RC4 } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import { checkSignedHeader } from "../../../src/codec/fisco/headerRules.js";
import { block60, genesisRpc, HEADER_CASES, PROFILES, SUITES } from "./vectors.js";

function rc4Integer(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, value % 2 ** 32);
  return bytes;
}

describe("header hash", () => {
  for (const { crypto, note, rpc, hashPreimageHex } of HEADER_CASES) {
    it(`reproduces the hash and signatures of a real header: ${note}`, () => {
      const { signed } = headerFromRpc(rpc);
      checkSignedHeader(signed, PROFILES[crypto]);
      expect(toHex(headerPreimage(signed.header))).toBe(hashPreimageHex);
      const digest = headerHash(SUITES[crypto].hash, signed.header);
      expect(`0x${toHex(digest)}`).toBe(rpc.hash);
      for (const { sealerIndex, signature } of signed.signatures) {
        const nodeId = signed.header.sealers.nodeIds[sealerIndex];
        expect(SUITES[crypto].prepare(nodeId as Uint8Array)?.verify(digest, signature)).toBe(true);
      }
    });
  }

  it("leaves roots and gasUsed out of block 0, which the RPC shows as zeros", () => {
    const rpc = genesisRpc();
    const { signed, claimedHash } = headerFromRpc(rpc);
    checkSignedHeader(signed, PROFILES.sm);
    expect(`0x${toHex(headerHash(SUITES.sm.hash, signed.header))}`).toBe(rpc.hash);
    expect(claimedHash).toEqual(fromHex(rpc.hash));
  });

  it("writes every integer of an rc4 header as low 32 bits and four zero bytes", () => {
    const header: Header = { ...block60(), version: VERSION_RC4 };
    const expected = concatBytes([
      rc4Integer(4),
      rc4Integer(59),
      header.parents[0]?.hash as Uint8Array,
      header.txsRoot,
      header.receiptsRoot,
      header.stateRoot,
      rc4Integer(60),
      utf8Bytes(header.gasUsed),
      rc4Integer(header.timestamp),
      rc4Integer(header.sealer),
      ...header.sealers.nodeIds,
      ...header.sealers.weights.map(() => rc4Integer(1)),
    ]);
    expect(toHex(headerPreimage(header))).toBe(toHex(expected));
  });

  it("does not mix up two sets whose bytes were kept", () => {
    const header = block60();
    const first = headerPreimage(header);
    const other = { ...header, sealers: { ...header.sealers, weights: [1n, 1n, 1n, 2n ** 63n - 1n] } };
    const changed = headerPreimage(other);
    expect(toHex(changed.subarray(-8))).toBe("7fffffffffffffff");
    expect(toHex(headerPreimage(header))).toBe(toHex(first));
  });

  it("keeps heights and times beyond 32 bits", () => {
    const preimage = headerPreimage({ ...block60(), timestamp: Number.MAX_SAFE_INTEGER });
    expect(toHex(preimage)).toContain("001fffffffffffff0000000000000003");
  });
});
