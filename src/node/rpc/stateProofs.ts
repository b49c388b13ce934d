/** Our own method: a record of the state with its proof. FISCO has no proofs of state. */
import { to0x } from "../../base/bytes.js";
import { headerAt } from "./blocks.js";
import { method } from "./method.js";
import { group, nodeName, optionalHeight, text } from "./params.js";
import { refuseStorage } from "./refusals.js";
import { BYTES, fields, HASH, HEIGHT, nullOr } from "./schemas.js";

export const stateProofMethods = [
  method({
    name: "edgeseal_getStateProof",
    tag: "edgeseal",
    summary: "A record with the proof that it stood, or did not stand, in the state of a block.",
    params: [
      group,
      nodeName,
      text("table", "The record's table."),
      text("key", "The record's key."),
      optionalHeight("blockNumber", "The block; the newest where it is left out."),
    ],
    result: {
      name: "record",
      schema: fields({ blockNumber: HEIGHT, proof: BYTES, stateRoot: HASH, value: nullOr(BYTES) }),
    },
    answer: ({ view }, _group, _node, table, key, number) => {
      const answer = view.stateProof(table, key, number);
      if (answer === undefined) return refuseStorage("the state of that block is not kept");
      return {
        blockNumber: answer.number,
        proof: to0x(answer.proof),
        stateRoot: to0x(headerAt(view, answer.number).header.stateRoot),
        value: answer.value === undefined ? null : to0x(answer.value),
      };
    },
  }),
];
