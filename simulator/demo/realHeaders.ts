/** Headers of public FISCO BCOS v3 chains, verified at start: the rules hold on data that others made. */
import { readFileSync } from "node:fs";
import { to0x } from "../../src/base/bytes.js";
import { codeOf } from "../../src/base/error.js";
import { verifyHeader } from "../../src/chain/verifyHeader.js";
import { headerFromRpc } from "../../src/codec/fisco/headerRpc.js";
import { parseJson } from "../../src/codec/json.js";
import { loadSuite } from "../../src/crypto/backend/select.js";
import type { SuiteName } from "../../src/crypto/suite.js";

export interface RealHeader {
  readonly suite: SuiteName;
  readonly number: number;
  readonly hash: string;
  readonly signers: number;
  /** Undefined when it verified. */
  readonly code?: string;
}

interface Vectors {
  readonly cases: readonly { readonly crypto: SuiteName; readonly rpc: unknown }[];
}

/** Beside the checkout's sources and beside `dist`. */
const PLACES = ["../../test/vectors/fisco-headers.json", "../../../test/vectors/fisco-headers.json"];

/** Empty where the vectors are not installed. */
export async function verifyRealHeaders(): Promise<RealHeader[]> {
  const vectors = readVectors();
  if (vectors === undefined) return [];
  const results: RealHeader[] = [];
  for (const { crypto, rpc } of vectors.cases) {
    const suite = await loadSuite(crypto);
    const { signed, claimedHash } = headerFromRpc(rpc);
    const { number } = signed.header;
    try {
      const profile = { suite: crypto, layout: "fisco", faultModel: "bft" } as const;
      const { hash, certificate } = verifyHeader(signed, {
        suite,
        profile,
        ...(claimedHash === undefined ? {} : { claimedHash }),
      });
      results.push({ suite: crypto, number, hash: to0x(hash), signers: certificate.signers.length });
    } catch (thrown) {
      results.push({ suite: crypto, number, hash: "", signers: 0, code: codeOf(thrown) });
    }
  }
  return results;
}

function readVectors(): Vectors | undefined {
  for (const place of PLACES) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), "utf8");
      return parseJson(text) as unknown as Vectors;
    } catch {
      // The next place may have it.
    }
  }
  return undefined;
}
