/** A participant's ledger as JSON-RPC and the publisher see it. */
import { EMPTY_BYTES, equalBytes } from "../../base/bytes.js";
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import { isAncestor } from "../../codec/wire/ancestorMessage.js";
import { merkleProof } from "../../crypto/merkle.js";
import { type MountainProof, mountainProof } from "../../crypto/mountainRange.js";
import { CryptoError } from "../../crypto/problems.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";
import type { Outcome } from "../../ledger/engine.js";
import type { Ledger } from "../../ledger/ledger.js";
import { LedgerDamage } from "../../ledger/problems.js";
import type { LedgerStore } from "../../ledger/store.js";
import { observersAt, sealersAt } from "../../ledger/system/nodes.js";
import { settingAt } from "../../ledger/system/settings.js";
import type { ChainIdentity, ChainView, Place, SubmitOutcome, TransactionView } from "./chainView.js";
import { StoredBlocks } from "./storedBlocks.js";

export interface LedgerViewParts {
  readonly identity: ChainIdentity;
  readonly ledger: Ledger;
  readonly store: LedgerStore;
  /** Transactions that wait for their block. */
  readonly pending: () => number;
  readonly submit: (transaction: Uint8Array, timeoutMs: number) => Promise<SubmitOutcome>;
}

const NOBODY = new Uint8Array(ADDRESS_BYTES);

export class LedgerView implements ChainView {
  readonly identity: ChainIdentity;
  readonly #parts: LedgerViewParts;
  readonly #blocks: StoredBlocks;

  constructor(parts: LedgerViewParts) {
    this.#parts = parts;
    this.identity = parts.identity;
    this.#blocks = new StoredBlocks(parts.store, parts.identity.suite, parts.identity.profile);
  }

  /** To be called for each block that is on the disk, before anybody hears of it. */
  sealed(number: number, transactions: readonly TransactionView[]): void {
    this.#blocks.sealed(number, transactions);
  }

  head(): HashedHeader {
    return this.#parts.ledger.head;
  }

  header(number: number): HashedHeader | undefined {
    return this.#blocks.header(number);
  }

  /** The index carries no checksum: the header is looked at. @throws LedgerDamage, StoreError */
  numberOf(blockHash: Uint8Array): number | undefined {
    const { store } = this.#parts;
    const number = store.numberOf(blockHash);
    if (number === undefined) return undefined;
    const found = this.#blocks.header(number);
    if (found !== undefined && equalBytes(found.hash, blockHash)) return number;
    throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: store.place, number, what: "hash" });
  }

  transactions(number: number): readonly TransactionView[] | undefined {
    return this.#blocks.transactions(number);
  }

  /** Places carry no checksum: the transaction is looked at. @throws LedgerDamage, StoreError, TarsError */
  place(transactionHash: Uint8Array): Place | undefined {
    const { store } = this.#parts;
    const place = store.placeOf(transactionHash);
    if (place === undefined) return undefined;
    const { number, index } = place;
    const found = this.#blocks.transactions(number)?.[index];
    if (found !== undefined && equalBytes(found.hash, transactionHash)) return place;
    throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place: store.place, number, what: "place" });
  }

  /** @throws LedgerDamage where there is nothing at the place */
  proofs({ number, index }: Place) {
    const { hash } = this.identity.suite;
    const views = this.#blocks.transactions(number);
    if (views?.[index] === undefined) {
      const { place } = this.#parts.store;
      throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", place, number, what: "place" });
    }
    return {
      transactionProof: merkleProof(
        hash,
        views.map((view) => view.hash),
        index,
      ),
      receiptProof: merkleProof(
        hash,
        views.map((view) => view.receiptHash),
        index,
      ),
    };
  }

  sealers() {
    const { ledger } = this.#parts;
    return sealersAt(ledger.state, this.#next());
  }

  observers(): readonly Uint8Array[] {
    return observersAt(this.#parts.ledger.state, this.#next());
  }

  setting(key: string) {
    return settingAt(this.#parts.ledger.state, key, this.#next());
  }

  counts() {
    return { ...this.#parts.store.counts(), pending: this.#parts.pending() };
  }

  call(to: string, input: Uint8Array, caller: Uint8Array | undefined): Outcome {
    return this.#parts.ledger.call(to, input, caller ?? NOBODY);
  }

  /** Neither system contracts nor KV tables have code or an ABI that is stored with them. */
  code(_address: string): Uint8Array {
    return EMPTY_BYTES;
  }

  abi(_address: string): string {
    return "";
  }

  submit(transaction: Uint8Array, timeoutMs: number): Promise<SubmitOutcome> {
    return this.#parts.submit(transaction, timeoutMs);
  }

  /** Nodes of the history carry no checksum: the proof is carried out. @throws LedgerDamage, StoreError */
  ancestorProof(number: number, below: number): MountainProof | undefined {
    const { store, ledger } = this.#parts;
    if (number < 0 || number >= below || below > ledger.head.header.number) return undefined;
    const [header, certified] = [this.header(number), this.header(below)];
    if (header === undefined || certified === undefined) return undefined;
    const damaged = (cause?: unknown): never => {
      const problem = { place: store.place, number: below, what: "history" };
      throw new LedgerDamage({ code: "LEDGER_BLOCK_DAMAGED", ...problem }, { cause });
    };
    let proof: MountainProof;
    try {
      proof = mountainProof((level, index) => store.mountainNode(level, index), below, number);
    } catch (thrown) {
      if (thrown instanceof CryptoError) return damaged(thrown);
      throw thrown;
    }
    return isAncestor({ header, proof }, certified, this.identity) ? proof : damaged();
  }

  stateProof(table: string, key: string, number = this.#parts.ledger.head.header.number): StateProofAnswer | undefined {
    const { ledger } = this.#parts;
    const { from, to } = ledger.provableHeights;
    // Block 0 carries no state root.
    if (number < Math.max(1, from) || number > to) return undefined;
    return ledger.state.prove(table, key, number);
  }

  #next(): number {
    return this.#parts.ledger.head.header.number + 1;
  }
}
