/**
 * A disk that may lose power. What was written and not synced may be missing, whole or in sectors, in any combination; a
 * file made, removed or renamed may be absent, back again or under its old name until its folder is synced. This is what
 * POSIX allows; real file systems are kinder.
 */
import type { DiskOperation } from "./powerLossTrace.js";

export const SECTOR_BYTES = 512;

/**
 * `drop`: nothing that was not synced is there. `keep`: all of it is. `subset`: each write is there or not. `torn`: each
 * sector of each write is there or not.
 */
export type LossMode = "drop" | "keep" | "subset" | "torn";
export const LOSS_MODES: readonly LossMode[] = ["drop", "keep", "subset", "torn"];

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

interface DiskFile {
  durable: Uint8Array;
  pending: Change[];
}

type Entries = Map<string, DiskFile>;
/** What was done to the names of a folder since it was synced. */
type NameChange = (entries: Entries) => void;

/** Numbers in 0..1 from one seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function resized(content: Uint8Array, size: number): Uint8Array {
  const changed = new Uint8Array(size);
  changed.set(content.subarray(0, size));
  return changed;
}

function applied(content: Uint8Array, change: Change): Uint8Array {
  if (change.kind === "truncate") return resized(content, change.size);
  const end = change.offset + change.bytes.length;
  const changed = end > content.length ? resized(content, end) : content.slice();
  changed.set(change.bytes, change.offset);
  return changed;
}

/** The parts of a write that fall into different sectors of the file. */
function sectorsOf(change: Change): Change[] {
  if (change.kind === "truncate") return [change];
  const parts: Change[] = [];
  let from = 0;
  while (from < change.bytes.length) {
    const offset = change.offset + from;
    const to = Math.min(change.bytes.length, from + SECTOR_BYTES - (offset % SECTOR_BYTES));
    parts.push({ kind: "write", offset, bytes: change.bytes.subarray(from, to) });
    from = to;
  }
  return parts;
}

export class PowerLossDisk {
  /** As programs see them. */
  readonly #names: Entries = new Map();
  /** As they were when the folder was last synced. */
  #durableNames: Entries = new Map();
  #nameChanges: NameChange[] = [];

  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case "say":
        return;
      case "create": {
        const file: DiskFile = { durable: new Uint8Array(0), pending: [] };
        this.#change((entries) => entries.set(operation.file, file));
        return;
      }
      case "unlink":
        this.#file(operation.file);
        this.#change((entries) => entries.delete(operation.file));
        return;
      case "rename": {
        const file = this.#file(operation.file);
        // Both at once or neither, and never without what is renamed.
        this.#change((entries) => {
          entries.delete(operation.file);
          entries.set(operation.to, file);
        });
        return;
      }
      case "syncFolder":
        this.#durableNames = new Map(this.#names);
        this.#nameChanges = [];
        return;
      case "sync": {
        const file = this.#file(operation.file);
        for (const change of file.pending) file.durable = applied(file.durable, change);
        file.pending = [];
        return;
      }
      default:
        this.#file(operation.file).pending.push(operation);
    }
  }

  /** The files as they may be found when power comes back. */
  image(mode: LossMode, random: () => number): Map<string, Uint8Array> {
    const reached = (): boolean => mode === "keep" || (mode !== "drop" && random() < 0.5);
    const entries: Entries = new Map(this.#durableNames);
    for (const change of this.#nameChanges) if (reached()) change(entries);
    const image = new Map<string, Uint8Array>();
    for (const [name, { durable, pending }] of entries) {
      let content = durable;
      const changes = mode === "torn" ? pending.flatMap(sectorsOf) : pending;
      for (const change of changes) if (reached()) content = applied(content, change);
      image.set(name, content);
    }
    return image;
  }

  #change(change: NameChange): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }

  #file(name: string): DiskFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`the trace changes ${name} before it opens it`);
    return file;
  }
}
