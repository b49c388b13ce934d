/** Verification of one header, without a node and without trust in whoever handed it over. */
import { to0x } from "../../../base/bytes.js";
import { sealersFromJson } from "../../../chain/anchor.js";
import { verifyHeader as verifySigned } from "../../../chain/verifyHeader.js";
import { headerFromRpc } from "../../../codec/fisco/headerRpc.js";
import { readRecord } from "../../../codec/fisco/rpcFields.js";
import type { Profile } from "../../../codec/profile.js";
import type { Suite } from "../../../crypto/suite.js";
import type { JsonObject } from "../../jsonObject.js";
import { checkNamedHash } from "./answer.js";

export interface VerifiedHeader {
  readonly valid: true;
  readonly kind: "header";
  readonly number: number;
  readonly hash: string;
  /** Indices in the header's own list, ascending. */
  readonly signers: readonly number[];
  /** Decimal texts: weights are 64-bit. Both "0" for block 0, which nobody signs. */
  readonly weight: string;
  readonly quorum: string;
  /** The sealers are those of `trust`. False says: consistent in itself, and nothing more. */
  readonly anchored: boolean;
}

/**
 * Structure, hash, every listed signature, and the quorum of the header's own list; with `trust` that list must also be
 * the trusted one, weights included. Block 0 has no list and no signatures: with `trust`, the nodes in its text are
 * compared instead (FISCO-BCOS bcos-tool/NodeConfig.cpp, generateGenesisData), so a chain from before 3.1.0, whose block 0
 * has no such text, cannot be anchored there.
 * @param trust an object whose `sealers` is `[{ "nodeID": "0x..", "weight": "1" }]`
 * @throws ChainError, VerifyError, and the codec's HeaderError, RpcShapeError, CommitmentError, GenesisError
 */
export function verifyHeader(
  value: unknown,
  suite: Suite,
  profile: Profile,
  trust: JsonObject | undefined,
): VerifiedHeader {
  const trusted = trust === undefined ? undefined : sealersFromJson(trust.sealers);
  const { signed, claimedHash } = headerFromRpc(value);
  const { header, hash, certificate, anchored } = verifySigned(signed, {
    suite,
    profile,
    ...(trusted === undefined ? {} : { trust: trusted }),
    ...(claimedHash === undefined ? {} : { claimedHash }),
  });
  // A named hash of another length is no claim for the decoder, but still not this header's.
  checkNamedHash("header", readRecord(value, "header"), hash);
  return {
    valid: true,
    kind: "header",
    number: header.number,
    hash: to0x(hash),
    signers: certificate.signers,
    weight: String(certificate.weight),
    quorum: String(certificate.quorum),
    anchored,
  };
}
