/** What both stores of the ledger ask of a block before they touch anything. */
import { StoreError } from "../problems.js";

/** @throws StoreError `STORE_WRITE_INVALID` (a bug) where the block is not the one above the newest. */
export function assertNext(number: number, head: number | undefined): void {
  const next = head === undefined ? 0 : head + 1;
  if (number === next) return;
  throw new StoreError({ code: "STORE_WRITE_INVALID", what: "block number", value: number, limit: next });
}
