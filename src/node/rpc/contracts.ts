/** Methods that ask contracts: calls that change nothing, code and ABI. */
import { concatBytes, to0x, utf8Bytes } from "../../base/bytes.js";
import type { Suite } from "../../crypto/suite.js";
import { method } from "./method.js";
import { address, bytes, group, nodeName, optionalBytes } from "./params.js";
import { refuseSignature } from "./refusals.js";
import { BYTES, fields, HEIGHT, NUMBER, TEXT } from "./schemas.js";

const TAG = "contracts";

const contract = address("contractAddress", "The contract.");

export const contractMethods = [
  method({
    name: "call",
    tag: TAG,
    summary: "Carries out a call on the newest state; nothing of it stays.",
    params: [
      group,
      nodeName,
      address("to", "The contract."),
      bytes("data", "The call's input."),
      optionalBytes(
        "sign",
        "The caller's signature over H(to without 0x as text || data); empty for an unnamed caller.",
      ),
    ],
    result: { name: "outcome", schema: fields({ blockNumber: HEIGHT, output: BYTES, status: NUMBER }) },
    answer: ({ view }, _group, _node, to, data, sign) => {
      const caller = sign.length === 0 ? undefined : callerOf(view.identity.suite, to, data, sign);
      const blockNumber = view.head().header.number;
      const { output, status } = view.call(to, data, caller);
      return { blockNumber, output: to0x(output), status };
    },
  }),
  method({
    name: "getCode",
    tag: TAG,
    summary: "A contract's code; empty where there is none, as for system contracts and KV tables.",
    params: [group, nodeName, contract],
    result: { name: "code", schema: BYTES },
    answer: ({ view }, _group, _node, at) => {
      const code = view.code(at);
      return code.length === 0 ? "" : to0x(code);
    },
  }),
  method({
    name: "getABI",
    tag: TAG,
    summary: "A contract's ABI as JSON in a text; empty where none is known, as for system contracts and KV tables.",
    params: [group, nodeName, contract],
    result: { name: "abi", schema: TEXT },
    answer: ({ view }, _group, _node, at) => view.abi(at),
  }),
];

/** The account that signed a call (bcos-rpc validator/CallValidator.cpp). @throws RpcRefusal */
function callerOf(suite: Suite, to: string, data: Uint8Array, signature: Uint8Array): Uint8Array {
  const digest = suite.hash(concatBytes([utf8Bytes(to), data]));
  const publicKey = suite.recover(digest, signature);
  return publicKey === undefined ? refuseSignature() : suite.address(publicKey);
}
