/**
 * Sealer sets on the wire: [ node ids concatenated, weights ], where weights is one integer when all are equal, else an
 * array. A decoded set is copied out of the payload, because trusted sets live for months.
 */
import { copyBytes } from "../../base/bytes.js";
import type { SealerSet } from "../fisco/header.js";
import type { CborReader } from "./cborReader.js";
import { bigInteger, type WireValue } from "./cborWriter.js";
import { SEALERS_MAX } from "./limits.js";
import { WireError } from "./problems.js";

const NODE_ID_BYTES = 64;

export const NO_SEALERS: SealerSet = { nodeIds: [], weights: [] };

export function sealerSetToWire(set: SealerSet): WireValue {
  const ids = new Uint8Array(set.nodeIds.length * NODE_ID_BYTES);
  set.nodeIds.forEach((id, index) => {
    ids.set(id, index * NODE_ID_BYTES);
  });
  const [first] = set.weights;
  const uniform = first !== undefined && set.weights.every((weight) => weight === first);
  return [ids, uniform ? bigInteger(first) : set.weights.map(bigInteger)];
}

export function readSealerSet(reader: CborReader): SealerSet {
  reader.fixedArray("sealer set", 2);
  const ids = reader.bytes("node ids", SEALERS_MAX * NODE_ID_BYTES);
  if (ids.length % NODE_ID_BYTES !== 0) {
    throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "node ids", got: ids.length });
  }
  const count = ids.length / NODE_ID_BYTES;
  const kept = copyBytes(ids);
  const nodeIds = Array.from({ length: count }, (_, i) => kept.subarray(i * NODE_ID_BYTES, (i + 1) * NODE_ID_BYTES));
  if (!reader.atArray) {
    const weight = reader.bigUint();
    if (count === 0) throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "weights", got: 1 });
    return { nodeIds, weights: nodeIds.map(() => weight) };
  }
  const weights: bigint[] = [];
  const weightCount = reader.array("weights", SEALERS_MAX);
  for (let i = 0; i < weightCount; i++) weights.push(reader.bigUint());
  const allEqual = weights.length > 0 && weights.every((weight) => weight === weights[0]);
  // One value, one spelling: an equal list has to use the short form.
  if (weights.length !== count || allEqual) {
    throw new WireError({ code: "WIRE_LENGTH", offset: reader.offset, field: "weights", got: weights.length });
  }
  return { nodeIds, weights };
}
