/** The guard's memory without a disk: for tests, and for what forgets on purpose. */
import { copyBytes, equalBytes } from "../../base/bytes.js";
import type { FilledSlot } from "./guardRules.js";
import { type GuardStore, type GuardWrite, type KeyId, type KeyMarks, type KeyRecord, keyName } from "./guardStore.js";
import { SigningError } from "./problems.js";
import { slotName } from "./slots.js";

interface StoredKey {
  readonly id: KeyId;
  readonly marks: KeyMarks;
  readonly slots: ReadonlyMap<string, FilledSlot>;
}

/** What survives a crash; one value per commit, so that a copy of it is an image of the disk. */
export interface MemoryGuardDisk {
  keys: ReadonlyMap<string, StoredKey>;
}

export function memoryGuardDisk(): MemoryGuardDisk {
  return { keys: new Map() };
}

function copyFilled(filled: FilledSlot): FilledSlot {
  const { slot, digest, signature } = filled;
  if (signature === undefined) return { slot, digest: copyBytes(digest) };
  return { slot, digest: copyBytes(digest), signature: copyBytes(signature) };
}

export class MemoryGuardStore implements GuardStore {
  readonly place = "memory";
  readonly #disk: MemoryGuardDisk;
  #open = true;

  constructor(disk: MemoryGuardDisk = memoryGuardDisk()) {
    this.#disk = disk;
  }

  keys(): KeyRecord[] {
    this.#assertOpen();
    return [...this.#disk.keys.values()];
  }

  load(id: KeyId): KeyRecord | undefined {
    this.#assertOpen();
    return this.#disk.keys.get(keyName(id));
  }

  commit(writes: readonly GuardWrite[]): void {
    this.#assertOpen();
    const keys = new Map(this.#disk.keys);
    const opened = new Map<string, Map<string, FilledSlot>>();
    for (const write of writes) {
      const name = keyName(write.id);
      const before = keys.get(name);
      const slots = opened.get(name) ?? new Map(before?.slots);
      opened.set(name, slots);
      if (write.kind !== "marks") changeSlots(slots, write);
      const marks = write.kind === "marks" ? write.marks : before?.marks;
      if (marks === undefined)
        throw new SigningError({ code: "SIGN_STORE_FAILED", place: this.place, reason: "SHAPE" });
      keys.set(name, { id: write.id, marks, slots });
    }
    this.#disk.keys = keys;
  }

  close(): void {
    this.#open = false;
  }

  #assertOpen(): void {
    if (!this.#open) throw new SigningError({ code: "SIGN_STORE_FAILED", place: this.place, reason: "STORE_CLOSED" });
  }
}

function changeSlots(slots: Map<string, FilledSlot>, write: Exclude<GuardWrite, { kind: "marks" }>): void {
  if (write.kind === "forget") {
    for (const name of write.names) slots.delete(name);
    return;
  }
  const name = slotName(write.filled.slot);
  const known = slots.get(name);
  if (write.kind === "fill") {
    if (known !== undefined) throw new SigningError({ code: "SIGN_SLOT_REWRITTEN", slot: name });
    slots.set(name, copyFilled(write.filled));
  } else if (known !== undefined && equalBytes(known.digest, write.filled.digest)) {
    slots.set(name, copyFilled(write.filled));
  }
}
