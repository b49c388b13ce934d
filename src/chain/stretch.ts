/** Stored headers as values again, and the reductions a publisher makes before it sends them. */
import type { HeaderSignature } from "../codec/fisco/header.js";
import { equalSealerSets } from "../codec/fisco/sealerSets.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { WireContext } from "../codec/wire/context.js";
import { decodeSegment } from "../codec/wire/segment.js";
import type { Committee, Committees } from "./committee.js";
import type { ChainStore } from "./store.js";

/** Certified headers `from`..`to` as far as they are stored without a hole; empty when the first one is missing. */
export function readCertified(store: ChainStore, from: number, to: number, wire: WireContext): HashedHeader[] {
  const headers: HashedHeader[] = [];
  let next = from;
  while (next <= to) {
    const run = store.run(next);
    if (run === undefined || run.status !== "certified") break;
    for (const header of decodeSegment(run.bytes, wire).signedHeaders()) {
      if (header.header.number >= next && header.header.number <= to) headers.push(header);
    }
    next = run.start + run.count;
  }
  return headers;
}

/**
 * The smallest set of a header's signatures that still meets its quorum: heaviest signers first, lowest index among equals.
 */
export function reduceToQuorum(header: HashedHeader, committee: Committee): HashedHeader {
  const heaviestFirst = [...header.signatures].sort((a, b) => {
    const difference = committee.weight(b.sealerIndex) - committee.weight(a.sealerIndex);
    return difference === 0n ? a.sealerIndex - b.sealerIndex : difference > 0n ? 1 : -1;
  });
  const kept: HeaderSignature[] = [];
  let weight = 0n;
  for (const signature of heaviestFirst) {
    if (weight >= committee.quorum) break;
    kept.push(signature);
    weight += committee.weight(signature.sealerIndex);
  }
  return { ...header, signatures: kept };
}

/**
 * A stretch as it is sent: every header reduced to its quorum, except where the sealers change. There the set before must
 * be recognised among the signers, and a removed sealer's share of its quorum may need every signature there is.
 * @param before the header below the first one, where it is known.
 */
export function reduceStretch(
  headers: readonly HashedHeader[],
  before: HashedHeader | undefined,
  committees: Committees,
): HashedHeader[] {
  let previous = before?.header.sealers;
  return headers.map((header) => {
    const { sealers } = header.header;
    const changed = previous === undefined || !equalSealerSets(previous, sealers);
    previous = sealers;
    return changed ? header : reduceToQuorum(header, committees.of(sealers));
  });
}
