/**
 * From a structured request to the bytes that are hashed and signed, and back from these bytes to the slot they fill.
 *
 * Headers and transactions have FISCO's own layout. Their first four bytes are a version, 0x03...... or 4 for headers and
 * 0 to 2 for transactions. Everything else begins with a 16-byte domain tag whose first byte is "e"; so the bytes themselves
 * say what they are, and nothing signed for one purpose can ever be read for another.
 *
 * Layouts, integers big-endian and unsigned, `chain` the chain's 32-byte id:
 *
 *     vote         tag 16 | chain 32 | height 8 | view 8 | phase 1 | proposal 32      97 bytes
 *     raftVote     tag 16 | chain 32 | term 8 | candidate 64                         120 bytes
 *     attestation  tag 16 | chain 32 | subject 32 | content 32                       112 bytes
 *     receiptHead  tag 16 | chain 32 | epoch 8 | sequence 8 | root 32                 96 bytes
 */
import { concatBytes, copyBytes, equalBytes, utf8Bytes } from "../../base/bytes.js";
import { codeOf } from "../../base/error.js";
import { checkCommitment } from "../../codec/edgeseal/commitment.js";
import type { Header } from "../../codec/fisco/header.js";
import { headerPreimage, VERSION_RC4 } from "../../codec/fisco/headerHash.js";
import { checkHeader } from "../../codec/fisco/headerRules.js";
import {
  TRANSACTION_TYPE_FISCO,
  TRANSACTION_VERSION_MAX,
  type TransactionData,
} from "../../codec/fisco/transaction.js";
import { transactionPreimage } from "../../codec/fisco/transactionHash.js";
import { checkTransaction } from "../../codec/fisco/transactionRules.js";
import type { Profile } from "../../codec/profile.js";
import { HASH_BYTES, PUBLIC_KEY_BYTES, type Suite } from "../../crypto/suite.js";
import { EPOCH_MAX, HEIGHT_MAX, SEQUENCE_MAX } from "./limits.js";
import type { KeyFamily, SignRequest, Vote } from "./port.js";
import { SigningError } from "./problems.js";
import { PHASE_BYTES, phaseOfByte, type Slot } from "./slots.js";

export type Purpose = SignRequest["purpose"];

/** The chain a key signs for. */
export interface GuardChain {
  /** 32 bytes that no other chain has: the hash of block 0. Stands in everything with a domain tag. */
  readonly id: Uint8Array;
  readonly chainId: string;
  readonly groupId: string;
  readonly profile: Profile;
}

export interface EncodedRequest {
  readonly purpose: Purpose;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** Absent where nothing can conflict: transactions and attestations. */
  readonly slot?: Slot;
}

export const TAG_BYTES = 16;
export const REQUEST_TAGS = {
  vote: utf8Bytes("edgeseal/vote-v1"),
  raftVote: utf8Bytes("edgeseal/raft-v1"),
  attestation: utf8Bytes("edgeseal/attest1"),
  receiptHead: utf8Bytes("edgeseal/rcpthd1"),
} as const;
type TaggedPurpose = keyof typeof REQUEST_TAGS;

/** What a key of a family may sign. */
export const FAMILY_PURPOSES: Readonly<Record<KeyFamily, readonly Purpose[]>> = {
  sealer: ["header", "vote", "raftVote"],
  account: ["transaction"],
  device: ["attestation", "receiptHead"],
};
const ALL_PURPOSES: readonly Purpose[] = Object.values(FAMILY_PURPOSES).flat();

const VERSION_BYTES = 4;
const INTEGER_BYTES = 8;
const BODY_AT = TAG_BYTES + HASH_BYTES;
const LENGTHS: Readonly<Record<TaggedPurpose, number>> = {
  vote: BODY_AT + 2 * INTEGER_BYTES + 1 + HASH_BYTES,
  raftVote: BODY_AT + INTEGER_BYTES + PUBLIC_KEY_BYTES,
  attestation: BODY_AT + 2 * HASH_BYTES,
  receiptHead: BODY_AT + 2 * INTEGER_BYTES + HASH_BYTES,
};
const HEADER_MAJOR_VERSION = 3;
/** Where a header's number stands: after version, parent number, parent hash and three roots. */
const HEADER_NUMBER_AT = VERSION_BYTES + INTEGER_BYTES + 4 * HASH_BYTES;
const RC4_NUMBER_AT = HEADER_NUMBER_AT + 4;

/**
 * The digest to sign and the slot it fills. Everything is copied before it is checked: what was checked is what is hashed.
 * @throws SigningError `SIGN_PURPOSE_UNKNOWN`, `SIGN_PURPOSE_FAMILY`, `SIGN_REQUEST_INVALID`, `SIGN_FIELD_INVALID`,
 * `SIGN_PURPOSE_MISMATCH`
 */
export function encodeRequest(
  request: SignRequest,
  suite: Suite,
  chain: GuardChain,
  family: KeyFamily,
): EncodedRequest {
  const { purpose } = request;
  if (!ALL_PURPOSES.includes(purpose)) {
    throw new SigningError({ code: "SIGN_PURPOSE_UNKNOWN", purpose: String(purpose) });
  }
  if (!FAMILY_PURPOSES[family].includes(purpose)) {
    throw new SigningError({ code: "SIGN_PURPOSE_FAMILY", purpose, family });
  }
  const bytes = layOut(request, suite, chain);
  const found = readRequestBytes(bytes);
  if (found?.purpose !== purpose) {
    throw new SigningError({ code: "SIGN_PURPOSE_MISMATCH", purpose, found: found?.purpose ?? "nothing" });
  }
  const digest = suite.hash(bytes);
  return found.slot === undefined ? { purpose, digest } : { purpose, digest, slot: found.slot };
}

/** What signed bytes are and which slot they fill, read from the bytes alone; undefined for bytes that nobody signs. */
export function readRequestBytes(bytes: Uint8Array): { readonly purpose: Purpose; readonly slot?: Slot } | undefined {
  if (bytes.length < VERSION_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(0);
  if (version <= TRANSACTION_VERSION_MAX) return { purpose: "transaction" };
  if (version === VERSION_RC4) {
    // Its integers are the low 32 bits and four zero bytes; the rules refuse heights above that.
    if (bytes.length < RC4_NUMBER_AT + INTEGER_BYTES) return undefined;
    return { purpose: "header", slot: { kind: "header", height: view.getUint32(RC4_NUMBER_AT) } };
  }
  if (version >>> 24 === HEADER_MAJOR_VERSION) {
    if (bytes.length < HEADER_NUMBER_AT + INTEGER_BYTES) return undefined;
    return { purpose: "header", slot: { kind: "header", height: integerAt(view, HEADER_NUMBER_AT) } };
  }
  const tag = bytes.subarray(0, TAG_BYTES);
  for (const purpose of Object.keys(REQUEST_TAGS) as TaggedPurpose[]) {
    if (equalBytes(tag, REQUEST_TAGS[purpose]) && bytes.length === LENGTHS[purpose]) return readTagged(purpose, view);
  }
  return undefined;
}

function readTagged(
  purpose: TaggedPurpose,
  view: DataView,
): { readonly purpose: Purpose; readonly slot?: Slot } | undefined {
  const first = BODY_AT;
  const second = BODY_AT + INTEGER_BYTES;
  switch (purpose) {
    case "vote": {
      const phase = phaseOfByte(view.getUint8(second + INTEGER_BYTES));
      if (phase === undefined) return undefined;
      return { purpose, slot: { kind: "vote", height: integerAt(view, first), view: integerAt(view, second), phase } };
    }
    case "raftVote":
      return { purpose, slot: { kind: "raftVote", term: integerAt(view, first) } };
    case "receiptHead": {
      const epoch = integerAt(view, first);
      return { purpose, slot: { kind: "receiptHead", epoch, sequence: integerAt(view, second) } };
    }
    case "attestation":
      return { purpose };
  }
}

function integerAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset));
}

function layOut(request: SignRequest, suite: Suite, chain: GuardChain): Uint8Array {
  switch (request.purpose) {
    case "header":
      return headerBytes(request.header, suite, chain);
    case "transaction":
      return transactionBytes(request.data, suite, chain);
    case "vote":
      return voteBytes(request.vote, chain);
    case "raftVote":
      return tagged("raftVote", chain, [
        integer("raftVote", "term", request.term, 1, HEIGHT_MAX),
        fixed("raftVote", "candidate", request.candidate, PUBLIC_KEY_BYTES),
      ]);
    case "attestation":
      return tagged("attestation", chain, [
        fixed("attestation", "subject", request.subject, HASH_BYTES),
        fixed("attestation", "content", request.content, HASH_BYTES),
      ]);
    case "receiptHead":
      return tagged("receiptHead", chain, [
        integer("receiptHead", "epoch", request.epoch, 0, EPOCH_MAX),
        integer("receiptHead", "sequence", request.sequence, 0, SEQUENCE_MAX),
        fixed("receiptHead", "root", request.root, HASH_BYTES),
      ]);
  }
}

function voteBytes(vote: Vote, chain: GuardChain): Uint8Array {
  const { phase } = vote;
  if (!Object.hasOwn(PHASE_BYTES, phase)) refuseField("vote", "phase");
  return tagged("vote", chain, [
    integer("vote", "height", vote.height, 1, HEIGHT_MAX),
    integer("vote", "view", vote.view, 0, HEIGHT_MAX),
    Uint8Array.of(PHASE_BYTES[phase]),
    fixed("vote", "proposal", vote.proposal, HASH_BYTES),
  ]);
}

function headerBytes(header: Header, suite: Suite, chain: GuardChain): Uint8Array {
  return byRules("header", () => {
    const copy: Header = {
      ...header,
      parents: header.parents.map(({ number, hash }) => ({ number, hash: copyBytes(hash) })),
      txsRoot: copyBytes(header.txsRoot),
      receiptsRoot: copyBytes(header.receiptsRoot),
      stateRoot: copyBytes(header.stateRoot),
      sealers: { nodeIds: header.sealers.nodeIds.map(copyBytes), weights: [...header.sealers.weights] },
      extraData: copyBytes(header.extraData),
    };
    // Nobody signs block 0: its hash is agreed on outside the chain.
    if (copy.number < 1 || copy.number > HEIGHT_MAX) refuseField("header", "number");
    checkHeader(copy, chain.profile);
    if (chain.profile.layout === "edgeseal") checkCommitment(suite.hash, copy, chain.profile);
    return headerPreimage(copy);
  });
}

/** The rules look at whole transactions; a signature of the right length stands in for the one that is asked for. */
function transactionBytes(data: TransactionData, suite: Suite, chain: GuardChain): Uint8Array {
  return byRules("transaction", () => {
    const copy = { ...data, input: copyBytes(data.input), extension: copyBytes(data.extension) };
    const transaction = {
      data: copy,
      signature: new Uint8Array(suite.transactionSignatureBytes),
      type: TRANSACTION_TYPE_FISCO,
      web3Bytes: new Uint8Array(0),
      importTime: 0,
      attribute: 0,
      extraData: "",
    };
    checkTransaction(transaction, { chainId: chain.chainId, groupId: chain.groupId, suite: suite.name });
    return transactionPreimage(copy);
  });
}

/** A value of the wrong shape makes the copying fail with a TypeError; that is an invalid request like any other. */
function byRules(purpose: Purpose, action: () => Uint8Array): Uint8Array {
  try {
    return action();
  } catch (thrown) {
    if (thrown instanceof SigningError) throw thrown;
    throw new SigningError({ code: "SIGN_REQUEST_INVALID", purpose, reason: codeOf(thrown) }, { cause: thrown });
  }
}

function tagged(purpose: TaggedPurpose, chain: GuardChain, parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes([REQUEST_TAGS[purpose], fixed(purpose, "chain", chain.id, HASH_BYTES), ...parts]);
}

function fixed(purpose: Purpose, field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (!(bytes instanceof Uint8Array) || bytes.length !== length) refuseField(purpose, field);
  return bytes;
}

function integer(purpose: Purpose, field: string, value: number, min: number, max: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < min || value > max) refuseField(purpose, field);
  const bytes = new Uint8Array(INTEGER_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function refuseField(purpose: Purpose, field: string): never {
  throw new SigningError({ code: "SIGN_FIELD_INVALID", purpose, field });
}
