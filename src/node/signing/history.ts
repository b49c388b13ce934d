/**
 * What a key has signed, carried from one disk to another, or stated by an operator.
 *
 * The file is JSON:
 *
 *     { "edgesealSigning": 1,
 *       "keys": [ { "chain": 32 bytes hex, "publicKey": 64 bytes hex, "marks": { suite, family, session, intended, clean,
 *                   highestView, watermarks: { height, term, receipt } }, "slots": [ { slot, digest, signature? } ] } ],
 *       "sha256": of the text of `keys` as JSON.stringify writes it, keys and slots sorted }
 *
 * A watermark of null says that nothing is known of that track. Merging only raises: watermarks and views by maximum, slots
 * by union. A slot with two digests is proof that the key signed twice; then nothing is taken over.
 */
import { createHash } from "node:crypto";
import { copyBytes, equalBytes, fromHex, toHex } from "../../base/bytes.js";
import { parseJson } from "../../codec/json.js";
import type { AnchorValue, KeyAnchor } from "../../crypto/keyBackend.js";
import { HASH_BYTES, PUBLIC_KEY_BYTES, type SuiteName } from "../../crypto/suite.js";
import { readAnchor } from "./anchorKeeper.js";
import { coveredSlots, FAMILY_TRACKS, type FilledSlot, type Watermarks } from "./guardRules.js";
import { type GuardStore, type GuardWrite, type KeyId, type KeyMarks, type KeyRecord, keyName } from "./guardStore.js";
import { assertFamily } from "./keyFamily.js";
import { HISTORY_CHARACTERS_MAX } from "./limits.js";
import { isObject, marksFromValue, marksToValue } from "./marksJson.js";
import { coverReserved } from "./openSession.js";
import type { KeyFamily } from "./port.js";
import { SigningError } from "./problems.js";
import { slotName, slotOfName } from "./slots.js";

export const HISTORY_FORMAT = 1;
const UNUSED_ANCHOR: AnchorValue = { session: 0, reserved: 0 };
const DIGEST_HEX = /^[0-9a-f]{64}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;

/** The anchor of a key, where its home has one; asked for when a history is taken over. */
export type AnchorOf = (id: KeyId) => KeyAnchor | undefined;

/** Every key of a store, or one, as text. @throws SigningError `SIGN_STORE_FAILED` */
export function exportHistory(store: GuardStore, only?: KeyId): string {
  const wanted = only === undefined ? undefined : keyName(only);
  const records = store.keys().filter(({ id }) => wanted === undefined || keyName(id) === wanted);
  const keys = canonicalKeys(records);
  return `${JSON.stringify({ edgesealSigning: HISTORY_FORMAT, keys, sha256: sumOf(keys) }, undefined, 1)}\n`;
}

function canonicalKeys(records: readonly KeyRecord[]) {
  return records
    .map(({ id, marks, slots }) => ({
      chain: toHex(id.chain),
      publicKey: toHex(id.publicKey),
      marks: marksToValue(marks),
      slots: [...slots.values()].map(slotToValue).sort((a, b) => (a.slot < b.slot ? -1 : 1)),
    }))
    .sort((a, b) => (a.chain + a.publicKey < b.chain + b.publicKey ? -1 : 1));
}

function slotToValue({ slot, digest, signature }: FilledSlot) {
  const value = { slot: slotName(slot), digest: toHex(digest) };
  return signature === undefined ? value : { ...value, signature: toHex(signature) };
}

function sumOf(keys: ReturnType<typeof canonicalKeys>): string {
  return createHash("sha256").update(JSON.stringify(keys)).digest("hex");
}

/** @throws SigningError `SIGN_HISTORY_FILE`, `SIGN_HISTORY_CHECKSUM` */
export function readHistory(text: string): KeyRecord[] {
  const value = parsed(text);
  if (!isObject(value) || value.edgesealSigning !== HISTORY_FORMAT) return refuseFile("format");
  if (!Array.isArray(value.keys)) return refuseFile("keys");
  const records = value.keys.map(recordFrom);
  if (new Set(records.map(({ id }) => keyName(id))).size !== records.length) return refuseFile("keys");
  if (sumOf(canonicalKeys(records)) !== value.sha256) throw new SigningError({ code: "SIGN_HISTORY_CHECKSUM" });
  return records;
}

function refuseFile(what: string): never {
  throw new SigningError({ code: "SIGN_HISTORY_FILE", what });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text, { lengthMax: HISTORY_CHARACTERS_MAX });
  } catch (thrown) {
    throw new SigningError({ code: "SIGN_HISTORY_FILE", what: "JSON" }, { cause: thrown });
  }
}

function recordFrom(value: unknown): KeyRecord {
  if (!isObject(value)) return refuseFile("key");
  const marks = marksFromValue(value.marks);
  if (marks === undefined) return refuseFile("marks");
  const chain = hexFrom(value.chain, HASH_BYTES, "chain");
  const publicKey = hexFrom(value.publicKey, PUBLIC_KEY_BYTES, "publicKey");
  if (!Array.isArray(value.slots)) return refuseFile("slots");
  const slots = new Map(value.slots.map(filledFrom).map((filled) => [slotName(filled.slot), filled]));
  if (slots.size !== value.slots.length) return refuseFile("slots");
  return { id: { chain, publicKey }, marks, slots };
}

function hexFrom(value: unknown, length: number, what: string): Uint8Array {
  if (typeof value !== "string" || value.length !== 2 * length || !HEX.test(value)) return refuseFile(what);
  return fromHex(value);
}

function filledFrom(value: unknown): FilledSlot {
  if (!isObject(value) || typeof value.slot !== "string") return refuseFile("slot");
  const slot = slotOfName(value.slot);
  if (slot === undefined || typeof value.digest !== "string" || !DIGEST_HEX.test(value.digest))
    return refuseFile("slot");
  const digest = fromHex(value.digest);
  const { signature } = value;
  if (signature === undefined) return { slot, digest };
  if (typeof signature !== "string" || !HEX.test(signature)) return refuseFile("signature");
  return { slot, digest, signature: fromHex(signature) };
}

/**
 * Merges a history file into a store that no guard uses. Importing twice is importing once.
 * @throws SigningError `SIGN_HISTORY_FILE`, `SIGN_HISTORY_CHECKSUM`, `SIGN_HISTORY_CONFLICT`, `SIGN_FAMILY_OTHER`,
 * `SIGN_ANCHOR_FAILED`, `SIGN_STORE_FAILED`; nothing has changed then.
 */
export async function importHistory(store: GuardStore, text: string, anchorOf: AnchorOf): Promise<void> {
  const writes: GuardWrite[] = [];
  for (const imported of readHistory(text)) {
    assertFamily(store, imported.id, imported.marks.family);
    const anchor = anchorOf(imported.id);
    const found = anchor === undefined ? undefined : ((await readAnchor(anchor)) ?? UNUSED_ANCHOR);
    writes.push(...mergeKey(store.load(imported.id), imported, found));
  }
  store.commit(writes);
}

function mergeKey(own: KeyRecord | undefined, imported: KeyRecord, anchor: AnchorValue | undefined): GuardWrite[] {
  const { id, marks } = imported;
  const session = anchor?.session;
  const ownComplete = isComplete(own, session);
  const importedComplete = isComplete(imported, session);
  const watermarks = mergeWatermarks(
    ownComplete ? own?.marks.watermarks : withoutTerms(own?.marks.watermarks),
    importedComplete ? marks.watermarks : withoutTerms(marks.watermarks),
  );
  const highestView = Math.max(own?.marks.highestView ?? 0, marks.highestView);
  const merged = new Map(own?.slots);
  const writes: GuardWrite[] = [];
  for (const [name, filled] of imported.slots) {
    const known = merged.get(name);
    if (known === undefined) {
      merged.set(name, filled);
      writes.push({ kind: "fill", id, filled });
    } else if (!equalBytes(known.digest, filled.digest)) {
      const digests = { own: toHex(known.digest), imported: toHex(filled.digest) };
      throw new SigningError({ code: "SIGN_HISTORY_CONFLICT", slot: name, ...digests });
    }
  }
  const base = own?.marks ?? { ...marks, session: 0, intended: 0, clean: false };
  const merging = takeOver({ ...base, watermarks, highestView }, session);
  const taken = ownComplete && importedComplete ? merging : distrustReserved(merging, anchor);
  // A slot above an unknown watermark is kept: it is known all the same.
  const names = coveredSlots(merged, taken.watermarks);
  return [{ kind: "marks", id, marks: taken }, ...writes, { kind: "forget", id, names }];
}

/**
 * Every vote in a term begins another session, so terms are known only to a history that holds the anchor's own session.
 * What other histories miss at heights lies at or below what the anchor has reserved.
 */
function isComplete(record: KeyRecord | undefined, session: number | undefined): boolean {
  if (session === undefined || record === undefined) return true;
  return record.marks.session === session || (session > 0 && record.marks.intended === session);
}

function withoutTerms(watermarks: Watermarks | undefined): Watermarks {
  const { term: _unknown, ...known } = watermarks ?? {};
  return known;
}

function mergeWatermarks(own: Watermarks | undefined, imported: Watermarks): Watermarks {
  const merged: { -readonly [T in keyof Watermarks]: Watermarks[T] } = { ...own };
  for (const track of ["height", "term", "receipt"] as const) {
    const theirs = imported[track];
    if (theirs !== undefined) merged[track] = Math.max(merged[track] ?? 0, theirs);
  }
  return merged;
}

/** A disk that did not hold the anchor's session takes it over as after an unclean stop: nothing reserved is signed. */
function takeOver(marks: KeyMarks, session: number | undefined): KeyMarks {
  if (session === undefined || marks.session === session) return marks;
  return { ...marks, session, intended: 0, clean: false };
}

/**
 * What another session's disk remembers of reserved heights may have been claimed and never signed, and another digest signed
 * in its place. Once the session is taken over nobody could tell such a slot from the others, so it is forgotten here. A
 * history that stopped in order knows of everything that was signed, and takes what does not contradict it.
 */
function distrustReserved(marks: KeyMarks, anchor: AnchorValue | undefined): KeyMarks {
  if (anchor === undefined || marks.clean) return marks;
  return { ...marks, watermarks: coverReserved(marks.watermarks, anchor.reserved) };
}

export interface Advance {
  readonly suite: SuiteName;
  readonly family: KeyFamily;
  /** Everything at or below is refused from now on. Tracks that are left out stay as they are. */
  readonly to: Watermarks;
  readonly view?: number;
  readonly anchor: KeyAnchor | undefined;
}

/**
 * An operator vouches that nothing above these watermarks was ever signed: for a new key, or after a loss. What the anchor
 * has reserved is refused at the next start all the same, when the disk did not hold the anchor's session.
 * @throws SigningError `SIGN_ADVANCE_LOWER`, `SIGN_FAMILY_OTHER`, `SIGN_FIELD_INVALID`, `SIGN_ANCHOR_FAILED`,
 * `SIGN_STORE_FAILED`; nothing has changed then.
 */
export async function advanceHistory(store: GuardStore, id: KeyId, advance: Advance): Promise<KeyMarks> {
  const { suite, family, to, view, anchor } = advance;
  const own = store.load(id);
  assertFamily(store, id, family);
  const found = anchor === undefined ? undefined : ((await readAnchor(anchor)) ?? UNUSED_ANCHOR);
  const session = found?.session;
  const base: KeyMarks = own?.marks ?? {
    ...{ suite, family, session: 0, intended: 0, clean: true },
    ...{ highestView: 0, watermarks: {} },
  };
  const complete = isComplete(own, session);
  const known = complete ? base.watermarks : withoutTerms(base.watermarks);
  const watermarks = { ...known, ...advanced(base.watermarks, to, family) };
  if (view !== undefined && view < base.highestView) {
    throw new SigningError({ code: "SIGN_ADVANCE_LOWER", track: "view", from: base.highestView, to: view });
  }
  const taken = takeOver({ ...base, watermarks, highestView: view ?? base.highestView }, session);
  const marks = complete ? taken : distrustReserved(taken, found);
  const names = coveredSlots(own?.slots ?? new Map(), marks.watermarks);
  const copy = { chain: copyBytes(id.chain), publicKey: copyBytes(id.publicKey) };
  store.commit([
    { kind: "marks", id: copy, marks },
    { kind: "forget", id: copy, names },
  ]);
  return marks;
}

/** The tracks that `to` states, none of them lower than before. */
function advanced(own: Watermarks, to: Watermarks, family: KeyFamily): Watermarks {
  const stated: { -readonly [T in keyof Watermarks]: Watermarks[T] } = {};
  for (const track of ["height", "term", "receipt"] as const) {
    const mark = to[track];
    if (mark === undefined) continue;
    const sound = Number.isSafeInteger(mark) && mark >= 0 && FAMILY_TRACKS[family].includes(track);
    if (!sound) throw new SigningError({ code: "SIGN_FIELD_INVALID", purpose: "advance", field: track });
    const from = own[track] ?? 0;
    if (mark < from) throw new SigningError({ code: "SIGN_ADVANCE_LOWER", track, from, to: mark });
    stated[track] = mark;
  }
  return stated;
}
