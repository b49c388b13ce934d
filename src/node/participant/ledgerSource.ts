/**
 * The participant's own ledger as the node its publisher follows. The publisher's light client verifies every header as if a
 * stranger had made it: what goes out was checked by the rules that everybody else applies.
 */
import { toHex } from "../../base/bytes.js";
import { codeOf, DomainError } from "../../base/error.js";
import type { LightMessage } from "../../chain/lightMessages.js";
import type { StateProofAnswer } from "../../codec/edgeseal/stateAnswer.js";
import { transactionDataHash } from "../../codec/fisco/transactionHash.js";
import { decodeTransaction } from "../../codec/fisco/transactionTars.js";
import type { HashedHeader } from "../../codec/hashedHeader.js";
import type { AncestorAnswer } from "../../codec/wire/ancestorMessage.js";
import type { BlockBody, EventMessage } from "../../codec/wire/eventMessage.js";
import { addressText } from "../../ledger/execution.js";
import type { ChainSource, ChainSourceFactory, ChainSourceParts, SendOutcome } from "../upstream.js";
import type { ChainView, Place } from "./chainView.js";

/** How long a transaction from MQTT waits for its block. */
export const SEND_WAIT_MS = 10_000;
/** FISCO's codes of a transaction that waits, or waited in vain, for its block; every other refusal is final. */
const ALREADY_IN_POOL = 10_004;
const TRANSACTION_POOL_TIMEOUT = 10_010;

export interface LedgerSources {
  readonly factory: ChainSourceFactory;
  /** A block is on the disk. */
  announce(header: HashedHeader): void;
}

export function ledgerSources(view: ChainView): LedgerSources {
  let source: LedgerSource | undefined;
  return {
    factory: (parts) => {
      source = new LedgerSource(view, parts);
      return source;
    },
    announce: (header) => source?.announce(header),
  };
}

class LedgerSource implements ChainSource {
  readonly name = "ledger";
  readonly #view: ChainView;
  readonly #parts: ChainSourceParts;
  #stopped = false;

  constructor(view: ChainView, parts: ChainSourceParts) {
    this.#view = view;
    this.#parts = parts;
  }

  start(): void {
    const { chainId, groupId, wire, segmentSize, emit } = this.#parts;
    emit({ kind: "connected", source: this.name });
    const record = {
      ...{ chainId, groupId, segmentSize, profile: wire.profile, firstNumber: 0, watched: [] },
      // Nothing is retained here: the light client asks.
      retainedFrom: Number.MAX_SAFE_INTEGER,
    };
    emit({ kind: "record", source: this.name, record });
    if (this.#view.head().header.number > 0) this.announce(this.#view.head());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  announce(header: HashedHeader): void {
    if (!this.#stopped) this.#parts.emit({ kind: "head", source: this.name, header });
  }

  send(message: LightMessage): void {
    if (message.kind === "request") queueMicrotask(() => this.#answer(message));
  }

  async headers(from: number, count: number): Promise<HashedHeader[]> {
    const headers: HashedHeader[] = [];
    for (let number = from; number < from + count; number++) {
      const header = this.#view.header(number);
      if (header === undefined) break;
      headers.push(header);
    }
    return headers;
  }

  async block(number: number): Promise<BlockBody | undefined> {
    const views = this.#view.transactions(number);
    if (views === undefined) return undefined;
    return {
      number,
      transactions: views.map(({ bytes }) => bytes),
      receipts: views.map(({ receiptBytes }) => receiptBytes),
    };
  }

  async proof(transactionHash: Uint8Array): Promise<EventMessage | undefined> {
    const place = this.#view.place(transactionHash);
    return place === undefined ? undefined : this.#event(place);
  }

  /** Sent again after its block was made, a transaction is answered with the same proof as the first time. */
  async sendTransaction(transaction: Uint8Array): Promise<SendOutcome> {
    const carriedOut = this.#placeOf(transaction);
    const outcome =
      carriedOut === undefined
        ? await this.#view.submit(transaction, SEND_WAIT_MS)
        : ({ kind: "included", place: carriedOut } as const);
    if (outcome.kind === "refused") {
      const waits = outcome.code === TRANSACTION_POOL_TIMEOUT || outcome.code === ALREADY_IN_POOL;
      return waits ? { status: "pending" } : { status: "refused", code: outcome.message };
    }
    const event = this.#event(outcome.place);
    return event === undefined ? { status: "pending" } : { status: "proven", event };
  }

  #placeOf(bytes: Uint8Array): Place | undefined {
    try {
      const { data } = decodeTransaction(bytes).transaction;
      return this.#view.place(transactionDataHash(this.#view.identity.suite.hash, data));
    } catch (thrown) {
      // What cannot be read is refused where everything else is.
      if (thrown instanceof DomainError) return undefined;
      throw thrown;
    }
  }

  async callsTo(number: number, addresses: readonly Uint8Array[]) {
    const wanted = new Map(addresses.map((address) => [toHex(address), address]));
    return (this.#view.transactions(number) ?? []).flatMap(({ transaction, hash }) => {
      const to = wanted.get(addressText(transaction.data.to));
      return to === undefined ? [] : [{ hash, to }];
    });
  }

  async ancestor(number: number, below: number): Promise<AncestorAnswer | undefined> {
    const header = this.#view.header(number);
    const proof = this.#view.ancestorProof(number, below);
    return header === undefined || proof === undefined ? undefined : { header, proof };
  }

  async stateProof(table: string, key: string, number: number | undefined): Promise<StateProofAnswer | undefined> {
    return this.#view.stateProof(table, key, number);
  }

  #event(place: Place): EventMessage | undefined {
    const view = this.#view.transactions(place.number)?.[place.index];
    if (view === undefined) return undefined;
    const { transactionProof, receiptProof } = this.#view.proofs(place);
    return {
      number: place.number,
      transaction: view.bytes,
      transactionProof,
      receipt: view.receiptBytes,
      receiptProof,
    };
  }

  async #answer({ id, question }: Extract<LightMessage, { kind: "request" }>): Promise<void> {
    const { emit, count } = this.#parts;
    const answered = { source: this.name, id: toHex(id) } as const;
    try {
      if (question.what === "headers") {
        const headers = await this.headers(question.from, question.count);
        emit({ kind: "headers", ...answered, stretch: { headers, signed: true, signedHeaders: () => headers } });
        return;
      }
      const body = question.what === "block" ? await this.block(question.number) : undefined;
      if (body === undefined) emit({ kind: "declined", ...answered, status: "unavailable" });
      else emit({ kind: "block", ...answered, body });
    } catch (thrown) {
      // Damage on the disk: the block is not served, and the node says why where it is asked for its status.
      count(codeOf(thrown));
      emit({ kind: "declined", ...answered, status: "unavailable" });
    }
  }
}
