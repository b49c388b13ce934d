/**
 * The start of a key: is what the disk remembers the latest there is? The anchor outside the disk knows.
 *
 * A new session is announced on the disk, raised in the anchor, then recorded on the disk. A crash in between leaves the
 * announcement, so that the same disk goes on by itself, while a copy from before the announcement is refused.
 *
 * After an unclean stop nothing new is signed at or below what the anchor has reserved: the disk may be a copy from earlier
 * in the same session. What becomes of the slots there that the disk remembers depends on how the anchor is raised:
 *
 * - "ahead", by many heights at a time: they are forgotten, and refused like all others.
 * - "each", to the very height of a slot that is on the disk already: they are kept, and signed again with the same digest.
 *   Nothing is signed before the disk it was claimed on holds it, and no slot is ever freed again. Of the disks that hold the
 *   anchor's session, the one that signed a slot therefore holds its digest; an older copy either lacks the slot, which lies
 *   at or below the watermark now, and refuses it, or holds it and can only repeat that digest. That a copy and its original
 *   fill a slot differently takes a session for each of them, and the one whose session is gone finds out before it signs.
 */
import type { Random } from "../../base/random.js";
import type { AnchorValue, KeyAnchor } from "../../crypto/keyBackend.js";
import type { SuiteName } from "../../crypto/suite.js";
import { readAnchor, writeAnchor } from "./anchorKeeper.js";
import { coveredSlots, type FilledSlot, raiseWatermark, type Watermarks } from "./guardRules.js";
import { type GuardStore, type KeyId, type KeyMarks, type KeyRecord, keyName } from "./guardStore.js";
import { assertFamily } from "./keyFamily.js";
import { SESSION_STEP_MAX } from "./limits.js";
import type { KeyFamily } from "./port.js";
import { SigningError } from "./problems.js";

export type ReserveMode = "ahead" | "each";

export interface SessionOptions {
  readonly store: GuardStore;
  readonly id: KeyId;
  readonly suite: SuiteName;
  readonly family: KeyFamily;
  readonly anchor: KeyAnchor | undefined;
  readonly random: Random;
  readonly reserve: ReserveMode;
}

export interface OpenedSession {
  readonly marks: KeyMarks;
  readonly slots: Map<string, FilledSlot>;
  /** Infinity where there is no anchor. */
  readonly reserved: number;
}

export function nextSession(session: number, random: Random): number {
  const bytes = random.bytes(2);
  return session + 1 + ((((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % SESSION_STEP_MAX);
}

/**
 * @throws SigningError `SIGN_HISTORY_UNKNOWN`, `SIGN_FAMILY_OTHER`, `SIGN_SESSION_OTHER`, `SIGN_ANCHOR_MISSING`,
 * `SIGN_ANCHOR_FAILED`, `SIGN_STORE_FAILED`
 */
export async function openSession(options: SessionOptions): Promise<OpenedSession> {
  const { store, id, anchor } = options;
  assertFamily(store, id, options.family);
  const record = store.load(id) ?? newAccount(options);
  if (record === undefined) {
    throw new SigningError({ code: "SIGN_HISTORY_UNKNOWN", key: keyName(id), track: "key" });
  }
  if (anchor === undefined)
    return recordSession(options, record, { ...record.marks, clean: false }, Number.POSITIVE_INFINITY);
  const value = await readAnchor(anchor);
  const { latest, clean } = compare(record.marks, value);
  const intended = nextSession(latest.session, options.random);
  store.commit([{ kind: "marks", id, marks: { ...record.marks, session: latest.session, intended, clean } }]);
  const { reserved } = latest;
  await writeAnchor(anchor, { session: intended, reserved });
  // Whatever an unremembered part of the last session signed lies at or below `reserved`.
  const watermarks = clean ? record.marks.watermarks : coverReserved(record.marks.watermarks, reserved);
  const marks = { ...record.marks, session: intended, intended: 0, clean: false, watermarks };
  return recordSession(options, record, marks, reserved);
}

/** An account signs nothing that can conflict, so it has no history to know. */
function newAccount({ family, suite, id }: SessionOptions): KeyRecord | undefined {
  if (family !== "account") return undefined;
  const marks = { suite, family, session: 0, intended: 0, clean: true, highestView: 0, watermarks: {} };
  return { id, marks, slots: new Map() };
}

/** @throws SigningError when the anchor has seen a session that the disk knows nothing of, or the other way round. */
function compare(
  marks: KeyMarks,
  value: AnchorValue | undefined,
): { readonly latest: AnchorValue; readonly clean: boolean } {
  const { session, intended, clean } = marks;
  if (value === undefined) {
    if (session > 0) throw new SigningError({ code: "SIGN_ANCHOR_MISSING", database: session });
    return { latest: { session: 0, reserved: 0 }, clean };
  }
  if (value.session === session) return { latest: value, clean };
  if (intended > 0 && value.session === intended) return { latest: value, clean: false };
  throw new SigningError({ code: "SIGN_SESSION_OTHER", database: session, anchor: value.session });
}

/** Raft terms are not reserved: each vote in a term raises the session instead, so no term is ever forgotten. */
export function coverReserved(watermarks: Watermarks, reserved: number): Watermarks {
  return raiseWatermark(raiseWatermark(watermarks, "height", reserved), "receipt", reserved);
}

function recordSession(
  { store, reserve }: SessionOptions,
  record: KeyRecord,
  marks: KeyMarks,
  reserved: number,
): OpenedSession {
  const slots = new Map(record.slots);
  // Kept over any number of starts: a slot may still be asked for after several crashes.
  const names = reserve === "each" ? [] : coveredSlots(slots, marks.watermarks);
  for (const name of names) slots.delete(name);
  store.commit([
    { kind: "marks", id: record.id, marks },
    { kind: "forget", id: record.id, names },
  ]);
  return { marks, slots, reserved };
}
