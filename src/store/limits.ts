/**
 * How much one write may ask for. Every implementation of the port checks the same limits before it touches anything, so
 * that the memory twin refuses what the disk would refuse. Going over one is our own mistake, never a peer's.
 */
import type { ChainWrite, HeaderRun } from "../chain/store.js";
import { StoreError } from "./problems.js";

export const RECORD_NAME_LENGTH_MAX = 200;
export const RECORD_BYTES_MAX = 1_048_576;
/** A full segment stays under 48 KiB; a single header of a very large committee may be bigger. */
export const RUN_BYTES_MAX = 1_048_576;
export const RUN_HEADERS_MAX = 65_536;
export const APPLY_WRITES_MAX = 65_536;
/** Bounds the write-ahead log: a transaction lies in it as a whole. */
export const APPLY_BYTES_MAX = 16_777_216;

/** Printable ASCII: byte order and JavaScript's order of such names are the same. */
const RECORD_NAME = /^[\x21-\x7e]+$/;

function refuse(what: string, value: number, limit: number): never {
  throw new StoreError({ code: "STORE_WRITE_INVALID", what, value, limit });
}

function atMost(what: string, value: number, limit: number): void {
  if (value > limit) refuse(what, value, limit);
}

function checkName(name: string): void {
  atMost("record name length", name.length, RECORD_NAME_LENGTH_MAX);
  if (!RECORD_NAME.test(name)) refuse("record name length", name.length, RECORD_NAME_LENGTH_MAX);
}

function checkHeight(what: string, height: number): void {
  if (!Number.isSafeInteger(height) || height < 0) refuse(what, height, Number.MAX_SAFE_INTEGER);
}

function checkRun(run: HeaderRun): void {
  checkHeight("run start", run.start);
  if (!Number.isSafeInteger(run.count) || run.count < 1) refuse("run headers", run.count, RUN_HEADERS_MAX);
  atMost("run headers", run.count, RUN_HEADERS_MAX);
  checkHeight("run end", run.start + run.count);
  atMost("run bytes", run.bytes.length, RUN_BYTES_MAX);
}

/**
 * Checks shape and size of everything one `apply` is asked to write.
 * @returns the payload bytes in all.
 * @throws StoreError `STORE_WRITE_INVALID` (a bug).
 */
export function checkWrites(writes: readonly ChainWrite[]): number {
  atMost("writes", writes.length, APPLY_WRITES_MAX);
  let bytes = 0;
  for (const write of writes) {
    switch (write.kind) {
      case "record":
        checkName(write.name);
        atMost("record bytes", write.bytes.length, RECORD_BYTES_MAX);
        bytes += write.bytes.length;
        break;
      case "forget":
        checkName(write.name);
        break;
      case "run":
        checkRun(write.run);
        bytes += write.run.bytes.length;
        break;
      case "prune":
        checkHeight("prune height", write.below);
        break;
    }
  }
  atMost("bytes in one transaction", bytes, APPLY_BYTES_MAX);
  return bytes;
}
