/** What a chain of our own participants is, and where trust in it starts: both follow from the text of its block 0. */
import type { Millis } from "../../base/clock.js";
import type { Anchor } from "../../chain/anchor.js";
import { type GenesisConfig, genesisHeader, genesisSealers } from "../../codec/fisco/genesis.js";
import { headerHash } from "../../codec/fisco/headerHash.js";
import type { Profile } from "../../codec/profile.js";
import type { Suite } from "../../crypto/suite.js";

export function profileOf(genesis: GenesisConfig): Profile {
  return {
    suite: genesis.smCrypto ? "sm" : "ecdsa",
    layout: "edgeseal",
    faultModel: genesis.consensusType === "raft" ? "crash" : "bft",
  };
}

/** Trust in a chain of our own participants starts at its block 0. */
export function genesisAnchor(genesis: GenesisConfig, suite: Suite, acceptedAt: Millis): Anchor {
  return {
    chainId: genesis.chainId,
    groupId: genesis.groupId,
    profile: profileOf(genesis),
    height: 0,
    hash: headerHash(suite.hash, genesisHeader(genesis)),
    sealers: genesisSealers(genesis),
    acceptedAt,
    publishers: [],
    governors: [],
  };
}
