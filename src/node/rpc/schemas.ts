/** JSON Schemas of what methods take and answer, for the OpenRPC description. Objects list every field there may be. */
import type { Schema } from "./method.js";

export const TEXT: Schema = { type: "string" };
export const FLAG: Schema = { type: "boolean" };
export const HEIGHT: Schema = { type: "integer", minimum: 0 };
export const NUMBER: Schema = { type: "integer" };
export const BYTES: Schema = { type: "string", pattern: "^(0x)?([0-9a-fA-F]{2})*$" };
export const HASH: Schema = { type: "string", pattern: "^(0x)?[0-9a-fA-F]{64}$" };
export const ADDRESS: Schema = { type: "string", pattern: "^(0x)?[0-9a-fA-F]{40}$" };
/** An integer in hex digits with 0x. */
export const QUANTITY: Schema = { type: "string", pattern: "^0x[0-9a-f]+$" };
export const NODE_ID: Schema = { type: "string", pattern: "^[0-9a-f]{128}$" };
/** JSON inside a text, as FISCO answers in some places. */
export const JSON_TEXT: Schema = { type: "string", contentMediaType: "application/json" };

export function listOf(items: Schema): Schema {
  return { type: "array", items };
}

/** @param optional names of fields that are not in every answer. */
export function fields(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

export function nullOr(schema: Schema): Schema {
  return { oneOf: [schema, { type: "null" }] };
}

const HEADER_FIELDS: Readonly<Record<string, Schema>> = {
  consensusWeights: listOf(NUMBER),
  extraData: BYTES,
  gasUsed: TEXT,
  hash: HASH,
  number: HEIGHT,
  parentInfo: listOf(fields({ blockHash: HASH, blockNumber: HEIGHT })),
  receiptsRoot: HASH,
  sealer: NUMBER,
  sealerList: listOf(BYTES),
  signatureList: listOf(fields({ sealerIndex: NUMBER, signature: BYTES })),
  stateRoot: HASH,
  timestamp: NUMBER,
  txsRoot: HASH,
  version: NUMBER,
};

/** Flat list of codec/fisco/proofRpc.ts. */
const PROOF = listOf({ type: "string", pattern: "^[0-9a-f]{64}$" });

export const TRANSACTION: Schema = fields(
  {
    abi: TEXT,
    blockLimit: NUMBER,
    chainID: TEXT,
    extension: BYTES,
    extraData: TEXT,
    from: ADDRESS,
    gasLimit: NUMBER,
    gasPrice: TEXT,
    groupID: TEXT,
    hash: HASH,
    importTime: NUMBER,
    input: BYTES,
    maxFeePerGas: TEXT,
    maxPriorityFeePerGas: TEXT,
    nonce: TEXT,
    signature: BYTES,
    to: TEXT,
    transactionProof: PROOF,
    txProof: PROOF,
    value: TEXT,
    version: NUMBER,
  },
  ["extension", "gasLimit", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "transactionProof", "txProof", "value"],
);

export const RECEIPT: Schema = fields(
  {
    blockNumber: HEIGHT,
    checksumContractAddress: TEXT,
    contractAddress: TEXT,
    effectiveGasPrice: TEXT,
    extraData: TEXT,
    from: ADDRESS,
    gasUsed: TEXT,
    hash: HASH,
    input: BYTES,
    logEntries: listOf(fields({ address: TEXT, data: BYTES, topics: listOf(HASH) })),
    message: TEXT,
    output: BYTES,
    receiptProof: PROOF,
    status: NUMBER,
    to: TEXT,
    transactionHash: HASH,
    transactionProof: nullOr(PROOF),
    txReceiptProof: PROOF,
    version: NUMBER,
  },
  ["effectiveGasPrice", "receiptProof", "transactionProof", "txReceiptProof"],
);

/** `transactions` only where more than the header was asked for. */
export const BLOCK: Schema = fields({ ...HEADER_FIELDS, transactions: listOf({ oneOf: [HASH, TRANSACTION] }) }, [
  "transactions",
]);

export const SEALER: Schema = fields({ nodeID: NODE_ID, termWeight: NUMBER, weight: NUMBER });

/** As the filters show it: numbers are quantities, the address has its 0x. */
export const FILTER_LOG: Schema = fields({
  address: ADDRESS,
  blockHash: HASH,
  blockNumber: QUANTITY,
  data: BYTES,
  logIndex: QUANTITY,
  removed: FLAG,
  topics: listOf(HASH),
  transactionHash: HASH,
  transactionIndex: QUANTITY,
});

const NODE_INFO = fields({
  iniConfig: JSON_TEXT,
  microService: FLAG,
  name: TEXT,
  nodeID: NODE_ID,
  protocol: fields({ compatibilityVersion: NUMBER, maxSupportedVersion: NUMBER, minSupportedVersion: NUMBER }),
  serviceInfo: listOf(fields({ serviceName: TEXT, type: NUMBER })),
  type: NUMBER,
});

export const NODE_INFO_OR_NULL: Schema = nullOr(NODE_INFO);

export const GROUP_INFO: Schema = fields({
  chainID: TEXT,
  genesisConfig: JSON_TEXT,
  groupID: TEXT,
  iniConfig: TEXT,
  nodeList: listOf(NODE_INFO),
});

const PEER_FIELDS: Readonly<Record<string, Schema>> = {
  endPoint: TEXT,
  groupNodeIDInfo: listOf(fields({ group: TEXT, nodeIDList: listOf(NODE_ID) })),
  p2pNodeID: TEXT,
};

export const PEERS: Schema = fields({ ...PEER_FIELDS, peers: listOf(fields(PEER_FIELDS)) });
