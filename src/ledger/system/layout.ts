/**
 * Fixed layouts of records: fields one after the other, integers big-endian, texts and lists counted. A light device reads
 * a proven record with nothing but these.
 */
import { concatBytes, copyBytes, utf8Bytes } from "../../base/bytes.js";
import { LedgerError } from "../problems.js";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class LayoutWriter {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.bytes(bytes);
  }

  /** A block number: a safe integer. */
  u64(value: number): this {
    return this.i64(BigInt(value));
  }

  /** 0..2^63-1. */
  i64(value: bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value);
    return this.bytes(bytes);
  }

  /** Their length is fixed by the layout, or they are what is left. */
  bytes(value: Uint8Array): this {
    this.#parts.push(value);
    return this;
  }

  /** u32 length, UTF-8. */
  text(value: string): this {
    const bytes = utf8Bytes(value);
    return this.u32(bytes.length).bytes(bytes);
  }

  done(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

/** @throws LedgerError `LEDGER_RECORD_DAMAGED` in every method, for a record that ends early or late. */
export class LayoutReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #table: string;
  readonly #key: string;
  #at = 0;

  /** Table and key only name the record in an error. */
  constructor(bytes: Uint8Array, table: string, key: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#table = table;
    this.#key = key;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): number {
    const value = Number(this.i64());
    if (!Number.isSafeInteger(value) || value < 0) throw this.damaged();
    return value;
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return copyBytes(this.#bytes.subarray(at, at + length));
  }

  text(): string {
    return this.#text(this.u32());
  }

  /** Everything that is left, as text. */
  rest(): string {
    return this.#text(this.left);
  }

  end(): void {
    if (this.left !== 0) throw this.damaged();
  }

  damaged(options?: ErrorOptions): LedgerError {
    return new LedgerError({ code: "LEDGER_RECORD_DAMAGED", table: this.#table, key: this.#key }, options);
  }

  #text(length: number): string {
    const at = this.#take(length);
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw this.damaged({ cause });
    }
  }

  #take(length: number): number {
    if (length > this.left) throw this.damaged();
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
