/**
 * The tree of names (BFS). Nothing in it is ever removed, as in FISCO.
 *
 * Table `s_bfs`, key: path. u8 type, then for a directory (0) u32 number of children; for a link (1) or contract (2) the
 * address (20 bytes) and the ABI as text up to the end.
 * Table `s_bfs_child`, key: index of the child, blank, path of the directory. The child's name as text.
 */
import { utf8Bytes } from "../../base/bytes.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import { type StateReader, VALUE_BYTES_MAX } from "../records.js";
import type { StateOverlay } from "../stateOverlay.js";
import { LayoutReader, LayoutWriter } from "./layout.js";
import { splitPath } from "./paths.js";

export const BFS_TABLE = "s_bfs";
export const BFS_CHILD_TABLE = "s_bfs_child";
/** What a link's record leaves for the ABI. */
export const LINK_ABI_BYTES_MAX = VALUE_BYTES_MAX - 1 - ADDRESS_BYTES;

const TYPE = { directory: 0, link: 1, contract: 2 } as const;

export interface BfsDirectory {
  readonly type: "directory";
  readonly children: number;
}

export interface BfsLeaf {
  readonly type: "link" | "contract";
  readonly address: Uint8Array;
  readonly abi: string;
}

export type BfsNode = BfsDirectory | BfsLeaf;

/** @param path in its normal form */
export function bfsNode(state: StateReader, path: string): BfsNode | undefined {
  const record = state.get(BFS_TABLE, path);
  if (record === undefined) return undefined;
  const reader = new LayoutReader(record, BFS_TABLE, path);
  const type = reader.u8();
  if (type === TYPE.directory) {
    const children = reader.u32();
    reader.end();
    return { type: "directory", children };
  }
  if (type !== TYPE.link && type !== TYPE.contract) throw reader.damaged();
  const address = reader.bytes(ADDRESS_BYTES);
  return { type: type === TYPE.link ? "link" : "contract", address, abi: reader.rest() };
}

/** Name of the child that came `index`th into a directory. */
export function bfsChildName(state: StateReader, path: string, index: number): string {
  const key = childKey(path, index);
  const reader = new LayoutReader(state.get(BFS_CHILD_TABLE, key) ?? new Uint8Array(), BFS_CHILD_TABLE, key);
  if (reader.left === 0) throw reader.damaged();
  return reader.rest();
}

/** Makes a directory and those above it. False where something on the way is none; changes may be left then. */
export function makeBfsDirectory(state: StateOverlay, path: string): boolean {
  const node = bfsNode(state, path);
  if (node !== undefined) return node.type === "directory";
  if (path !== "/" && !addChild(state, path)) return false;
  state.set(BFS_TABLE, path, encodeNode({ type: "directory", children: 0 }));
  return true;
}

/** Adds a link or contract where nothing is. False where something above it is no directory; changes may be left then. */
export function addBfsLeaf(state: StateOverlay, path: string, leaf: BfsLeaf): boolean {
  if (!addChild(state, path)) return false;
  state.set(BFS_TABLE, path, encodeNode(leaf));
  return true;
}

/** Points an existing link elsewhere. */
export function replaceBfsLeaf(state: StateOverlay, path: string, leaf: BfsLeaf): void {
  state.set(BFS_TABLE, path, encodeNode(leaf));
}

function addChild(state: StateOverlay, path: string): boolean {
  const { parent, name } = splitPath(path);
  if (!makeBfsDirectory(state, parent)) return false;
  const directory = bfsNode(state, parent);
  if (directory?.type !== "directory") return false;
  state.set(BFS_CHILD_TABLE, childKey(parent, directory.children), utf8Bytes(name));
  state.set(BFS_TABLE, parent, encodeNode({ type: "directory", children: directory.children + 1 }));
  return true;
}

function childKey(path: string, index: number): string {
  return `${index} ${path}`;
}

function encodeNode(node: BfsNode): Uint8Array {
  const writer = new LayoutWriter().u8(TYPE[node.type]);
  if (node.type === "directory") return writer.u32(node.children).done();
  return writer.bytes(node.address).bytes(utf8Bytes(node.abi)).done();
}
