/** A participant's ledger on disk: in a thread of its own, or in the calling one where no thread can be started. */
import type { LedgerStore, LedgerWriter } from "../../ledger/store.js";
import { openSqliteLedgerStore } from "./sqliteLedgerStore.js";
import { openLedgerThread } from "./thread/ledgerThread.js";

export interface OpenedLedger {
  readonly store: LedgerStore;
  readonly writer: LedgerWriter;
}

/** @param program compiled `thread/ledgerThreadMain`, where it is not beside `thread/ledgerThread` @throws StoreError */
export async function openLedgerStore(path: string, program?: string): Promise<OpenedLedger> {
  const thread = await openLedgerThread(path, program);
  if (thread !== undefined) return { store: thread, writer: thread.writer };
  const store = await openSqliteLedgerStore(path);
  return { store, writer: writerOn(store) };
}

/** Of a store in the calling thread: it writes at once. */
export function writerOn(store: LedgerStore): LedgerWriter {
  return {
    async keepProposal(proposal) {
      store.keepProposal(proposal);
    },
    async commit(block) {
      store.commit(block);
    },
  };
}
