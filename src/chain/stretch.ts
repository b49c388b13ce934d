/** Stored headers as values again, and the reductions a publisher makes before it sends them. */
import type { HeaderSignature } from "../codec/fisco/header.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { WireContext } from "../codec/wire/context.js";
import { decodeSegment } from "../codec/wire/segment.js";
import type { Committee } from "./committee.js";
import type { ChainStore } from "./store.js";

/** Certified headers `from`..`to` as far as they are stored without a hole; empty when the first one is missing. */
export function readCertified(store: ChainStore, from: number, to: number, wire: WireContext): HashedHeader[] {
  const headers: HashedHeader[] = [];
  let next = from;
  while (next <= to) {
    const run = store.run(next);
    if (run === undefined || run.status !== "certified") break;
    for (const header of decodeSegment(run.bytes, wire).headers) {
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
