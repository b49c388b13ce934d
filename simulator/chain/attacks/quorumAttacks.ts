/** Too few signatures, or the same ones counted more than once. */
import { concatBytes } from "../../../src/base/bytes.js";
import type { SealerSet } from "../../../src/codec/fisco/header.js";
import { writeJson } from "../../../src/codec/json.js";
import type { Forger } from "../forger.js";
import { WIRE_FIELD } from "../forger.js";
import { type Attack, asJson, attack, onHead } from "./attack.js";

/** An honest next header, and its RPC form with other signature indices. */
function withIndex(forger: Forger, index: unknown, ...codes: string[]) {
  const signed = forger.signed(forger.draft());
  const [first, ...rest] = forger.rpcHeader(signed).signatureList;
  const list = [...rest, { ...first, sealerIndex: index }];
  return asJson(writeJson(forger.rpcHeader(signed, { signatureList: list })), ...codes);
}

function doubledKey(set: SealerSet): SealerSet {
  const first = set.nodeIds[0] as Uint8Array;
  const weight = set.weights[0] as bigint;
  return { nodeIds: [first, ...set.nodeIds], weights: [weight, ...set.weights] };
}

export const QUORUM_ATTACKS: readonly Attack[] = [
  attack("quorum-none", "A header that nobody has signed.", (forger) =>
    onHead(forger.headPayload(forger.signed(forger.draft(), [])), "CHAIN_QUORUM"),
  ),
  attack("quorum-short", "A header with one signature less than a quorum.", (forger) => {
    const header = forger.draft();
    return onHead(forger.headPayload(forger.signed(header, forger.belowQuorum(header.sealers))), "CHAIN_QUORUM");
  }),
  attack("quorum-one-invalid", "A quorum of signatures, one of them made by a stranger's key.", (forger) => {
    const header = forger.draft();
    const signed = forger.signed(header, forger.quorum(header.sealers));
    const [foreign] = forger.signatures(signed.hash, forger.ownSealers, [0]);
    const signatures = signed.signatures.map((one, i) =>
      i === 0 && foreign !== undefined ? { ...one, signature: foreign.signature } : one,
    );
    return onHead(forger.headPayload({ header, signatures }), "CHAIN_SIGNATURE_INVALID");
  }),
  attack("signer-repeated", "One sealer's signature listed as often as a quorum needs.", (forger) => {
    const header = forger.draft();
    const [only] = forger.signed(header, [0]).signatures;
    const signatures = forger.quorum(header.sealers).map(() => only as NonNullable<typeof only>);
    return asJson(writeJson(forger.rpcHeader({ header, signatures })), "CHAIN_SIGNER_DUPLICATE", "CHAIN_QUORUM");
  }),
  attack("key-twice-in-list", "A list in which one sealer stands twice, to be counted twice.", (forger) => {
    const header = forger.draft({ sealers: doubledKey(forger.nextSealers) });
    return onHead(forger.headPayload(forger.signed(header)), "HEADER_NODE_ID_DUPLICATE");
  }),
  attack("index-past-end", "A signature of a sealer one past the end of the list.", (forger) =>
    withIndex(forger, forger.nextSealers.nodeIds.length, "CHAIN_SIGNER_RANGE", "HEADER_SIGNATURE_INDEX"),
  ),
  attack("index-negative", "A signature of sealer -1.", (forger) => withIndex(forger, -1, "RPC_NUMBER_RANGE")),
  attack("index-two-to-31", "A signature of sealer 2^31, which some programs read as negative.", (forger) =>
    withIndex(forger, 2 ** 31, "CHAIN_SIGNER_RANGE", "HEADER_SIGNATURE_INDEX"),
  ),
  attack("index-two-to-32", "A signature of sealer 2^32, which some programs read as 0.", (forger) =>
    withIndex(forger, 2 ** 32, "CHAIN_SIGNER_RANGE", "HEADER_SIGNATURE_INDEX"),
  ),
  attack("index-two-to-53", "A signature of sealer 2^53, beyond exact numbers.", (forger) =>
    withIndex(forger, 2n ** 53n, "RPC_NUMBER_RANGE"),
  ),
  attack("index-fraction", "A signature of sealer 0.5.", (forger) => withIndex(forger, 0.5, "RPC_NUMBER_RANGE")),
  attack("index-text", "A signature of sealer '00', another spelling of 0.", (forger) =>
    withIndex(forger, "00", "RPC_FIELD_TYPE"),
  ),
  attack("bitmap-past-end", "A signer bitmap with a bit for a sealer that is not in the list.", (forger) => {
    const signed = forger.signed(forger.draft());
    const count = forger.nextSealers.nodeIds.length;
    const bitmap = new Uint8Array(Math.ceil((count + 1) / 8));
    for (const bit of [0, count]) bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
    const one = firstSignature(forger, signed.hash);
    const payload = forger.headPayload(signed, { [WIRE_FIELD.signatures]: [bitmap, concatBytes([one, one])] });
    return onHead(payload, "WIRE_SIGNER_MAP", "WIRE_LENGTH");
  }),
  attack("bitmap-too-long", "A signer bitmap with another byte of signers.", (forger) => {
    const signed = forger.signed(forger.draft());
    const bitmap = new Uint8Array(Math.ceil(forger.nextSealers.nodeIds.length / 8) + 1).fill(1, 0, 1);
    const payload = forger.headPayload(signed, {
      [WIRE_FIELD.signatures]: [bitmap, firstSignature(forger, signed.hash)],
    });
    return onHead(payload, "WIRE_LENGTH");
  }),
  attack("signatures-fewer-than-bits", "A bitmap that promises more signatures than follow.", (forger) => {
    const signed = forger.signed(forger.draft(), [0]);
    const bitmap = new Uint8Array(Math.ceil(forger.nextSealers.nodeIds.length / 8));
    bitmap[0] = 0b11;
    const only = signed.signatures[0]?.signature ?? bitmap;
    return onHead(forger.headPayload(signed, { [WIRE_FIELD.signatures]: [bitmap, only] }), "WIRE_SIGNER_MAP");
  }),
];

function firstSignature(forger: Forger, hash: Uint8Array): Uint8Array {
  const [one] = forger.signatures(hash, forger.nextSealers, [0]);
  return one?.signature ?? hash;
}
