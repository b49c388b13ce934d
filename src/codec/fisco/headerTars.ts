/**
 * Headers in Tars, as FISCO nodes keep and send them (bcos-tars-protocol/tars/Block.tars, struct BlockHeader).
 *
 * Block 0 differs from its RPC form: its roots and gasUsed are unset. Here they read as zeros and "0" like in the RPC,
 * so that one value has one form, and are left out again when written.
 */
import { EMPTY_BYTES, isZeroBytes } from "../../base/bytes.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { TarsError } from "../problems.js";
import { TarsReader } from "../tars/reader.js";
import { TarsWriter } from "../tars/writer.js";
import type { Header, HeaderSignature, ParentInfo, SealerSet, SignedHeader } from "./header.js";
import type { DecodedHeader } from "./headerRpc.js";
import type { SealerSets } from "./sealerSets.js";

const ZERO_HASH = new Uint8Array(HASH_BYTES);

/** @param hash the header's hash, written as dataHash; readers must not believe it. */
export function encodeHeader(signed: SignedHeader, hash: Uint8Array): Uint8Array {
  const writer = new TarsWriter();
  writer.struct(1, () => writeData(writer, signed.header));
  writer.bytesUnlessEmpty(2, hash);
  writer.listUnlessEmpty(3, signed.signatures, ({ sealerIndex, signature }) =>
    writer.struct(0, () => {
      writer.integerUnlessZero(1, sealerIndex);
      writer.bytesUnlessEmpty(2, signature);
    }),
  );
  return writer.finish();
}

function writeData(writer: TarsWriter, header: Header): void {
  const genesis = header.number === 0;
  writer.integerUnlessZero(2, header.version);
  writer.listUnlessEmpty(3, header.parents, (parent) =>
    writer.struct(0, () => {
      writer.integerUnlessZero(1, parent.number);
      writer.bytesUnlessEmpty(2, parent.hash);
    }),
  );
  writer.bytesUnlessEmpty(4, unsetInGenesis(genesis, header.txsRoot));
  writer.bytesUnlessEmpty(5, unsetInGenesis(genesis, header.receiptsRoot));
  writer.bytesUnlessEmpty(6, unsetInGenesis(genesis, header.stateRoot));
  writer.integerUnlessZero(7, header.number);
  writer.textUnlessEmpty(8, genesis && header.gasUsed === "0" ? "" : header.gasUsed);
  writer.integerUnlessZero(9, header.timestamp);
  writer.integerUnlessZero(10, header.sealer);
  writer.listUnlessEmpty(11, header.sealers.nodeIds, (nodeId) => writer.bytes(0, nodeId));
  writer.bytesUnlessEmpty(12, header.extraData);
  writer.listUnlessEmpty(13, header.sealers.weights, (weight) => writer.integer(0, weight));
}

function unsetInGenesis(genesis: boolean, root: Uint8Array): Uint8Array {
  return genesis && root.length === HASH_BYTES && isZeroBytes(root) ? EMPTY_BYTES : root;
}

/**
 * The header as it stands; `checkHeader` comes next, then the hash.
 * @param sets pool that makes equal sealer sets one object; headers of one chain should share it.
 * @throws TarsError
 */
export function decodeHeader(bytes: Uint8Array, sets?: SealerSets): DecodedHeader {
  const reader = new TarsReader(bytes);
  let header: Header | undefined;
  let claimedHash: Uint8Array | undefined;
  let signatures: HeaderSignature[] = [];
  while (reader.next()) {
    switch (reader.tag) {
      case 1:
        header = reader.readStruct(() => readData(reader, sets));
        break;
      case 2:
        claimedHash = reader.readBytes();
        break;
      case 3:
        signatures = reader.readList(() => reader.readStruct(() => readSignature(reader)));
        break;
      default:
        reader.skip();
    }
  }
  if (header === undefined) throw new TarsError({ code: "TARS_FIELD_MISSING", name: "BlockHeader.data" });
  const signed = { header, signatures };
  return claimedHash?.length === HASH_BYTES ? { signed, claimedHash } : { signed };
}

interface HeaderDraft {
  version: number;
  parents: ParentInfo[];
  txsRoot: Uint8Array;
  receiptsRoot: Uint8Array;
  stateRoot: Uint8Array;
  number: number;
  gasUsed: string;
  timestamp: number;
  sealer: number;
  nodeIds: Uint8Array[];
  extraData: Uint8Array;
  weights: bigint[];
}

function readData(reader: TarsReader, sets: SealerSets | undefined): Header {
  const draft: HeaderDraft = {
    version: 0,
    parents: [],
    txsRoot: EMPTY_BYTES,
    receiptsRoot: EMPTY_BYTES,
    stateRoot: EMPTY_BYTES,
    number: 0,
    gasUsed: "",
    timestamp: 0,
    sealer: 0,
    nodeIds: [],
    extraData: EMPTY_BYTES,
    weights: [],
  };
  while (reader.next()) readField(reader, draft);
  if (draft.number === 0) {
    if (draft.txsRoot.length === 0) draft.txsRoot = ZERO_HASH;
    if (draft.receiptsRoot.length === 0) draft.receiptsRoot = ZERO_HASH;
    if (draft.stateRoot.length === 0) draft.stateRoot = ZERO_HASH;
    if (draft.gasUsed === "") draft.gasUsed = "0";
  }
  const { nodeIds, weights, ...rest } = draft;
  const set: SealerSet = { nodeIds, weights };
  return { ...rest, sealers: sets === undefined ? set : sets.shared(set) };
}

function readField(reader: TarsReader, draft: HeaderDraft): void {
  switch (reader.tag) {
    case 2:
      draft.version = reader.readInt32();
      break;
    case 3:
      draft.parents = reader.readList(() => reader.readStruct(() => readParent(reader)));
      break;
    case 4:
      draft.txsRoot = reader.readBytes();
      break;
    case 5:
      draft.receiptsRoot = reader.readBytes();
      break;
    case 6:
      draft.stateRoot = reader.readBytes();
      break;
    case 7:
      draft.number = reader.readNumber();
      break;
    case 8:
      draft.gasUsed = reader.readText();
      break;
    case 9:
      draft.timestamp = reader.readNumber();
      break;
    case 10:
      draft.sealer = reader.readNumber();
      break;
    case 11:
      draft.nodeIds = reader.readList(() => reader.readBytes());
      break;
    case 12:
      draft.extraData = reader.readBytes();
      break;
    case 13:
      draft.weights = reader.readList(() => reader.readInt64());
      break;
    default:
      reader.skip();
  }
}

function readParent(reader: TarsReader): ParentInfo {
  let number = 0;
  let hash = EMPTY_BYTES;
  while (reader.next()) {
    if (reader.tag === 1) number = reader.readNumber();
    else if (reader.tag === 2) hash = reader.readBytes();
    else reader.skip();
  }
  return { number, hash };
}

function readSignature(reader: TarsReader): HeaderSignature {
  let sealerIndex = 0;
  let signature = EMPTY_BYTES;
  while (reader.next()) {
    if (reader.tag === 1) sealerIndex = reader.readNumber();
    else if (reader.tag === 2) signature = reader.readBytes();
    else reader.skip();
  }
  return { sealerIndex, signature };
}
