/**
 * Everything a codec may find wrong with what it was given. Decoders throw; the caller decides what a bad input costs
 * its source.
 */
import { DomainError, type ErrorFamily } from "../base/error.js";

export type JsonProblem =
  | { readonly code: "JSON_TOO_LARGE"; readonly length: number; readonly max: number }
  | { readonly code: "JSON_TOO_DEEP"; readonly offset: number; readonly max: number }
  | { readonly code: "JSON_TOO_MANY_ITEMS"; readonly offset: number; readonly max: number }
  | { readonly code: "JSON_SYNTAX"; readonly offset: number }
  | { readonly code: "JSON_KEY_DUPLICATE"; readonly offset: number }
  | { readonly code: "JSON_STRING_SURROGATE"; readonly offset: number }
  | { readonly code: "JSON_NUMBER_UNSAFE"; readonly offset: number }
  | { readonly code: "JSON_NOT_WRITABLE"; readonly kind: string };

/** Input is not JSON in the sense of RFC 8259, or passes a limit. Offsets count UTF-16 units. */
export class JsonError extends DomainError<JsonProblem> {
  readonly family: ErrorFamily = "input";
}

export type TarsProblem =
  | { readonly code: "TARS_TOO_LARGE"; readonly length: number; readonly max: number }
  | { readonly code: "TARS_TOO_DEEP"; readonly offset: number; readonly max: number }
  | { readonly code: "TARS_TOO_MANY_ITEMS"; readonly offset: number; readonly max: number }
  | { readonly code: "TARS_CUT_SHORT"; readonly offset: number }
  | { readonly code: "TARS_LENGTH"; readonly offset: number; readonly length: number }
  | { readonly code: "TARS_TYPE"; readonly offset: number; readonly type: number }
  | { readonly code: "TARS_TAG_ORDER"; readonly offset: number; readonly tag: number }
  | { readonly code: "TARS_ITEM_TAG"; readonly offset: number; readonly tag: number }
  | { readonly code: "TARS_STRUCT_END"; readonly offset: number }
  | { readonly code: "TARS_INTEGER_RANGE"; readonly offset: number }
  | { readonly code: "TARS_TEXT_NOT_UTF8"; readonly offset: number }
  | { readonly code: "TARS_FIELD_MISSING"; readonly name: string }
  | { readonly code: "TARS_NOT_WRITABLE"; readonly tag: number };

export class TarsError extends DomainError<TarsProblem> {
  readonly family: ErrorFamily = "input";
}

export type HeaderProblem =
  | { readonly code: "HEADER_NUMBER"; readonly number: number }
  | { readonly code: "HEADER_VERSION"; readonly number: number; readonly version: number }
  | { readonly code: "HEADER_PARENT_COUNT"; readonly number: number; readonly count: number }
  | { readonly code: "HEADER_PARENT_NUMBER"; readonly number: number; readonly parentNumber: number }
  | { readonly code: "HEADER_PARENT_HASH_LENGTH"; readonly number: number; readonly length: number }
  | { readonly code: "HEADER_ROOT_LENGTH"; readonly number: number; readonly root: HeaderRoot; readonly length: number }
  | { readonly code: "HEADER_GAS_USED"; readonly number: number }
  | { readonly code: "HEADER_TIMESTAMP"; readonly number: number; readonly timestamp: number }
  | { readonly code: "HEADER_SEALER_LIST_EMPTY"; readonly number: number }
  | {
      readonly code: "HEADER_SEALER_LIST_TOO_LONG";
      readonly number: number;
      readonly count: number;
      readonly max: number;
    }
  | { readonly code: "HEADER_NODE_ID_LENGTH"; readonly number: number; readonly index: number; readonly length: number }
  | { readonly code: "HEADER_NODE_ID_DUPLICATE"; readonly number: number; readonly index: number }
  | { readonly code: "HEADER_NODE_ID_ORDER"; readonly number: number; readonly index: number }
  | {
      readonly code: "HEADER_WEIGHT_COUNT";
      readonly number: number;
      readonly weights: number;
      readonly sealers: number;
    }
  | { readonly code: "HEADER_WEIGHT_RANGE"; readonly number: number; readonly index: number }
  | { readonly code: "HEADER_SEALER_RANGE"; readonly number: number; readonly sealer: number; readonly sealers: number }
  | { readonly code: "HEADER_EXTRA_DATA"; readonly number: number; readonly length: number; readonly expected: number }
  | { readonly code: "HEADER_GENESIS_VERSION"; readonly version: number }
  | { readonly code: "HEADER_GENESIS_PARENTS"; readonly count: number }
  | { readonly code: "HEADER_GENESIS_ROOT"; readonly root: HeaderRoot }
  | { readonly code: "HEADER_GENESIS_GAS_USED" }
  | { readonly code: "HEADER_GENESIS_TIMESTAMP" }
  | { readonly code: "HEADER_GENESIS_SEALER" }
  | { readonly code: "HEADER_GENESIS_SEALER_LIST"; readonly count: number }
  | { readonly code: "HEADER_GENESIS_WEIGHTS"; readonly count: number }
  | { readonly code: "HEADER_GENESIS_SIGNATURES"; readonly count: number }
  | { readonly code: "HEADER_GENESIS_EXTRA_DATA"; readonly length: number; readonly max: number }
  | { readonly code: "HEADER_SIGNATURE_COUNT"; readonly number: number; readonly count: number; readonly max: number }
  | { readonly code: "HEADER_SIGNATURE_INDEX"; readonly number: number; readonly sealerIndex: number }
  | {
      readonly code: "HEADER_SIGNATURE_LENGTH";
      readonly number: number;
      readonly length: number;
      readonly expected: number;
    };

export type HeaderRoot = "txsRoot" | "receiptsRoot" | "stateRoot";

/** A header breaks a structural rule without which its hash could be read in more than one way. */
export class HeaderError extends DomainError<HeaderProblem> {
  readonly family: ErrorFamily = "input";
}

export type RpcProblem =
  | { readonly code: "RPC_FIELD_MISSING"; readonly path: string }
  | { readonly code: "RPC_FIELD_TYPE"; readonly path: string; readonly expected: string }
  | { readonly code: "RPC_FIELD_LENGTH"; readonly path: string; readonly length: number; readonly max: number }
  | { readonly code: "RPC_NUMBER_RANGE"; readonly path: string }
  | { readonly code: "RPC_ENVELOPE"; readonly path: string }
  | { readonly code: "RPC_ID"; readonly expected: number }
  | { readonly code: "RPC_ERROR"; readonly nodeCode: number; readonly message: string };

/** A JSON-RPC answer has the wrong shape, or is the node's own error. */
export class RpcShapeError extends DomainError<RpcProblem> {
  readonly family: ErrorFamily = "input";
}

/** What we answer to a JSON-RPC request we do not carry out: the node code and message of the answer's `error`. */
export type RpcRefusalProblem = { readonly code: "RPC_REFUSED"; readonly nodeCode: number; readonly message: string };

/** Thrown by a method of our own JSON-RPC; the server answers with its code and message and nothing else. */
export class RpcRefusal extends DomainError<RpcRefusalProblem> {
  readonly family: ErrorFamily = "input";
}

export type CommitmentProblem =
  | { readonly code: "COMMITMENT_LENGTH"; readonly length: number }
  | { readonly code: "COMMITMENT_MAGIC" }
  | { readonly code: "COMMITMENT_FORMAT_VERSION"; readonly version: number }
  | { readonly code: "COMMITMENT_FAULT_MODEL"; readonly byte: number }
  | { readonly code: "COMMITMENT_RESERVED" }
  | { readonly code: "COMMITMENT_HASH_LENGTH"; readonly field: string; readonly length: number }
  | { readonly code: "COMMITMENT_SEALER_COUNT"; readonly committed: number; readonly listed: number }
  | { readonly code: "COMMITMENT_SEALERS_HASH" }
  | { readonly code: "COMMITMENT_PROFILE_FAULT_MODEL"; readonly committed: string; readonly expected: string };

export class CommitmentError extends DomainError<CommitmentProblem> {
  readonly family: ErrorFamily = "input";
}

export type TransactionProblem =
  | { readonly code: "TRANSACTION_TYPE"; readonly type: number }
  | { readonly code: "TRANSACTION_VERSION"; readonly version: number }
  | { readonly code: "TRANSACTION_HASH_MISMATCH"; readonly path: string }
  | { readonly code: "TRANSACTION_CHAIN_ID"; readonly found: string; readonly expected: string }
  | { readonly code: "TRANSACTION_GROUP_ID"; readonly found: string; readonly expected: string }
  | { readonly code: "TRANSACTION_BLOCK_LIMIT"; readonly blockLimit: number }
  | { readonly code: "TRANSACTION_TO" }
  | { readonly code: "TRANSACTION_ABI" }
  | { readonly code: "TRANSACTION_VALUE_FIELD"; readonly field: string }
  | { readonly code: "TRANSACTION_GAS_LIMIT" }
  | { readonly code: "TRANSACTION_DEPLOY_INPUT" }
  | { readonly code: "TRANSACTION_DEPLOY_NONCE" }
  | { readonly code: "TRANSACTION_EXTRA_BYTES" }
  | { readonly code: "TRANSACTION_SIGNATURE_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "TRANSACTION_SIGNATURE_RECOVERY"; readonly byte: number }
  | { readonly code: "TRANSACTION_SIGNATURE_INVALID" }
  | { readonly code: "TRANSACTION_WEB3_KIND"; readonly byte: number }
  | { readonly code: "TRANSACTION_WEB3_FIELDS"; readonly count: number }
  | { readonly code: "TRANSACTION_WEB3_FIELD"; readonly index: number }
  | { readonly code: "TRANSACTION_WEB3_MISMATCH"; readonly field: string };

export class TransactionError extends DomainError<TransactionProblem> {
  readonly family: ErrorFamily = "input";
}

export type RlpProblem =
  | { readonly code: "RLP_TOO_LARGE"; readonly length: number; readonly max: number }
  | { readonly code: "RLP_TOO_DEEP"; readonly offset: number; readonly max: number }
  | { readonly code: "RLP_TOO_MANY_ITEMS"; readonly offset: number; readonly max: number }
  | { readonly code: "RLP_CUT_SHORT"; readonly offset: number }
  | { readonly code: "RLP_NOT_CANONICAL"; readonly offset: number }
  | { readonly code: "RLP_TRAILING"; readonly offset: number };

export class RlpError extends DomainError<RlpProblem> {
  readonly family: ErrorFamily = "input";
}

export type ReceiptProblem =
  | { readonly code: "RECEIPT_VERSION"; readonly version: number }
  | { readonly code: "RECEIPT_GAS_USED" }
  | { readonly code: "RECEIPT_CONTRACT_ADDRESS" }
  | { readonly code: "RECEIPT_STATUS"; readonly status: number }
  | { readonly code: "RECEIPT_BLOCK_NUMBER"; readonly blockNumber: number }
  | { readonly code: "RECEIPT_GAS_PRICE" }
  | { readonly code: "RECEIPT_LOG_ADDRESS"; readonly index: number }
  | { readonly code: "RECEIPT_LOG_TOPIC_COUNT"; readonly index: number; readonly count: number }
  | { readonly code: "RECEIPT_LOG_TOPIC_LENGTH"; readonly index: number; readonly length: number };

export class ReceiptError extends DomainError<ReceiptProblem> {
  readonly family: ErrorFamily = "input";
}

export type ProofProblem =
  | { readonly code: "PROOF_EMPTY" }
  | { readonly code: "PROOF_TOO_LONG"; readonly entries: number; readonly max: number }
  | { readonly code: "PROOF_ENTRY"; readonly index: number }
  | { readonly code: "PROOF_COUNT"; readonly index: number }
  | { readonly code: "PROOF_CUT_SHORT"; readonly index: number };

export class ProofError extends DomainError<ProofProblem> {
  readonly family: ErrorFamily = "input";
}

export type StateProofProblem =
  /** `expected` bytes: what the kind and the bits ask for, or at most. */
  | { readonly code: "STATE_PROOF_LENGTH"; readonly length: number; readonly expected: number }
  | { readonly code: "STATE_PROOF_FORMAT"; readonly format: number }
  | { readonly code: "STATE_PROOF_KIND"; readonly kind: number }
  /** Asked to write: bits that do not strictly increase, or not one sibling for each. */
  | { readonly code: "STATE_PROOF_BITS"; readonly bits: number; readonly siblings: number }
  | { readonly code: "STATE_PROOF_FIELD_LENGTH"; readonly length: number }
  | { readonly code: "STATE_TABLE_NAME"; readonly length: number; readonly max: number }
  /** A record came with a proof that does not show it. */
  | { readonly code: "STATE_ANSWER_UNPROVEN"; readonly number: number };

/** A proof about the state of an `edgeseal` chain that cannot be read or written, or a name no key can be made of. */
export class StateProofError extends DomainError<StateProofProblem> {
  readonly family: ErrorFamily = "input";
}

export type GenesisProblem =
  | { readonly code: "GENESIS_TOO_LARGE"; readonly length: number; readonly max: number }
  | { readonly code: "GENESIS_NOT_TEXT" }
  | { readonly code: "GENESIS_LINE"; readonly line: number; readonly expected: string }
  | { readonly code: "GENESIS_VALUE"; readonly field: string }
  | { readonly code: "GENESIS_NO_SEALERS" }
  | { readonly code: "GENESIS_SEALERS"; readonly index: number };

export class GenesisError extends DomainError<GenesisProblem> {
  readonly family: ErrorFamily = "input";
}

export type ConsensusCallProblem =
  | { readonly code: "CONSENSUS_CALL_SELECTOR"; readonly selector: string }
  | { readonly code: "CONSENSUS_CALL_LENGTH"; readonly length: number }
  | { readonly code: "CONSENSUS_CALL_ARGUMENTS" }
  | { readonly code: "CONSENSUS_CALL_NODE_ID" }
  | { readonly code: "CONSENSUS_CALL_WEIGHT" };

export class ConsensusCallError extends DomainError<ConsensusCallProblem> {
  readonly family: ErrorFamily = "input";
}

export type AbiProblem =
  | { readonly code: "ABI_TYPE"; readonly text: string }
  | { readonly code: "ABI_VALUE"; readonly kind: string }
  | { readonly code: "ABI_TOO_LARGE"; readonly length: number; readonly max: number }
  | { readonly code: "ABI_TOO_MANY_ITEMS"; readonly offset: number; readonly max: number }
  | { readonly code: "ABI_CUT_SHORT"; readonly offset: number }
  | { readonly code: "ABI_TRAILING"; readonly offset: number }
  | { readonly code: "ABI_OFFSET"; readonly offset: number }
  | { readonly code: "ABI_PADDING"; readonly offset: number }
  | { readonly code: "ABI_RANGE"; readonly offset: number }
  | { readonly code: "ABI_TEXT_NOT_UTF8"; readonly offset: number };

/** Bytes are not the canonical Solidity ABI encoding of their types, or a value does not fit its type. */
export class AbiError extends DomainError<AbiProblem> {
  readonly family: ErrorFamily = "input";
}

export type CodecProblem =
  | JsonProblem
  | TarsProblem
  | RlpProblem
  | HeaderProblem
  | TransactionProblem
  | ReceiptProblem
  | ProofProblem
  | StateProofProblem
  | GenesisProblem
  | ConsensusCallProblem
  | AbiProblem
  | RpcProblem
  | RpcRefusalProblem
  | CommitmentProblem;
