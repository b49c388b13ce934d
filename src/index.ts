/**
 * edgeseal as a library: verify what FISCO BCOS v3 chains and their relatives say, without believing who says it.
 *
 * Three layers, each usable alone:
 * - *codecs*: headers, transactions, receipts and proofs from JSON-RPC or Tars, their hashes and structural rules;
 * - *verification*: pure functions of all their inputs (`verifyHeader`, `verifyAdjacent`, `verifySkipping`, `checkEvent`);
 * - *the light client*: a machine that is stepped with messages and says what to store, ask and report.
 *
 * Nothing here reads a clock, a file or a socket, with the exception of `loadSuite`, which loads the fastest cryptographic
 * back end that passes its self-test (`referenceSuite` is the same in plain JavaScript, synchronous). All failures are
 * typed errors with a `code`; `describe` turns any of them into a sentence.
 */

export { codeOf, DomainError, type ErrorFamily, type Problem } from "./base/error.js";
export type { Machine, Ready } from "./base/machine.js";
export { type Anchor, type AnchorJson, anchorFromJson, anchorToJson, sealersFromJson } from "./chain/anchor.js";
export { type Certificate, checkSignatures, checkSigners } from "./chain/certificate.js";
export { Committee, Committees, quorumOf } from "./chain/committee.js";
export {
  checkEvent,
  type EventDoubt,
  type EventInput,
  type EventVerdict,
  type WatchedEvent,
} from "./chain/eventEvidence.js";
export { type ForkEvidence, forkToJson } from "./chain/forkEvidence.js";
export { LightClient, type LightClientOptions, type LightStatus, type Restored } from "./chain/lightClient.js";
export type { LightInput, LightMessage, LightOutput, LightState } from "./chain/lightMessages.js";
export { ChainError, type ChainProblem } from "./chain/problems.js";
export { restoreLightClient } from "./chain/restore.js";
export { proveSealerChange, type SealerChangeInput } from "./chain/sealerChange.js";
export type { ChainStore, ChainWrite, HeaderRun, HeaderStatus, RunSpan, StoreUsage } from "./chain/store.js";
export {
  CLOCK_DRIFT_DEFAULT_MS,
  TRUSTING_PERIOD_DEFAULT_MS,
  type Trusted,
  type TrustLevel,
  trustedFrom,
  type Verified,
  type VerifyInput,
  type VerifyRules,
  verifyAdjacent,
  verifySkipping,
} from "./chain/verify.js";
export { type VerifiedHeader, type VerifyHeaderOptions, verifyHeader } from "./chain/verifyHeader.js";
export { type Commitment, decodeCommitment, encodeCommitment } from "./codec/edgeseal/commitment.js";
export { stateKey, stateValueHash } from "./codec/edgeseal/stateHash.js";
export {
  checkStateProof,
  decodeStateProof,
  encodeStateProof,
  type StatePath,
  type StateProof,
  type StateVerdict,
} from "./codec/edgeseal/stateProof.js";
export { type GenesisConfig, genesisHash, genesisSealers, readGenesis } from "./codec/fisco/genesis.js";
export type { Header, HeaderSignature, ParentInfo, SealerSet, SignedHeader } from "./codec/fisco/header.js";
export { headerHash, headerPreimage } from "./codec/fisco/headerHash.js";
export { headerFromRpc, headerToRpc } from "./codec/fisco/headerRpc.js";
export { checkHeader } from "./codec/fisco/headerRules.js";
export { decodeHeader, encodeHeader } from "./codec/fisco/headerTars.js";
export { proofFromRpc, proofToRpc } from "./codec/fisco/proofRpc.js";
export type { LogEntry, Receipt } from "./codec/fisco/receipt.js";
export { receiptHash } from "./codec/fisco/receiptHash.js";
export { receiptFromRpc, receiptToRpc } from "./codec/fisco/receiptRpc.js";
export { checkReceipt } from "./codec/fisco/receiptRules.js";
export { decodeReceipt, encodeReceipt } from "./codec/fisco/receiptTars.js";
export type { Transaction, TransactionData } from "./codec/fisco/transaction.js";
export { transactionHash } from "./codec/fisco/transactionHash.js";
export { transactionFromRpc, transactionToRpc } from "./codec/fisco/transactionRpc.js";
export { checkTransaction } from "./codec/fisco/transactionRules.js";
export { transactionSender } from "./codec/fisco/transactionSender.js";
export { decodeTransaction, encodeTransaction } from "./codec/fisco/transactionTars.js";
export { type HashedHeader, hashHeader } from "./codec/hashedHeader.js";
export { parseJson, writeJson } from "./codec/json.js";
export type { FaultModel, Layout, Profile } from "./codec/profile.js";
export { loadSuite } from "./crypto/backend/select.js";
export { type MerkleGroup, merkleProof, merkleRoot, verifyMerkleProof } from "./crypto/merkle.js";
export { referenceSuite } from "./crypto/referenceSuite.js";
export type { PreparedKey, Suite, SuiteName } from "./crypto/suite.js";
export { describe } from "./text/describe.js";
