/**
 * A block header of FISCO BCOS v3 as a value (bcos-tars-protocol/tars/Block.tars).
 * Heights and times are safe integers; weights are 64-bit and therefore bigint.
 */

/** The sealers of one block in list order. Compared by value; kept as one object so that equal sets can be recognised by identity first. */
export interface SealerSet {
  /** 64-byte public keys X || Y, ascending. */
  readonly nodeIds: readonly Uint8Array[];
  readonly weights: readonly bigint[];
}

export interface ParentInfo {
  readonly number: number;
  readonly hash: Uint8Array;
}

export interface Header {
  /** major<<24 | minor<<16 | patch<<8; 4 = 3.0.0-rc4; 0 in a genesis born before 3.1. */
  readonly version: number;
  readonly parents: readonly ParentInfo[];
  readonly txsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly number: number;
  /** Decimal text, hashed as ASCII. */
  readonly gasUsed: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Index of the proposing sealer in the list. */
  readonly sealer: number;
  readonly sealers: SealerSet;
  readonly extraData: Uint8Array;
}

export interface HeaderSignature {
  /** Index in the same header's sealer list. */
  readonly sealerIndex: number;
  readonly signature: Uint8Array;
}

export interface SignedHeader {
  readonly header: Header;
  /** Not canonical: different nodes hold different valid subsets, in any order. */
  readonly signatures: readonly HeaderSignature[];
}
