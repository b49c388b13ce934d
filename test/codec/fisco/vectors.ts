/** The real headers, transactions and receipts of test/vectors, typed for the tests of this folder. */
import { readFileSync } from "node:fs";
import { fromHex } from "../../../src/base/bytes.js";
import type { Header, SealerSet } from "../../../src/codec/fisco/header.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import type { Profile } from "../../../src/codec/profile.js";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import type { Suite, SuiteName } from "../../../src/crypto/suite.js";

// biome-ignore lint/suspicious/noExplicitAny: a vector file is whatever its tests expect of it
export function vectors(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), "utf8"));
}

export const SUITES: Readonly<Record<SuiteName, Suite>> = {
  ecdsa: referenceSuite("ecdsa"),
  sm: referenceSuite("sm"),
};

export const PROFILES: Readonly<Record<SuiteName, Profile>> = {
  ecdsa: { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
  sm: { suite: "sm", layout: "fisco", faultModel: "bft" },
};

export interface HeaderCase {
  readonly crypto: SuiteName;
  readonly note: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
  readonly rpc: any;
  readonly hashPreimageHex: string;
}

export const HEADER_CASES: readonly HeaderCase[] = vectors("fisco-headers").cases;

/** Four sealers, keccak, compatibility version 3.2.0. */
export function block60(): Header {
  return headerFromRpc(HEADER_CASES[2]?.rpc).signed.header;
}

/** Block 0 of the chain in the node's documentation, with its text as extraData. */
// biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
export function genesisRpc(): any {
  return vectors("fisco-rpc-examples").cases[5].response.result;
}

export function withSet(header: Header, set: Partial<SealerSet>): Header {
  return { ...header, sealers: { ...header.sealers, ...set } };
}

export function bytes(hex: string): Uint8Array {
  return fromHex(hex);
}

/** The code of the typed error that `run` throws; fails when it throws nothing, and rethrows what is not typed. */
export function codeThrownBy(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    const code = (thrown as { problem?: { code?: string } }).problem?.code;
    if (code === undefined) throw thrown;
    return code;
  }
  return "NOTHING_THROWN";
}
