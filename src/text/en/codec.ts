import type { CodecProblem } from "../../codec/problems.js";
import type { Texts } from "../texts.js";

const OTHER_SOURCE = "The source is broken or dishonest; ask another one.";
const OTHER_CHAIN = "Check that the profile and the node belong to the same chain.";
const UPDATE = "This may come from a newer FISCO release than this program knows; look for an update.";
const UPDATE_OURS = "This may come from a newer release of edgeseal; look for an update.";

export const codecTexts: Texts<CodecProblem> = {
  JSON_TOO_LARGE: { says: (p) => `A JSON text of ${p.length} characters is longer than ${p.max}.` },
  JSON_TOO_DEEP: { says: (p) => `A JSON text is nested deeper than ${p.max} at character ${p.offset}.` },
  JSON_TOO_MANY_ITEMS: { says: (p) => `A JSON text holds more than ${p.max} items.` },
  JSON_SYNTAX: { says: (p) => `A text is not JSON at character ${p.offset}.` },
  JSON_KEY_DUPLICATE: { says: (p) => `A JSON object has one key twice, at character ${p.offset}.` },
  JSON_STRING_SURROGATE: { says: (p) => `A JSON string at character ${p.offset} holds half a character.` },
  JSON_NUMBER_UNSAFE: { says: (p) => `A JSON number at character ${p.offset} is too large to keep.` },
  JSON_NOT_WRITABLE: { says: (p) => `A value of kind ${p.kind} cannot be written as JSON.` },

  TARS_TOO_LARGE: { says: (p) => `A Tars message of ${p.length} bytes is longer than ${p.max}.` },
  TARS_TOO_DEEP: { says: (p) => `A Tars message is nested deeper than ${p.max} at byte ${p.offset}.` },
  TARS_TOO_MANY_ITEMS: { says: (p) => `A Tars message holds more than ${p.max} items.` },
  TARS_CUT_SHORT: { says: (p) => `A Tars message ends inside a field, at byte ${p.offset}.` },
  TARS_LENGTH: { says: (p) => `A Tars length of ${p.length} at byte ${p.offset} cannot be right.` },
  TARS_TYPE: { says: (p) => `A Tars field before byte ${p.offset} has the unexpected type ${p.type}.` },
  TARS_TAG_ORDER: { says: (p) => `Tars tag ${p.tag} before byte ${p.offset} is out of order.` },
  TARS_ITEM_TAG: { says: (p) => `A Tars list item before byte ${p.offset} has tag ${p.tag}.` },
  TARS_STRUCT_END: { says: (p) => `A Tars struct end is missing or unexpected at byte ${p.offset}.` },
  TARS_INTEGER_RANGE: { says: (p) => `A Tars integer before byte ${p.offset} is out of its field's range.` },
  TARS_TEXT_NOT_UTF8: { says: (p) => `A Tars text at byte ${p.offset} is not UTF-8.` },
  TARS_FIELD_MISSING: { says: (p) => `A Tars message lacks ${p.name}.` },
  TARS_NOT_WRITABLE: { says: (p) => `A value for Tars tag ${p.tag} cannot be written.` },

  RLP_TOO_LARGE: { says: (p) => `An RLP value of ${p.length} bytes is longer than ${p.max}.` },
  RLP_TOO_DEEP: { says: (p) => `An RLP value is nested deeper than ${p.max} at byte ${p.offset}.` },
  RLP_TOO_MANY_ITEMS: { says: (p) => `An RLP value holds more than ${p.max} items.` },
  RLP_CUT_SHORT: { says: (p) => `An RLP value ends inside an item, at byte ${p.offset}.` },
  RLP_NOT_CANONICAL: { says: (p) => `An RLP item at byte ${p.offset} is not in its shortest form.` },
  RLP_TRAILING: { says: (p) => `Bytes follow an RLP value from byte ${p.offset} on.` },

  HEADER_NUMBER: { says: (p) => `${p.number} is no block number.` },
  HEADER_VERSION: { says: (p) => `Header ${p.number} has the unknown version ${p.version}.`, advice: UPDATE },
  HEADER_PARENT_COUNT: {
    says: (p) => `Header ${p.number} names ${p.count} parents instead of one.`,
    advice: OTHER_SOURCE,
  },
  HEADER_PARENT_NUMBER: {
    says: (p) => `Header ${p.number} names block ${p.parentNumber} as its parent.`,
    advice: OTHER_SOURCE,
  },
  HEADER_PARENT_HASH_LENGTH: {
    says: (p) => `The parent hash of header ${p.number} has ${p.length} bytes instead of 32.`,
    advice: OTHER_SOURCE,
  },
  HEADER_ROOT_LENGTH: {
    says: (p) => `The ${p.root} of header ${p.number} has ${p.length} bytes instead of 32.`,
    advice: OTHER_SOURCE,
  },
  HEADER_GAS_USED: {
    says: (p) => `The gasUsed of header ${p.number} is not a plain decimal number of at most 20 digits.`,
    advice: OTHER_SOURCE,
  },
  HEADER_TIMESTAMP: {
    says: (p) => `The time ${p.timestamp} of header ${p.number} is out of range.`,
    advice: OTHER_SOURCE,
  },
  HEADER_SEALER_LIST_EMPTY: { says: (p) => `Header ${p.number} lists no sealers.`, advice: OTHER_SOURCE },
  HEADER_SEALER_LIST_TOO_LONG: {
    says: (p) => `Header ${p.number} lists ${p.count} sealers; at most ${p.max} are allowed.`,
  },
  HEADER_NODE_ID_LENGTH: {
    says: (p) => `Sealer ${p.index} of header ${p.number} has a node id of ${p.length} bytes instead of 64.`,
    advice: OTHER_SOURCE,
  },
  HEADER_NODE_ID_DUPLICATE: {
    says: (p) => `Sealer ${p.index} of header ${p.number} is listed twice.`,
    advice: OTHER_SOURCE,
  },
  HEADER_NODE_ID_ORDER: {
    says: (p) => `Sealer ${p.index} of header ${p.number} is out of order.`,
    advice: OTHER_SOURCE,
  },
  HEADER_WEIGHT_COUNT: {
    says: (p) => `Header ${p.number} has ${p.weights} weights for ${p.sealers} sealers.`,
    advice: OTHER_SOURCE,
  },
  HEADER_WEIGHT_RANGE: {
    says: (p) => `The weight of sealer ${p.index} of header ${p.number} is out of range.`,
    advice: OTHER_SOURCE,
  },
  HEADER_SEALER_RANGE: {
    says: (p) => `Header ${p.number} names sealer ${p.sealer} of ${p.sealers} as its proposer.`,
    advice: OTHER_SOURCE,
  },
  HEADER_EXTRA_DATA: {
    says: (p) => `Header ${p.number} has ${p.length} bytes of extra data; this chain's profile fixes ${p.expected}.`,
    advice: OTHER_CHAIN,
  },
  HEADER_GENESIS_VERSION: { says: (p) => `Block 0 has the unknown version ${p.version}.`, advice: UPDATE },
  HEADER_GENESIS_PARENTS: { says: (p) => `Block 0 names ${p.count} parents.`, advice: OTHER_SOURCE },
  HEADER_GENESIS_ROOT: { says: (p) => `The ${p.root} of block 0 is not 32 zero bytes.`, advice: OTHER_SOURCE },
  HEADER_GENESIS_GAS_USED: { says: () => "Block 0 says that it used gas.", advice: OTHER_SOURCE },
  HEADER_GENESIS_TIMESTAMP: { says: () => "Block 0 has a time other than zero.", advice: OTHER_SOURCE },
  HEADER_GENESIS_SEALER: { says: () => "Block 0 names a proposer.", advice: OTHER_SOURCE },
  HEADER_GENESIS_SEALER_LIST: { says: (p) => `The header of block 0 lists ${p.count} sealers.`, advice: OTHER_SOURCE },
  HEADER_GENESIS_WEIGHTS: { says: (p) => `The header of block 0 lists ${p.count} weights.`, advice: OTHER_SOURCE },
  HEADER_GENESIS_SIGNATURES: { says: (p) => `Block 0 carries ${p.count} signatures.`, advice: OTHER_SOURCE },
  HEADER_GENESIS_EXTRA_DATA: {
    says: (p) => `The text of block 0 has ${p.length} bytes; at most ${p.max} are allowed.`,
  },
  HEADER_SIGNATURE_COUNT: {
    says: (p) => `Header ${p.number} carries ${p.count} signatures; it has only ${p.max} sealers.`,
    advice: OTHER_SOURCE,
  },
  HEADER_SIGNATURE_INDEX: {
    says: (p) => `A signature of header ${p.number} names sealer ${p.sealerIndex}, which is not in its list.`,
    advice: OTHER_SOURCE,
  },
  HEADER_SIGNATURE_LENGTH: {
    says: (p) => `A signature of header ${p.number} has ${p.length} bytes instead of ${p.expected}.`,
    advice: OTHER_CHAIN,
  },

  TRANSACTION_TYPE: { says: (p) => `A transaction has the unknown type ${p.type}.`, advice: UPDATE },
  TRANSACTION_VERSION: { says: (p) => `A transaction has the unknown version ${p.version}.`, advice: UPDATE },
  TRANSACTION_HASH_MISMATCH: {
    says: (p) => `The fields of ${p.path} do not give the hash it claims.`,
    advice: "Web3 transactions cannot be checked from this answer; otherwise ask another source.",
  },
  TRANSACTION_CHAIN_ID: {
    says: (p) => `A transaction is for chain ${p.found}, not for ${p.expected}.`,
    advice: OTHER_CHAIN,
  },
  TRANSACTION_GROUP_ID: {
    says: (p) => `A transaction is for group ${p.found}, not for ${p.expected}.`,
    advice: OTHER_CHAIN,
  },
  TRANSACTION_BLOCK_LIMIT: { says: (p) => `The block limit ${p.blockLimit} of a transaction is out of range.` },
  TRANSACTION_TO: { says: () => "The receiver of a transaction is neither empty nor an address." },
  TRANSACTION_ABI: { says: () => "The ABI of a transaction is neither empty nor JSON." },
  TRANSACTION_VALUE_FIELD: { says: (p) => `The field ${p.field} of a transaction is malformed or not of its version.` },
  TRANSACTION_GAS_LIMIT: { says: () => "The gas limit of a transaction is out of range or not of its version." },
  TRANSACTION_DEPLOY_INPUT: {
    says: () => "A transaction without receiver has input that begins with an address.",
    advice: OTHER_SOURCE,
  },
  TRANSACTION_DEPLOY_NONCE: {
    says: () => "A transaction without receiver has a nonce that ends in an address.",
    advice: OTHER_SOURCE,
  },
  TRANSACTION_EXTRA_BYTES: { says: () => "A transaction lacks the bytes of its type, or carries those of another." },
  TRANSACTION_SIGNATURE_LENGTH: {
    says: (p) => `The signature of a transaction has ${p.length} bytes instead of ${p.expected}.`,
    advice: OTHER_CHAIN,
  },
  TRANSACTION_SIGNATURE_RECOVERY: { says: (p) => `The signature of a transaction has the recovery byte ${p.byte}.` },
  TRANSACTION_SIGNATURE_INVALID: { says: () => "The signature of a transaction belongs to no key." },
  TRANSACTION_WEB3_KIND: { says: (p) => `Web3 transactions that begin with byte ${p.byte} are not supported.` },
  TRANSACTION_WEB3_FIELDS: { says: (p) => `A Web3 transaction has ${p.count} fields, which fits no known kind.` },
  TRANSACTION_WEB3_FIELD: { says: (p) => `Field ${p.index} of a Web3 transaction is malformed.` },
  TRANSACTION_WEB3_MISMATCH: {
    says: (p) => `The ${p.field} of a Web3 transaction differs from what was signed.`,
    advice: OTHER_SOURCE,
  },

  RECEIPT_VERSION: { says: (p) => `A receipt has the unknown version ${p.version}.`, advice: UPDATE },
  RECEIPT_GAS_USED: { says: () => "The gasUsed of a receipt is not a plain decimal number." },
  RECEIPT_CONTRACT_ADDRESS: { says: () => "The contract address of a receipt is neither empty nor 40 hex digits." },
  RECEIPT_STATUS: { says: (p) => `The status ${p.status} of a receipt is out of range.` },
  RECEIPT_BLOCK_NUMBER: { says: (p) => `A receipt names ${p.blockNumber} as its block.` },
  RECEIPT_GAS_PRICE: { says: () => "The gas price of a receipt is malformed or not of its version." },
  RECEIPT_LOG_ADDRESS: { says: (p) => `The address of log ${p.index} of a receipt is not 40 hex digits.` },
  RECEIPT_LOG_TOPIC_COUNT: { says: (p) => `Log ${p.index} of a receipt has ${p.count} topics; at most 4 are allowed.` },
  RECEIPT_LOG_TOPIC_LENGTH: {
    says: (p) => `A topic of log ${p.index} of a receipt has ${p.length} bytes instead of 32.`,
  },

  PROOF_EMPTY: {
    says: () => "A proof is empty.",
    advice: "Nodes before 3.2.0 give no usable proofs; ask a newer one.",
  },
  PROOF_TOO_LONG: { says: (p) => `A proof has ${p.entries} entries; at most ${p.max} are allowed.` },
  PROOF_ENTRY: { says: (p) => `Entry ${p.index} of a proof is not a 32-byte hash.` },
  PROOF_COUNT: { says: (p) => `Entry ${p.index} of a proof is not a count of one or two.` },
  PROOF_CUT_SHORT: { says: (p) => `A proof ends inside the group that begins at entry ${p.index}.` },

  STATE_PROOF_LENGTH: { says: (p) => `A state proof has ${p.length} bytes where ${p.expected} are right.` },
  STATE_PROOF_FORMAT: { says: (p) => `A state proof has the unknown format ${p.format}.`, advice: UPDATE_OURS },
  STATE_ANSWER_UNPROVEN: {
    says: (p) => `A record came with a proof that does not show it in the state of block ${p.number}.`,
    advice: OTHER_SOURCE,
  },
  STATE_PROOF_KIND: { says: (p) => `A state proof is of the unknown kind ${p.kind}.` },
  STATE_PROOF_BITS: {
    says: (p) => `A state proof of ${p.bits} bits and ${p.siblings} siblings is no way down a tree.`,
  },
  STATE_PROOF_FIELD_LENGTH: { says: (p) => `A hash of a state proof has ${p.length} bytes instead of 32.` },
  STATE_TABLE_NAME: {
    says: (p) => `The name of a table has ${p.length} bytes or is not text; at most ${p.max} bytes are allowed.`,
  },

  GENESIS_TOO_LARGE: { says: (p) => `The text of block 0 has ${p.length} bytes; at most ${p.max} are allowed.` },
  GENESIS_NOT_TEXT: { says: () => "The extra data of block 0 is not text." },
  GENESIS_LINE: {
    says: (p) => `Line ${p.line} of block 0's text is not the expected "${p.expected}".`,
    advice: UPDATE,
  },
  GENESIS_VALUE: { says: (p) => `The value of ${p.field} in block 0's text is not supported.` },
  GENESIS_NO_SEALERS: { says: () => "The text of block 0 lists no sealers." },
  GENESIS_SEALERS: { says: (p) => `Sealer ${p.index} in block 0's text is listed twice or one too many.` },

  ABI_TYPE: { says: (p) => `"${p.text}" names no type or function of the Solidity ABI.` },
  ABI_VALUE: { says: (p) => `A value cannot be written as ${p.kind} of the Solidity ABI.` },
  ABI_TOO_LARGE: { says: (p) => `ABI data of ${p.length} bytes are longer than ${p.max}.` },
  ABI_TOO_MANY_ITEMS: { says: (p) => `ABI data hold more than ${p.max} values.` },
  ABI_CUT_SHORT: { says: (p) => `ABI data end inside a value that begins at byte ${p.offset}.` },
  ABI_TRAILING: { says: (p) => `Bytes follow the last ABI value from byte ${p.offset} on.` },
  ABI_OFFSET: { says: (p) => `The ABI offset at byte ${p.offset} does not point to where its value belongs.` },
  ABI_PADDING: { says: (p) => `The ABI padding at byte ${p.offset} is not zero.` },
  ABI_RANGE: { says: (p) => `The ABI value at byte ${p.offset} is out of its type's range.` },
  ABI_TEXT_NOT_UTF8: { says: (p) => `The ABI text at byte ${p.offset} is not UTF-8.` },

  CONSENSUS_CALL_SELECTOR: { says: (p) => `The consensus contract has no method with selector ${p.selector}.` },
  CONSENSUS_CALL_LENGTH: {
    says: (p) => `A call of the consensus contract has an unexpected length of ${p.length} bytes.`,
  },
  CONSENSUS_CALL_ARGUMENTS: { says: () => "The arguments of a consensus contract call are not in canonical form." },
  CONSENSUS_CALL_NODE_ID: { says: () => "The node id in a consensus contract call is not 128 hex digits." },
  CONSENSUS_CALL_WEIGHT: { says: () => "The weight in a consensus contract call is out of range." },

  RPC_FIELD_MISSING: { says: (p) => `The node's answer lacks ${p.path}.` },
  RPC_FIELD_TYPE: { says: (p) => `In the node's answer, ${p.path} is not of the form: ${p.expected}.` },
  RPC_FIELD_LENGTH: { says: (p) => `In the node's answer, ${p.path} has length ${p.length}, limit ${p.max}.` },
  RPC_NUMBER_RANGE: { says: (p) => `In the node's answer, the number ${p.path} is out of range.` },
  RPC_ENVELOPE: { says: (p) => `The node's answer is not JSON-RPC 2.0: ${p.path} is wrong.` },
  RPC_ID: { says: (p) => `The node's answer is not the one to request ${p.expected}.` },
  RPC_ERROR: { says: (p) => `The node refused the request with code ${p.nodeCode}: ${p.message}.` },
  RPC_REFUSED: { says: (p) => `A JSON-RPC request is refused with code ${p.nodeCode}: ${p.message}` },

  COMMITMENT_LENGTH: { says: (p) => `A commitment has ${p.length} bytes instead of 172.`, advice: OTHER_CHAIN },
  COMMITMENT_MAGIC: { says: () => "The extra data of a header is not a commitment.", advice: OTHER_CHAIN },
  COMMITMENT_FORMAT_VERSION: {
    says: (p) => `A commitment has the unknown format version ${p.version}.`,
    advice: UPDATE,
  },
  COMMITMENT_FAULT_MODEL: { says: (p) => `A commitment names the unknown fault model ${p.byte}.` },
  COMMITMENT_RESERVED: { says: () => "Reserved bytes of a commitment are not zero." },
  COMMITMENT_HASH_LENGTH: { says: (p) => `The ${p.field} of a commitment has ${p.length} bytes instead of 32.` },
  COMMITMENT_SEALER_COUNT: {
    says: (p) => `A commitment counts ${p.committed} sealers; its header lists ${p.listed}.`,
    advice: OTHER_SOURCE,
  },
  COMMITMENT_SEALERS_HASH: {
    says: () => "A commitment does not match its header's sealers and weights.",
    advice: OTHER_SOURCE,
  },
  COMMITMENT_PROFILE_FAULT_MODEL: {
    says: (p) => `A header commits to the fault model ${p.committed}; this chain's profile says ${p.expected}.`,
    advice: OTHER_CHAIN,
  },
};
