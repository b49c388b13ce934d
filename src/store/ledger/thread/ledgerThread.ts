/**
 * The ledger on disk in a thread of its own: what SQLite computes, and what the disk takes, holds nobody up who writes
 * through `writer`. The thread has the only connection; whoever reads stands still until it has answered.
 *
 * While a block is on its way to the disk, reads show the chain without it, whether the thread has come to it or not: what
 * the block changes is known here. So everybody sees a block at one moment, the one at which it is durable.
 */
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable, Worker } from "node:worker_threads";
import type { RecordName } from "../../../ledger/records.js";
import type {
  BlockWrite,
  LedgerCounts,
  LedgerStore,
  LedgerWriter,
  RecordDiff,
  StoredBody,
  StoredPlace,
  StoredProposal,
} from "../../../ledger/store.js";
import { anyCode } from "../../engineErrors.js";
import { StoreError } from "../../problems.js";
import { type BlockRows, rowsOf } from "../blockRows.js";
import { assertNext } from "../order.js";
import { decodeBody, decodeDiffs, decodeProposal, encodeProposal } from "../rows.js";
import { pagedRecords, type StoredRecord } from "../sqliteLedgerStore.js";
import type { AnswerMessage, CallMessage, LedgerCalls } from "./calls.js";
import type { LedgerThreadData, OpenedMessage } from "./ledgerThreadMain.js";
import { ANSWER_WAIT_MS } from "./limits.js";

export const LEDGER_THREAD_PROGRAM = fileURLToPath(new URL("./ledgerThreadMain.js", import.meta.url));

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: StoreError) => void;
}

interface LedgerThreadParts {
  readonly path: string;
  readonly worker: Worker;
  readonly standing: MessagePort;
  readonly walking: MessagePort;
  readonly signal: SharedArrayBuffer;
}

export class LedgerThread implements LedgerStore {
  readonly place: string;
  readonly writer: LedgerWriter;
  readonly #parts: LedgerThreadParts;
  readonly #signal: Int32Array;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #head: number | undefined;
  #counts: LedgerCounts;
  /** On its way to the disk. */
  #underWay: BlockWrite | undefined;
  #open = true;
  /** Why the thread answers no more. */
  #gone: string | undefined;

  /** Only `openLedgerThread` makes one. */
  constructor(parts: LedgerThreadParts, { head, counts }: Extract<OpenedMessage, { counts: unknown }>) {
    this.place = parts.path;
    this.#parts = parts;
    this.#signal = new Int32Array(parts.signal);
    this.#head = head;
    this.#counts = counts;
    this.writer = {
      keepProposal: (proposal) => this.#keepLater(encodeProposal(proposal)),
      commit: (block) => this.#commitLater(block),
    };
    const { walking, worker } = parts;
    walking.on("message", (answer: AnswerMessage) => this.#settle(answer));
    worker.on("error", (thrown) => this.#end(anyCode(thrown)));
    worker.on("exit", (code) => this.#end(`exit ${code}`));
    // A store that is open keeps no program alive; a write that is under way does.
    walking.unref();
    worker.unref();
  }

  head(): number | undefined {
    return this.#head;
  }

  counts(): LedgerCounts {
    return this.#counts;
  }

  header(number: number): Uint8Array | undefined {
    return this.#isUnderWay(number) ? undefined : this.#ask("header", number);
  }

  body(number: number): StoredBody | undefined {
    const bytes = this.#isUnderWay(number) ? undefined : this.#ask("body", number);
    return bytes === undefined ? undefined : decodeBody(bytes);
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    const number = this.#ask("numberOf", blockHash);
    return number === undefined || this.#isUnderWay(number) ? undefined : number;
  }

  placeOf(transactionHash: Uint8Array): StoredPlace | undefined {
    const place = this.#ask("placeOf", transactionHash);
    return place === undefined || this.#isUnderWay(place.number) ? undefined : place;
  }

  record(table: string, key: string): Uint8Array | undefined {
    const changed = this.#underWay?.diffs.find((diff) => diff.key === key && diff.table === table);
    return changed === undefined ? this.#ask("record", table, key) : changed.before;
  }

  /** @throws StoreError `STORE_WRITE_INVALID` (a bug) while a block is on its way: they would be of two states. */
  records(): Iterable<StoredRecord> {
    return pagedRecords((last: RecordName) => {
      const value = this.#underWay?.number;
      if (value === undefined) return this.#ask("recordsAfter", last);
      throw new StoreError({ code: "STORE_WRITE_INVALID", what: "records during block", value, limit: value - 1 });
    });
  }

  diffs(number: number): readonly RecordDiff[] | undefined {
    const bytes = this.#isUnderWay(number) ? undefined : this.#ask("diffs", number);
    return bytes === undefined ? undefined : decodeDiffs(bytes);
  }

  mountainNode(level: number, index: number): Uint8Array | undefined {
    const isNew = this.#underWay?.mountainNodes.some((node) => node.level === level && node.index === index) ?? false;
    return isNew ? undefined : this.#ask("mountainNode", level, index);
  }

  proposal(): StoredProposal | undefined {
    const bytes = this.#ask("proposal");
    return bytes === undefined ? undefined : decodeProposal(bytes);
  }

  keepProposal(proposal: StoredProposal): void {
    this.#ask("keepProposal", encodeProposal(proposal));
  }

  commit(block: BlockWrite): void {
    this.#assertNext(block.number);
    this.#ask("commit", rowsOf(block));
    this.#committed(block);
  }

  /** Whoever closes it has waited for the writes under way: the thread may come to them no more. */
  close(): void {
    if (!this.#open) return;
    try {
      if (this.#gone === undefined) this.#ask("close");
    } finally {
      this.#open = false;
      this.#parts.walking.close();
      this.#parts.standing.close();
      void this.#parts.worker.terminate();
      this.#end("STORE_CLOSED");
    }
  }

  /** @throws StoreError as the store's own calls; `STORE_IO` where no answer comes. */
  #ask<K extends keyof LedgerCalls>(name: K, ...args: Parameters<LedgerCalls[K]>): ReturnType<LedgerCalls[K]> {
    this.#assertServing();
    const message: CallMessage = { id: ++this.#calls, name, args };
    this.#parts.standing.postMessage(message);
    const { value, problem } = this.#answerTo(message.id);
    if (problem !== undefined) throw new StoreError(problem);
    return value as ReturnType<LedgerCalls[K]>;
  }

  #answerTo(id: number): AnswerMessage {
    for (;;) {
      const raised = Atomics.load(this.#signal, 0);
      const received = receiveMessageOnPort(this.#parts.standing) as { readonly message: AnswerMessage } | undefined;
      if (received?.message.id === id) return received.message;
      if (received !== undefined) continue;
      if (Atomics.wait(this.#signal, 0, raised, ANSWER_WAIT_MS) === "timed-out") {
        throw new StoreError({ code: "STORE_IO", path: this.place, engineCode: "ETIMEDOUT" });
      }
    }
  }

  #keepLater(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#later("keepProposal", bytes, [bytes.buffer]);
  }

  async #commitLater(block: BlockWrite): Promise<void> {
    this.#assertNext(block.number);
    const rows = rowsOf(block);
    // Where this fails, the block stays unseen: it may or may not be found after the store is opened anew.
    this.#underWay = block;
    await this.#later("commit", rows, [rows.body.buffer, rows.diffs.buffer, rows.hashes.buffer]);
    this.#committed(block);
  }

  #committed(block: BlockWrite): void {
    const { transactions, failed } = this.#counts;
    this.#underWay = undefined;
    this.#head = block.number;
    this.#counts = { transactions: transactions + block.transactions.length, failed: failed + block.failed };
  }

  #later(name: "keepProposal" | "commit", argument: Uint8Array | BlockRows, moved: Transferable[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#assertServing();
      const message: CallMessage = { id: ++this.#calls, name, args: [argument] };
      const { walking } = this.#parts;
      walking.postMessage(message, moved);
      walking.ref();
      this.#waiting.set(message.id, { resolve, reject });
    });
  }

  #settle({ id, problem }: AnswerMessage): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#parts.walking.unref();
    if (problem === undefined) waiting.resolve();
    else waiting.reject(new StoreError(problem));
  }

  /** Of what is under way nothing is known. */
  #end(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#stopped(reason));
  }

  #assertServing(): void {
    if (!this.#open) throw new StoreError({ code: "STORE_CLOSED", path: this.place });
    if (this.#gone !== undefined) throw this.#stopped(this.#gone);
  }

  #assertNext(number: number): void {
    this.#assertServing();
    assertNext(number, this.#head);
    const limit = this.#underWay?.number;
    if (limit !== undefined)
      throw new StoreError({ code: "STORE_WRITE_INVALID", what: "blocks", value: number, limit });
  }

  #isUnderWay(number: number): boolean {
    return this.#underWay?.number === number;
  }

  #stopped(cause: string): StoreError {
    return new StoreError({ code: "STORE_STOPPED", path: this.place, cause });
  }
}

/**
 * @param program compiled `ledgerThreadMain`, where it is not beside this file
 * @returns undefined where no thread can be started
 * @throws StoreError as `openSqliteLedgerStore`
 */
export async function openLedgerThread(
  path: string,
  program: string = LEDGER_THREAD_PROGRAM,
): Promise<LedgerThread | undefined> {
  const [standing, walking] = [new MessageChannel(), new MessageChannel()];
  const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const workerData: LedgerThreadData = { path, standing: standing.port2, walking: walking.port2, signal };
  const transferList = [standing.port2, walking.port2];
  // Flags of the calling program, such as a test runner's, are not for this one.
  const worker = new Worker(program, { workerData, transferList, execArgv: [] });
  const opened = await firstMessage(worker);
  if (opened !== undefined && !("problem" in opened)) {
    const parts = { path, worker, standing: standing.port1, walking: walking.port1, signal };
    return new LedgerThread(parts, opened);
  }
  standing.port1.close();
  walking.port1.close();
  await worker.terminate();
  if (opened !== undefined) throw new StoreError(opened.problem);
  return undefined;
}

function firstMessage(worker: Worker): Promise<OpenedMessage | undefined> {
  return new Promise((resolve) => {
    worker.once("message", resolve);
    worker.once("error", () => resolve(undefined));
    worker.once("exit", () => resolve(undefined));
  });
}
