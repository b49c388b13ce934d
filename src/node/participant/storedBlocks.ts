/** Blocks of the ledger's store as values, the last few kept: whoever asks for one transaction asks for its receipt next. */
import { receiptHash } from "../../codec/fisco/receiptHash.js";
import { decodeReceipt } from "../../codec/fisco/receiptTars.js";
import { transactionDataHash } from "../../codec/fisco/transactionHash.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { Profile } from "../../codec/profile.js";
import type { Suite } from "../../crypto/suite.js";
import { storedHeader } from "../../ledger/opening.js";
import { LedgerDamage } from "../../ledger/problems.js";
import type { LedgerStore } from "../../ledger/store.js";
import type { TransactionView } from "./chainView.js";

/** Blocks and headers kept as values. */
export const BLOCKS_REMEMBERED_MAX = 8;
export const HEADERS_REMEMBERED_MAX = 256;

export class StoredBlocks {
  readonly #store: LedgerStore;
  readonly #suite: Suite;
  readonly #profile: Profile;
  readonly #blocks = new Map<number, readonly TransactionView[]>();
  readonly #headers = new Map<number, HashedHeader>();

  constructor(store: LedgerStore, suite: Suite, profile: Profile) {
    this.#store = store;
    this.#suite = suite;
    this.#profile = profile;
  }

  /** Undefined above the head. @throws LedgerDamage, StoreError */
  header(number: number): HashedHeader | undefined {
    const known = this.#headers.get(number);
    if (known !== undefined) return known;
    if (!this.#isStored(number)) return undefined;
    const header = storedHeader(this.#store, number, this.#suite, this.#profile);
    remember(this.#headers, number, header, HEADERS_REMEMBERED_MAX);
    return header;
  }

  /** A block that is on the disk now, as it came out of execution: its receipts are asked for at once. */
  sealed(number: number, views: readonly TransactionView[]): void {
    remember(this.#blocks, number, views, BLOCKS_REMEMBERED_MAX);
  }

  /** Undefined above the head. @throws LedgerDamage, StoreError, TarsError */
  transactions(number: number): readonly TransactionView[] | undefined {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    if (!this.#isStored(number)) return undefined;
    const body = this.#store.body(number);
    if (body === undefined) {
      throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: this.#store.place, number, what: "body" });
    }
    const { hash } = this.#suite;
    const views = body.transactions.map((bytes, i): TransactionView => {
      const { transaction } = decodeTransaction(bytes);
      const receiptBytes = body.receipts[i] as Uint8Array;
      const { receipt } = decodeReceipt(receiptBytes);
      return {
        ...{ transaction, bytes, receipt, receiptBytes, sender: body.senders[i] as Uint8Array },
        hash: transactionDataHash(hash, transaction.data),
        receiptHash: receiptHash(hash, receipt),
      };
    });
    remember(this.#blocks, number, views, BLOCKS_REMEMBERED_MAX);
    return views;
  }

  #isStored(number: number): boolean {
    return Number.isSafeInteger(number) && number >= 0 && number <= (this.#store.head() ?? -1);
  }
}

function remember<T>(map: Map<number, T>, number: number, value: T, max: number): void {
  const [oldest] = map.keys();
  if (map.size >= max && oldest !== undefined) map.delete(oldest);
  map.set(number, value);
}
