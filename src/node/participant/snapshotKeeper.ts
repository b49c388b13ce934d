/**
 * Snapshots of the state tree on the disk, so that a start need not build it from all records: one every so many blocks,
 * written chunk by chunk between other work, and one at the end.
 */

import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { Ledger } from "../../ledger/ledger.js";
import type { StateSnapshot } from "../../ledger/state/snapshot.js";
import type { StateTree } from "../../ledger/state/stateTree.js";
import { loadStateSnapshot } from "../../store/stateSnapshotReader.js";
import { SnapshotWriter, saveStateSnapshot } from "../../store/stateSnapshotWriter.js";

/** Blocks between two snapshots; a start goes through the diffs of as many, of twice as many where the newest is damaged. */
export const SNAPSHOT_EVERY_BLOCKS = 1_000;

export class SnapshotKeeper {
  readonly #folder: string;
  readonly #hashName: string;
  readonly #logger: Logger;
  readonly #everyBlocks: number;
  #writing = false;
  #stopped = false;

  /** Another number of blocks than the default serves tests. */
  constructor(folder: string, hashName: string, logger: Logger, everyBlocks = SNAPSHOT_EVERY_BLOCKS) {
    this.#everyBlocks = everyBlocks;
    this.#folder = folder;
    this.#hashName = hashName;
    this.#logger = logger;
  }

  /** For `openLedger`. Snapshots that do not serve are named in the log. */
  load(restore: (snapshot: StateSnapshot) => StateTree): StateTree | undefined {
    const { state, refused } = loadStateSnapshot(this.#folder, (snapshot) => restore(snapshot));
    for (const error of refused) this.#logger.warn({ code: error.code }, "a snapshot of the state is not used");
    return state;
  }

  /** A block is on the disk. */
  onBlock(ledger: Ledger): void {
    const { number } = ledger.head.header;
    if (this.#writing || number - ledger.snapshotHeight < this.#everyBlocks) return;
    this.#writing = true;
    void this.#write(ledger).finally(() => {
      this.#writing = false;
    });
  }

  /** The last one, in one go. */
  stop(ledger: Ledger): void {
    this.#stopped = true;
    if (ledger.head.header.number === ledger.snapshotHeight) return;
    try {
      saveStateSnapshot(this.#folder, ledger.snapshot(), this.#hashName);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  async #write(ledger: Ledger): Promise<void> {
    const snapshot = ledger.snapshot();
    let writer: SnapshotWriter | undefined;
    try {
      writer = new SnapshotWriter(this.#folder, { ...snapshot, hashName: this.#hashName });
      for (const chunk of snapshot.chunks) {
        writer.write(chunk);
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#stopped) return writer.abort();
      }
      writer.commit();
      ledger.snapshotKept(snapshot.height);
    } catch (thrown) {
      writer?.abort();
      this.#failed(thrown);
    }
  }

  /** Nothing is lost: a start without a snapshot takes longer. */
  #failed(thrown: unknown): void {
    this.#logger.warn({ code: codeOf(thrown) }, "a snapshot of the state could not be written");
  }
}
