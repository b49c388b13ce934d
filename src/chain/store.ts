/**
 * What the chain rooms ask of a store: named small records, and runs of encoded headers. The store never looks inside.
 *
 * A run is a stretch of consecutive headers of one status inside one aligned segment. Writing a run replaces every run
 * that lies wholly inside it (that is how single live headers become a full segment); overlapping one only partly is a bug.
 */

/** `certified`: its quorum certificate was verified. `linked`: it is an ancestor, by hash, of a certified header. */
export type HeaderStatus = "certified" | "linked";

export interface RunSpan {
  /** Height of the first header. */
  readonly start: number;
  /** How many headers; start + count - 1 is the last height. */
  readonly count: number;
  readonly status: HeaderStatus;
}

export interface HeaderRun extends RunSpan {
  readonly bytes: Uint8Array;
}

export type ChainWrite =
  | { readonly kind: "record"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: "forget"; readonly name: string }
  | { readonly kind: "run"; readonly run: HeaderRun }
  /** Drop every run whose last height is below `below`. */
  | { readonly kind: "prune"; readonly below: number };

export interface ChainStore {
  /** All or nothing, durable when it returns. */
  apply(writes: readonly ChainWrite[]): void;
  record(name: string): Uint8Array | undefined;
  /** Names that start with `prefix`, ascending. */
  recordNames(prefix: string): string[];
  /** The run that contains `height`. */
  run(height: number): HeaderRun | undefined;
  /** All spans, ascending by start, without their bytes. */
  spans(): RunSpan[];
  readonly usage: StoreUsage;
  /** Full check of the file and of every checksum; the codes of what is wrong, empty when sound. */
  check(): string[];
  close(): void;
}

export interface StoreUsage {
  /** Bytes handed to the disk since the store was opened, page and log overhead included where the engine tells. */
  readonly bytesWritten: number;
  /** Size of the database on disk (0 in memory). */
  readonly bytesOnDisk: number;
  readonly commits: number;
}
