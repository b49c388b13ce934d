/** What stood in the newest blocks: transactions, receipts, their places, and their ways to the roots. */
import { toHex } from "../../src/base/bytes.js";
import type { BlockBody, EventMessage } from "../../src/codec/wire/eventMessage.js";
import type { HashFunction } from "../../src/crypto/hashFunction.js";
import { merkleProof } from "../../src/crypto/merkle.js";
import type { IssuedTransaction } from "./blockContent.js";
import { SimulatorError } from "./problems.js";

export const BODIES_KEPT_DEFAULT = 1_024;

export class IssuedBodies {
  readonly #hash: HashFunction;
  readonly #kept: number;
  /** Oldest first. */
  readonly #bodies = new Map<number, readonly IssuedTransaction[]>();
  readonly #places = new Map<string, { readonly number: number; readonly index: number }>();

  constructor(hash: HashFunction, kept: number) {
    this.#hash = hash;
    this.#kept = kept;
  }

  has(number: number): boolean {
    return this.#bodies.has(number);
  }

  /** @throws SimulatorError `SIMULATOR_NOT_KEPT` */
  transactions(number: number): readonly IssuedTransaction[] {
    const issued = this.#bodies.get(number);
    if (issued === undefined) throw new SimulatorError({ code: "SIMULATOR_NOT_KEPT", what: "body", number });
    return issued;
  }

  /** @throws SimulatorError `SIMULATOR_NOT_KEPT` */
  body(number: number): BlockBody {
    const issued = this.transactions(number);
    return {
      number,
      transactions: issued.map(({ bytes }) => bytes),
      receipts: issued.map(({ receiptBytes }) => receiptBytes),
    };
  }

  /** @throws SimulatorError `SIMULATOR_NOT_KEPT`; CryptoError `CRYPTO_LEAF_INDEX` */
  proofs(number: number, index: number): EventMessage {
    const issued = this.transactions(number);
    const way = (leaves: readonly Uint8Array[]) => merkleProof(this.#hash, leaves, index);
    const transactionProof = way(issued.map(({ hash }) => hash));
    const receiptProof = way(issued.map(({ receiptHash }) => receiptHash));
    const { bytes, receiptBytes } = issued[index] as IssuedTransaction;
    return { number, transaction: bytes, transactionProof, receipt: receiptBytes, receiptProof };
  }

  find(transactionHash: Uint8Array): { readonly number: number; readonly index: number } | undefined {
    return this.#places.get(toHex(transactionHash));
  }

  keep(number: number, issued: readonly IssuedTransaction[]): void {
    this.#bodies.set(number, issued);
    issued.forEach(({ hash }, index) => {
      this.#places.set(toHex(hash), { number, index });
    });
    const [oldest] = this.#bodies.keys();
    if (this.#bodies.size <= this.#kept || oldest === undefined) return;
    for (const { hash } of this.transactions(oldest)) this.#places.delete(toHex(hash));
    this.#bodies.delete(oldest);
  }
}
