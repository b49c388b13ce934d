import { describe, expect, it } from "vitest";
import { concatBytes, equalBytes } from "../../../src/base/bytes.js";
import type { Header, SignedHeader } from "../../../src/codec/fisco/header.js";
import { headerHash, headerPreimage } from "../../../src/codec/fisco/headerHash.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import {
  authenticatedTimestamp,
  checkHeader,
  checkSignedHeader,
  SEALERS_MAX,
} from "../../../src/codec/fisco/headerRules.js";
import type { Profile } from "../../../src/codec/profile.js";
import { block60, codeThrownBy, genesisRpc, HEADER_CASES, PROFILES, SUITES, withSet } from "./vectors.js";

const FISCO = PROFILES.ecdsa;
const EDGESEAL: Profile = { ...FISCO, layout: "edgeseal" };

function nodeIdAt(header: Header, index: number): Uint8Array {
  return header.sealers.nodeIds[index] as Uint8Array;
}

function manySealers(count: number): { nodeIds: Uint8Array[]; weights: bigint[] } {
  const nodeIds = Array.from({ length: count }, (_, i) => {
    const nodeId = new Uint8Array(64);
    new DataView(nodeId.buffer).setUint32(0, i + 1);
    return nodeId;
  });
  return { nodeIds, weights: nodeIds.map(() => 1n) };
}

describe("rules of a header above block 0", () => {
  const good = block60();
  const parent = good.parents[0] as { number: number; hash: Uint8Array };
  const four = good.sealers.nodeIds;
  const swapped = [four[1], four[0], four[2], four[3]] as Uint8Array[];
  const twin = [four[0], four[0], four[2], four[3]] as Uint8Array[];
  const longId = concatBytes([nodeIdAt(good, 3), new Uint8Array(1)]);
  const shortId = nodeIdAt(good, 3).slice(0, 63);

  const broken: readonly (readonly [string, Header])[] = [
    ["HEADER_NUMBER", { ...good, number: 2 ** 53 }],
    ["HEADER_NUMBER", { ...good, number: -1 }],
    ["HEADER_NUMBER", { ...good, version: 4, number: 2 ** 32, parents: [{ ...parent, number: 2 ** 32 - 1 }] }],
    ["HEADER_VERSION", { ...good, version: 0 }],
    ["HEADER_VERSION", { ...good, version: 3 }],
    ["HEADER_VERSION", { ...good, version: 0x02ffffff }],
    ["HEADER_VERSION", { ...good, version: 0x04000000 }],
    ["HEADER_PARENT_COUNT", { ...good, parents: [] }],
    ["HEADER_PARENT_COUNT", { ...good, parents: [parent, parent] }],
    ["HEADER_PARENT_NUMBER", { ...good, parents: [{ ...parent, number: 60 }] }],
    ["HEADER_PARENT_HASH_LENGTH", { ...good, parents: [{ ...parent, hash: parent.hash.slice(1) }] }],
    ["HEADER_ROOT_LENGTH", { ...good, txsRoot: new Uint8Array(31) }],
    ["HEADER_ROOT_LENGTH", { ...good, receiptsRoot: new Uint8Array(33) }],
    ["HEADER_ROOT_LENGTH", { ...good, stateRoot: new Uint8Array(0) }],
    ["HEADER_GAS_USED", { ...good, gasUsed: "" }],
    ["HEADER_GAS_USED", { ...good, gasUsed: "00" }],
    ["HEADER_GAS_USED", { ...good, gasUsed: "0x1" }],
    ["HEADER_GAS_USED", { ...good, gasUsed: "１" }],
    ["HEADER_GAS_USED", { ...good, gasUsed: "1".repeat(21) }],
    ["HEADER_TIMESTAMP", { ...good, timestamp: -1 }],
    ["HEADER_TIMESTAMP", { ...good, timestamp: 2 ** 56 }],
    ["HEADER_SEALER_LIST_EMPTY", withSet(good, { nodeIds: [], weights: [] })],
    ["HEADER_SEALER_LIST_TOO_LONG", withSet(good, manySealers(SEALERS_MAX + 1))],
    ["HEADER_NODE_ID_LENGTH", withSet(good, { nodeIds: [...four.slice(0, 3), longId] })],
    ["HEADER_NODE_ID_LENGTH", withSet(good, { nodeIds: [...four.slice(0, 3), shortId] })],
    ["HEADER_NODE_ID_DUPLICATE", withSet(good, { nodeIds: twin })],
    ["HEADER_NODE_ID_ORDER", withSet(good, { nodeIds: swapped })],
    ["HEADER_WEIGHT_COUNT", withSet(good, { weights: [1n, 1n, 1n] })],
    ["HEADER_WEIGHT_COUNT", withSet(good, { weights: [1n, 1n, 1n, 1n, 1n] })],
    ["HEADER_WEIGHT_RANGE", withSet(good, { weights: [1n, 1n, 0n, 1n] })],
    ["HEADER_WEIGHT_RANGE", withSet(good, { weights: [1n, 1n, -1n, 1n] })],
    ["HEADER_WEIGHT_RANGE", withSet(good, { weights: [1n, 1n, 2n ** 63n, 1n] })],
    ["HEADER_WEIGHT_RANGE", { ...withSet(good, { weights: [2n ** 32n + 1n, 1n, 1n, 1n] }), version: 4 }],
    ["HEADER_SEALER_RANGE", { ...good, sealer: 4 }],
    ["HEADER_SEALER_RANGE", { ...good, sealer: -1 }],
    ["HEADER_EXTRA_DATA", { ...good, extraData: new Uint8Array(1) }],
    ["HEADER_EXTRA_DATA", { ...good, extraData: new Uint8Array(172) }],
  ];
  for (const [code, header] of broken) {
    it(`refuses ${code}`, () => expect(codeThrownBy(() => checkHeader(header, FISCO))).toBe(code));
  }

  it("takes the good header, released versions, rc4 and the longest list", () => {
    checkHeader(good, FISCO);
    checkHeader({ ...good, version: 0x03ffffff }, FISCO);
    checkHeader({ ...good, version: 4 }, FISCO);
    checkHeader({ ...good, gasUsed: "9".repeat(20) }, FISCO);
    checkHeader(withSet(good, manySealers(SEALERS_MAX)), FISCO);
    checkHeader(withSet(good, { weights: [2n ** 63n - 1n, 1n, 1n, 1n] }), FISCO);
  });

  it("asks for the length of extraData that the profile fixes", () => {
    expect(codeThrownBy(() => checkHeader(good, EDGESEAL))).toBe("HEADER_EXTRA_DATA");
    checkHeader({ ...good, extraData: new Uint8Array(172) }, EDGESEAL);
  });

  it("refuses an rc4 weight that differs above 32 bits although its set passed as a v3 set", () => {
    const header = withSet(good, { weights: [2n ** 32n + 1n, 1n, 1n, 1n] });
    checkHeader(header, FISCO);
    expect(codeThrownBy(() => checkHeader({ ...header, version: 4 }, FISCO))).toBe("HEADER_WEIGHT_RANGE");
  });

  it("shows an rc4 time as unauthenticated", () => {
    expect(authenticatedTimestamp(good)).toBe(good.timestamp);
    expect(authenticatedTimestamp({ ...good, version: 4 })).toBeUndefined();
  });
});

describe("the same signed bytes cut in another way", () => {
  const { crypto, rpc } = HEADER_CASES[2] as (typeof HEADER_CASES)[number];
  const { header, signatures } = headerFromRpc(rpc).signed;
  const hash = SUITES[crypto].hash;

  function refused(forged: Header): string {
    expect(equalBytes(headerHash(hash, forged), headerHash(hash, header))).toBe(true);
    return codeThrownBy(() => checkSignedHeader({ header: forged, signatures: signatures.slice(0, 1) }, FISCO));
  }

  it("refuses one sealer with the others moved into extraData", () => {
    const rest = concatBytes([...header.sealers.nodeIds.slice(1), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1])]);
    const weightBytes = new Uint8Array(16);
    weightBytes[7] = 1;
    weightBytes[15] = 1;
    const forged: Header = {
      ...header,
      sealer: 3,
      sealers: { nodeIds: header.sealers.nodeIds.slice(0, 1), weights: [1n] },
      extraData: concatBytes([rest, weightBytes]),
    };
    expect(forged.extraData.length).toBe(3 * 64 + 24);
    expect(refused(forged)).toBe("HEADER_SEALER_RANGE");
  });

  it("refuses it also where the proposer is the remaining sealer", () => {
    const own = { ...header, sealer: 0 };
    const forged: Header = {
      ...own,
      sealers: { nodeIds: own.sealers.nodeIds.slice(0, 1), weights: [1n] },
      extraData: headerPreimage(own).slice(-(3 * 64 + 32), -8),
    };
    expect(equalBytes(headerHash(hash, forged), headerHash(hash, own))).toBe(true);
    expect(codeThrownBy(() => checkHeader(forged, FISCO))).toBe("HEADER_EXTRA_DATA");
  });

  it("refuses a node id that swallowed its neighbour", () => {
    const [a, b, c, d] = header.sealers.nodeIds as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const weights = [1n, 1n, 1n, 1n];
    const forged = withSet(header, { nodeIds: [concatBytes([a, b]), c, d], weights });
    expect(refused(forged)).toBe("HEADER_WEIGHT_COUNT");
    const split = [a.slice(0, 32), a.slice(32), concatBytes([b, c]), d];
    expect(refused(withSet(header, { nodeIds: split, weights }))).toBe("HEADER_NODE_ID_LENGTH");
  });

  it("refuses roots shifted into each other and into the parent", () => {
    const shifted: Header = {
      ...header,
      txsRoot: header.txsRoot.slice(0, 31),
      receiptsRoot: concatBytes([header.txsRoot.slice(31), header.receiptsRoot]),
    };
    expect(refused(shifted)).toBe("HEADER_ROOT_LENGTH");
    const parent = header.parents[0] as { number: number; hash: Uint8Array };
    const eaten = { ...header, parents: [{ ...parent, hash: concatBytes([parent.hash, header.txsRoot]) }] };
    expect(refused({ ...eaten, txsRoot: new Uint8Array(0) })).toBe("HEADER_PARENT_HASH_LENGTH");
  });

  it("refuses a weight that is really extraData", () => {
    const weights = header.sealers.weights.slice(1);
    const forged = withSet({ ...header, extraData: new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1]) }, { weights });
    expect(refused(forged)).toBe("HEADER_WEIGHT_COUNT");
  });
});

describe("rules of block 0", () => {
  const good = headerFromRpc(genesisRpc()).signed.header;
  const root = new Uint8Array(32).fill(1);
  const sealers = block60().sealers;
  const broken: readonly (readonly [string, Header])[] = [
    ["HEADER_GENESIS_VERSION", { ...good, version: 1 }],
    ["HEADER_GENESIS_VERSION", { ...good, version: 0x03000000 }],
    ["HEADER_GENESIS_VERSION", { ...good, version: 0x0300ffff }],
    ["HEADER_GENESIS_VERSION", { ...good, version: 0x04000000 }],
    ["HEADER_GENESIS_PARENTS", { ...good, parents: [{ number: 0, hash: root }] }],
    ["HEADER_GENESIS_ROOT", { ...good, txsRoot: root }],
    ["HEADER_GENESIS_ROOT", { ...good, receiptsRoot: root }],
    ["HEADER_GENESIS_ROOT", { ...good, stateRoot: new Uint8Array(31) }],
    ["HEADER_GENESIS_GAS_USED", { ...good, gasUsed: "1" }],
    ["HEADER_GENESIS_TIMESTAMP", { ...good, timestamp: 1 }],
    ["HEADER_GENESIS_SEALER", { ...good, sealer: 1 }],
    ["HEADER_GENESIS_SEALER_LIST", withSet(good, { nodeIds: sealers.nodeIds })],
    ["HEADER_GENESIS_WEIGHTS", withSet(good, { weights: [1n] })],
    ["HEADER_GENESIS_EXTRA_DATA", { ...good, extraData: new Uint8Array(192 * 1024 + 1) }],
  ];
  for (const [code, header] of broken) {
    it(`refuses ${code}`, () => expect(codeThrownBy(() => checkHeader(header, PROFILES.sm))).toBe(code));
  }

  it("takes the versions a block 0 can have", () => {
    for (const version of [0, 4, 0x03010000, 0x03100400]) checkHeader({ ...good, version }, PROFILES.sm);
    const signature = { sealerIndex: 0, signature: new Uint8Array(64) };
    expect(codeThrownBy(() => checkSignedHeader({ header: good, signatures: [signature] }, PROFILES.sm))).toBe(
      "HEADER_GENESIS_SIGNATURES",
    );
  });
});

describe("shape of signatures", () => {
  const signed = headerFromRpc(HEADER_CASES[2]?.rpc).signed;
  const [first] = signed.signatures as [SignedHeader["signatures"][number]];
  const broken: readonly (readonly [string, SignedHeader["signatures"]])[] = [
    ["HEADER_SIGNATURE_COUNT", [...signed.signatures, first]],
    ["HEADER_SIGNATURE_INDEX", [{ ...first, sealerIndex: 4 }]],
    ["HEADER_SIGNATURE_INDEX", [{ ...first, sealerIndex: -1 }]],
    ["HEADER_SIGNATURE_INDEX", [{ ...first, sealerIndex: 0.5 }]],
    ["HEADER_SIGNATURE_LENGTH", [{ ...first, signature: first.signature.slice(1) }]],
  ];
  for (const [code, signatures] of broken) {
    it(`refuses ${code}`, () =>
      expect(codeThrownBy(() => checkSignedHeader({ ...signed, signatures }, FISCO))).toBe(code));
  }
});
