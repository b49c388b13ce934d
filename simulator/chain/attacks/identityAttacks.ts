/**
 * Headers and records of another chain, suite, layout, fault model or version, and one header cut into other fields.
 */

import type { Header } from "../../../src/codec/fisco/header.js";
import { headerHash } from "../../../src/codec/fisco/headerHash.js";
import { COMMITMENT_BYTES } from "../../../src/codec/fisco/headerRules.js";
import { writeJson } from "../../../src/codec/json.js";
import { bigInteger } from "../../../src/codec/wire/cborWriter.js";
import { type ChainRecord, encodeRecord } from "../../../src/codec/wire/recordMessage.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { SuiteName } from "../../../src/crypto/suite.js";
import { allOf, type Forger, resplitHeader, WIRE_FIELD } from "../forger.js";
import { type Attack, asJson, attack, type Hostile, onHead } from "./attack.js";

const OTHER_SUITE: Readonly<Record<SuiteName, SuiteName>> = { ecdsa: "sm", sm: "ecdsa" };
const isEdgeseal = (forger: Forger): boolean => forger.issuer.profile.layout === "edgeseal";

function record(forger: Forger, changes: Partial<ChainRecord>): Hostile {
  const { chainId, groupId, profile } = forger.issuer;
  const common = { chainId, groupId, profile, segmentSize: 16, firstNumber: 0, retainedFrom: 0, watched: [] };
  const payload = encodeRecord({ ...common, ...changes });
  return { kind: "wire", subject: { kind: "record" }, payload, expectedCodes: ["WIRE_PROFILE_MISMATCH"] };
}

/** An honest header whose commitment has one byte changed, signed like that by a quorum of liars. */
function commitment(forger: Forger, offset: number, ...codes: string[]): Hostile {
  const { extraData } = forger.draft();
  const changed = extraData.slice();
  changed[offset] = (changed[offset] ?? 0) ^ 0x01;
  return asJson(writeJson(forger.rpcHeader(forger.signed(forger.draft({ extraData: changed })))), ...codes);
}

/** A header that the true sealers signed, cut into one sealer and a long extraData. Same hash. */
function resplit(forger: Forger): { readonly honest: Header; readonly header: Header } {
  const honest = forger.draft();
  return { honest, header: resplitHeader(honest) };
}

export const IDENTITY_ATTACKS: readonly Attack[] = [
  attack("other-chain", "A header of the same height from another chain of the same kind.", (forger) => {
    const parents = [{ number: forger.head.header.number, hash: forger.random.bytes(32) }];
    const header = forger.draft({ parents, sealers: forger.ownSealers });
    return onHead(forger.headPayload(forger.signed(header)), "CHAIN_PARENT_HASH");
  }),
  attack("other-hash", "A true header, but the sealers signed its hash by the other suite's function.", (forger) => {
    const header = forger.draft();
    const digest = headerHash(referenceSuite(OTHER_SUITE[forger.issuer.suite.name]).hash, header);
    const signatures = forger.signatures(digest, header.sealers, forger.quorum(header.sealers));
    return onHead(forger.headPayload({ header, signatures }), "CHAIN_SIGNATURE_INVALID");
  }),
  attack("other-signature-length", "A header with signatures of the other suite's length.", (forger) => {
    const signed = forger.signed(forger.draft(), [0]);
    const length = forger.issuer.suite.headerSignatureBytes === 65 ? 64 : 65;
    const bitmap = new Uint8Array(Math.ceil(forger.nextSealers.nodeIds.length / 8));
    bitmap[0] = 1;
    const payload = forger.headPayload(signed, { [WIRE_FIELD.signatures]: [bitmap, forger.random.bytes(length)] });
    return onHead(payload, "WIRE_SIGNER_MAP", "WIRE_LENGTH");
  }),
  attack("record-other-chain", "A chain record that names another chain.", (forger) =>
    record(forger, { chainId: `${forger.issuer.chainId.slice(0, 60)}-2` }),
  ),
  attack("record-other-group", "A chain record that names another group.", (forger) =>
    record(forger, { groupId: `${forger.issuer.groupId.slice(0, 60)}-2` }),
  ),
  attack("record-other-suite", "A chain record that names the other suite.", (forger) => {
    const { profile } = forger.issuer;
    return record(forger, { profile: { ...profile, suite: OTHER_SUITE[profile.suite] } });
  }),
  attack("record-other-layout", "A chain record that names the other layout.", (forger) => {
    const { profile } = forger.issuer;
    return record(forger, { profile: { ...profile, layout: isEdgeseal(forger) ? "fisco" : "edgeseal" } });
  }),
  attack("record-other-fault-model", "A chain record that lowers the quorum to a majority.", (forger) => {
    const { profile } = forger.issuer;
    return record(forger, { profile: { ...profile, faultModel: profile.faultModel === "bft" ? "crash" : "bft" } });
  }),
  attack("layout-wire", "A header with the extra data of the other layout.", (forger) => {
    const extra = new Uint8Array(isEdgeseal(forger) ? 0 : 64);
    return onHead(forger.headPayload(forger.signed(forger.draft()), { [WIRE_FIELD.extra]: extra }), "WIRE_LENGTH");
  }),
  attack("layout-json", "A header of the other layout, validly signed by the true sealers.", (forger) => {
    const other = isEdgeseal(forger) ? "fisco" : "edgeseal";
    const header = forger.draft({ extraData: forger.extraData(forger.nextSealers, other) });
    return asJson(writeJson(forger.rpcHeader(forger.signed(header))), "HEADER_EXTRA_DATA");
  }),
  attack(
    "fault-model",
    "A header that commits to the other fault model.",
    (forger) => {
      const other = forger.issuer.profile.faultModel === "bft" ? "crash" : "bft";
      const header = forger.draft({ extraData: forger.extraData(forger.nextSealers, "edgeseal", other) });
      return asJson(writeJson(forger.rpcHeader(forger.signed(header))), "COMMITMENT_PROFILE_FAULT_MODEL");
    },
    { appliesTo: isEdgeseal },
  ),
  ...(
    [
      [0, "magic", "COMMITMENT_MAGIC"],
      [5, "format version", "COMMITMENT_FORMAT_VERSION"],
      [7, "reserved byte", "COMMITMENT_RESERVED"],
      [11, "sealer count", "COMMITMENT_SEALER_COUNT"],
      [12, "hash of its own list", "COMMITMENT_SEALERS_HASH"],
      [COMMITMENT_BYTES - 1, "zeros at the end", "COMMITMENT_RESERVED"],
    ] as const
  ).map(([offset, what, code]) =>
    attack(
      `commitment-${offset}`,
      `A header whose commitment has a wrong ${what}, signed by a quorum of liars.`,
      (forger) => commitment(forger, offset, code),
      { appliesTo: isEdgeseal },
    ),
  ),
  ...(
    [
      ["v4", 0x0400_0000],
      ["v2", 0x0209_0100],
      ["zero", 0],
      ["rc3", 3],
    ] as const
  ).map(([name, version]) =>
    attack(`version-${name}`, `A header of version 0x${version.toString(16)}, signed by a quorum of liars.`, (forger) =>
      onHead(forger.headPayload(forger.signed(forger.draft({ version }))), "HEADER_VERSION"),
    ),
  ),
  ...(
    [
      ["leading-zero", "007"],
      ["exponent", "1e3"],
      ["empty", ""],
      ["hex", "0x10"],
      ["long", "1".repeat(21)],
    ] as const
  ).map(([name, gasUsed]) =>
    attack(`gas-${name}`, `A header whose gas is written as '${gasUsed}', signed by a quorum of liars.`, (forger) =>
      asJson(writeJson(forger.rpcHeader(forger.signed(forger.draft({ gasUsed })))), "HEADER_GAS_USED"),
    ),
  ),
  attack(
    "resplit-json",
    "A truly signed header cut so that one sealer is left; its hash stays the same.",
    (forger) => {
      const { honest, header } = resplit(forger);
      const signatures = forger.signatures(forger.hashOf(honest), honest.sealers, [0]);
      return asJson(writeJson(forger.rpcHeader({ header, signatures })), "HEADER_EXTRA_DATA");
    },
    { appliesTo: (forger) => forger.nextSealers.nodeIds.length > 1 },
  ),
  attack(
    "resplit-wire",
    "The same on the wire.",
    (forger) => {
      const { honest, header } = resplit(forger);
      const [only] = forger.signatures(forger.hashOf(honest), honest.sealers, [0]);
      const replaced = {
        [WIRE_FIELD.sealers]: [header.sealers.nodeIds[0] ?? null, bigInteger(header.sealers.weights[0] ?? 1n)],
        [WIRE_FIELD.extra]: header.extraData,
        [WIRE_FIELD.signatures]: [Uint8Array.of(1), only?.signature ?? null],
      };
      return onHead(forger.headPayload(forger.signed(honest), replaced), "WIRE_LENGTH");
    },
    { appliesTo: (forger) => forger.nextSealers.nodeIds.length > 1 },
  ),
  attack(
    "resplit-genesis",
    "Block 0 with a piece of its text moved into the sealer list; its hash stays the same.",
    (forger) => {
      const { header } = forger.issuer.genesis();
      const nodeIds = [header.extraData.subarray(0, 64)];
      const moved = { ...header, sealers: { nodeIds, weights: [] }, extraData: header.extraData.subarray(64) };
      return asJson(writeJson(forger.rpcHeader({ header: moved, signatures: [] })), "HEADER_GENESIS_SEALER_LIST");
    },
  ),
  attack(
    "root-cut",
    "A header whose first root is 31 bytes and whose second is 33, signed by a quorum of liars.",
    (forger) => {
      const roots = { txsRoot: forger.random.bytes(31), receiptsRoot: forger.random.bytes(33) };
      const header = forger.draft(roots);
      const signatures = forger.signatures(forger.hashOf(header), header.sealers, allOf(header.sealers));
      return asJson(writeJson(forger.rpcHeader({ header, signatures })), "HEADER_ROOT_LENGTH");
    },
  ),
];
