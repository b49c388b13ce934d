/**
 * Reads how much the engine has put into its write-ahead log. Neither engine tells, but the log's format is public and
 * fixed (sqlite.org/fileformat2.html section 4): a 32-byte header, then frames of a 24-byte header and one page. A frame
 * belongs to the current log when it repeats the two salts of the log's header; a restarted log has new salts.
 *
 * Only the log is opened here. The database file must never be opened a second time in one process: closing it would drop
 * the engine's POSIX locks (sqlite.org/howtocorrupt.html section 2.2).
 */
import { closeSync, openSync, readSync } from "node:fs";

const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const HEADER_SALTS_OFFSET = 16;
const FRAME_SALTS_OFFSET = 8;
const SALTS_BYTES = 8;

export class LogMeter {
  readonly #file: number;
  readonly #pageSize: number;
  readonly #header = new Uint8Array(LOG_HEADER_BYTES);
  readonly #frame = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
  readonly #salts = new Uint8Array(SALTS_BYTES);
  readonly #pages = new Set<number>();
  #frames = 0;
  #bytes = 0;

  /** @throws Node's error when the log cannot be opened. */
  constructor(logPath: string, pageSize: number) {
    this.#file = openSync(logPath, "r");
    this.#pageSize = pageSize;
    this.read();
    this.#bytes = 0;
  }

  /** Frames in the current log. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes put into the log, and pages copied out of it, since the meter was made. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in what the last transaction added. */
  read(): void {
    if (readSync(this.#file, this.#header, 0, LOG_HEADER_BYTES, 0) < LOG_HEADER_BYTES) return;
    if (!this.#sameSalts(this.#header, HEADER_SALTS_OFFSET)) {
      this.#salts.set(this.#header.subarray(HEADER_SALTS_OFFSET, HEADER_SALTS_OFFSET + SALTS_BYTES));
      this.#frames = 0;
      this.#bytes += LOG_HEADER_BYTES;
    }
    while (this.#readFrame()) {
      this.#frames += 1;
      this.#bytes += FRAME_HEADER_BYTES + this.#pageSize;
      this.#pages.add(this.#frame.getUint32(0));
    }
  }

  /** The engine has copied every page of the log into the database, each once. */
  copied(): void {
    this.#bytes += this.#pages.size * this.#pageSize;
    this.#pages.clear();
  }

  close(): void {
    closeSync(this.#file);
  }

  #readFrame(): boolean {
    const position = LOG_HEADER_BYTES + this.#frames * (FRAME_HEADER_BYTES + this.#pageSize);
    const got = readSync(this.#file, this.#frame, 0, FRAME_HEADER_BYTES, position);
    return got === FRAME_HEADER_BYTES && this.#sameSalts(new Uint8Array(this.#frame.buffer), FRAME_SALTS_OFFSET);
  }

  #sameSalts(bytes: Uint8Array, offset: number): boolean {
    for (let i = 0; i < SALTS_BYTES; i++) if (bytes[offset + i] !== this.#salts[i]) return false;
    return true;
  }
}
