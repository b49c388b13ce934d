/**
 * The file system of names, 0x100e. Source of methods, codes and order of checks:
 * bcos-executor/src/precompiled/BFSPrecompiled.cpp (3.3 and later, without shards and repairs of old states).
 *
 * Unlike FISCO: a path has one form (no slash at its end), a link needs an address, touch does not replace what is there,
 * and a listing comes in the order in which the names came. Like FISCO: anybody may point a link elsewhere.
 */
import { utf8Bytes } from "../../../base/bytes.js";
import type { AbiValue } from "../../../codec/abi/types.js";
import type { StateReader } from "../../records.js";
import { addressKey, addressOf, BFS_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import {
  addBfsLeaf,
  type BfsNode,
  bfsChildName,
  bfsNode,
  LINK_ABI_BYTES_MAX,
  makeBfsDirectory,
  replaceBfsLeaf,
} from "../bfsTree.js";
import { CODE } from "../codes.js";
import { contractRecord } from "../contractRecords.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import {
  declined,
  type MethodCall,
  type MethodResult,
  method,
  precompiledError,
  returned,
  returnedCode,
  type SystemContract,
} from "../method.js";
import { joinPath, normalPath, splitPath } from "../paths.js";
import { trimmed } from "../trim.js";

/** USER_TABLE_MAX_LIMIT_COUNT: entries of one listing. */
const LIST_MAX = 500;

const APPS = "/apps/";
const SHARDS = "/shards";
/** Where users may make files (checkPathPrefixValid). */
const WRITABLE = [APPS, "/tables/", "/usr/"];
const FILE_TYPES = ["directory", "contract", "link"];
/** What buildDirEntry keeps behind the type: status, type of access list, lists, extra. */
const FILE_FIELDS = ["0", "0", "", "", ""];

function isWritable(path: string): boolean {
  return WRITABLE.some((directory) => path.startsWith(directory));
}

function makeDirectory({ state }: MethodCall, text: string): MethodResult {
  if (text.startsWith(SHARDS)) return declined(CODE.fileBuildDirFailed);
  const path = normalPath(text);
  if (path !== undefined && bfsNode(state, path) !== undefined) return declined(CODE.fileAlreadyExist);
  if (path === undefined || !isWritable(path)) return declined(CODE.fileInvalidPath);
  return makeBfsDirectory(state, path) ? returnedCode(CODE.success) : declined(CODE.fileBuildDirFailed);
}

function touch({ state }: MethodCall, text: string, type: string): MethodResult {
  const path = normalPath(text);
  if (path === undefined) return declined(CODE.fileInvalidPath);
  if (!FILE_TYPES.includes(type)) return declined(CODE.fileInvalidType);
  if (!isWritable(path)) return declined(CODE.fileInvalidPath);
  if (type === "directory") {
    return makeBfsDirectory(state, path) ? returnedCode(CODE.success) : noDirectory();
  }
  if (bfsNode(state, path) !== undefined) return declined(CODE.fileAlreadyExist);
  const leaf = { type: type as "link" | "contract", address: ZERO_ADDRESS, abi: "" };
  return addBfsLeaf(state, path, leaf) ? returnedCode(CODE.success) : noDirectory();
}

function noDirectory(): MethodResult {
  return precompiledError("something on the path is no directory");
}

function list({ state }: MethodCall, text: string, offset: number, count: number): MethodResult {
  const path = normalPath(text);
  if (path === undefined) return declined(CODE.fileInvalidPath, []);
  const node = bfsNode(state, path);
  if (node === undefined) return declined(CODE.fileNotExist, []);
  if (node.type !== "directory") return returned([0n, [describeLeaf(path, node)]]);
  const end = Math.min(node.children, offset + Math.min(count, LIST_MAX));
  const files: AbiValue[] = [];
  for (let index = offset; index < end; index++) files.push(describeChild(state, path, index));
  return returned([BigInt(Math.max(0, node.children - Math.max(end, offset))), files]);
}

function describeChild(state: StateReader, directory: string, index: number): AbiValue {
  const name = bfsChildName(state, directory, index);
  const node = bfsNode(state, joinPath(directory, name));
  return [name, node?.type ?? "directory", FILE_FIELDS];
}

function describeLeaf(path: string, node: Exclude<BfsNode, { type: "directory" }>): AbiValue {
  const ext = node.type === "link" ? [addressKey(node.address), node.abi] : FILE_FIELDS;
  return [splitPath(path).name, node.type, ext];
}

/** `link(path, address, abi)`: a path outside /apps is meant below it (getContractTableName with getLinkRootDir). */
function link({ state }: MethodCall, text: string, addressText: string, abi: string): MethodResult {
  if (text.startsWith(SHARDS)) return declined(CODE.fileInvalidPath);
  const below = text.startsWith("/") ? text.slice(1) : text;
  return pointLink(state, text.startsWith(APPS) ? text : `${APPS}${below}`, addressOf(addressText), abi);
}

/** `link(name, version, address, abi)`, in place of CNS: only to a contract that is there (checkLinkParam). */
function linkVersion(
  { state }: MethodCall,
  rawName: string,
  rawVersion: string,
  addressText: string,
  abi: string,
): MethodResult {
  const name = trimmed(rawName);
  const version = trimmed(rawVersion);
  const address = addressOf(addressText);
  const exists = address !== undefined && contractRecord(state, addressKey(address)) !== undefined;
  if (!exists || name.includes("/") || version.includes("/")) return declined(CODE.addressOrVersionError);
  return pointLink(state, `${APPS}${name}/${version}`, address, abi);
}

function pointLink(
  state: MethodCall["state"],
  text: string,
  address: Uint8Array | undefined,
  abi: string,
): MethodResult {
  if (utf8Bytes(abi).length > LINK_ABI_BYTES_MAX) return precompiledError("the ABI is too long");
  const path = normalPath(text);
  if (path === undefined || !path.startsWith(APPS)) return declined(CODE.fileInvalidPath);
  if (address === undefined) return declined(CODE.addressOrVersionError);
  const leaf = { type: "link", address, abi } as const;
  const node = bfsNode(state, path);
  if (node?.type === "link") {
    replaceBfsLeaf(state, path, leaf);
    return returnedCode(CODE.success);
  }
  if (node !== undefined) return declined(CODE.fileAlreadyExist);
  return addBfsLeaf(state, path, leaf) ? returnedCode(CODE.success) : declined(CODE.fileBuildDirFailed);
}

/** Larger than any listing there can be. */
function indexOf(value: bigint): number {
  return value > 0xffff_ffffn ? 0xffff_ffff : Number(value);
}

export const bfs: SystemContract = {
  name: "BFS",
  address: BFS_ADDRESS,
  governance: false,
  methods: [
    method({
      signature: "list(string)",
      returns: "(int32,(string,string,string[])[])",
      mutability: "view",
      gas: GAS_READ,
      // The short form says nothing about what is left.
      run: (call, path) => {
        const result = list(call, path, 0, LIST_MAX);
        return result.kind === "returned" ? returned([0n, ...result.values.slice(1)]) : result;
      },
    }),
    method({
      signature: "list(string,uint256,uint256)",
      returns: "(int256,(string,string,string[])[])",
      mutability: "view",
      gas: GAS_READ,
      run: (call, path, offset, count) => list(call, path, indexOf(offset), indexOf(count)),
    }),
    method({
      signature: "mkdir(string)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_WRITE,
      run: makeDirectory,
    }),
    method({
      signature: "link(string,string,string)",
      returns: "(int256)",
      mutability: "write",
      gas: GAS_WRITE,
      run: link,
    }),
    method({
      signature: "link(string,string,string,string)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_WRITE,
      run: linkVersion,
    }),
    method({
      signature: "readlink(string)",
      returns: "(address)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, text) => {
        const path = normalPath(text);
        const node = path === undefined ? undefined : bfsNode(state, path);
        return returned([node?.type === "link" ? node.address : ZERO_ADDRESS]);
      },
    }),
    method({
      signature: "touch(string,string)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_WRITE,
      run: touch,
    }),
  ],
};
