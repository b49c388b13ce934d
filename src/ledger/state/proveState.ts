/** Makes the proofs that `codec/edgeseal/stateProof.ts` checks. */
import { keyBit } from "../../codec/edgeseal/stateHash.js";
import type { StateProof } from "../../codec/edgeseal/stateProof.js";
import { compareKeys } from "./keyBytes.js";
import { isLeaf, NONE, type NodeReader, partOf, SECOND_AT } from "./nodeArena.js";

/** What the tree below `root` says about a 32-byte key. */
export function proveState(reader: NodeReader, root: number, key: Uint8Array): StateProof {
  if (root === NONE) return { kind: "empty" };
  const bits: number[] = [];
  const siblings: Uint8Array[] = [];
  let node = root;
  while (!isLeaf(node)) {
    const bit = reader.bit(node);
    const isRight = keyBit(key, bit) === 1;
    bits.push(bit);
    siblings.push(isRight ? partOf(reader, node, 0) : partOf(reader, node, SECOND_AT));
    node = isRight ? reader.right(node) : reader.left(node);
  }
  const path = { bits, siblings };
  if (compareKeys(reader.recordPage(node), reader.recordAt(node), key, 0) === 0) {
    return { kind: "present", valueHash: partOf(reader, node, SECOND_AT), path };
  }
  return { kind: "other", otherKey: partOf(reader, node, 0), otherValueHash: partOf(reader, node, SECOND_AT), path };
}
