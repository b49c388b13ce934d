import { readFileSync } from "node:fs";
import type { SuiteName } from "../../src/crypto/suite.js";

interface CryptoVectors {
  readonly hashes: readonly {
    readonly suite: SuiteName;
    readonly cases: readonly { readonly text: string; readonly hash: string }[];
  }[];
  readonly hmacSm3: {
    readonly cases: readonly { readonly key: string; readonly data: string; readonly mac: string }[];
  };
  readonly keys: readonly { readonly suite: SuiteName; readonly secretKey: string; readonly publicKey: string }[];
  readonly transactionSignatures: readonly {
    readonly suite: SuiteName;
    readonly digest: string;
    readonly signature: string;
  }[];
  readonly sm2Standard: {
    readonly message: string;
    readonly secretKey: string;
    readonly publicKey: string;
    readonly identity: string;
    readonly e: string;
    readonly signature: string;
  };
  readonly ownSignatures: {
    readonly cases: readonly {
      readonly suite: SuiteName;
      readonly secretKey: string;
      readonly digest: string;
      readonly signature: string;
    }[];
  };
}

interface MerkleVectors {
  readonly proofs: readonly {
    readonly crypto: SuiteName;
    readonly what: string;
    readonly leaf: string;
    readonly root: string;
    readonly proof: readonly string[];
  }[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;
}

export const cryptoVectors = read<CryptoVectors>("crypto.json");
export const merkleVectors = read<MerkleVectors>("fisco-merkle.json");

export const SUITE_NAMES: readonly SuiteName[] = ["ecdsa", "sm"];
