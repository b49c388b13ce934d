/**
 * Whether a slot may be filled: a pure decision on what is remembered of one key.
 *
 * Remembered are, per track, a watermark (nothing at or below it is filled any more), one row per filled slot, and the
 * highest view in which a vote was signed. Votes in lower views are refused: a sealer that has moved on must not vote
 * where it has left. That is also why rows of left views may be forgotten.
 */
import { equalBytes, toHex } from "../../base/bytes.js";
import { WINDOW_PRUNED_SLOTS, WINDOW_SLOTS } from "./limits.js";
import type { KeyFamily } from "./port.js";
import type { SigningProblem, Track } from "./problems.js";
import { ordinalOf, type Slot, slotName, trackOf } from "./slots.js";

export interface FilledSlot {
  readonly slot: Slot;
  readonly digest: Uint8Array;
  /** Header form; absent between persisting the slot and signing. */
  readonly signature?: Uint8Array;
}

/** An absent watermark says that the history of this track is not known: nothing on it is signed. */
export type Watermarks = { readonly [T in Track]?: number };

export const FAMILY_TRACKS: Readonly<Record<KeyFamily, readonly Track[]>> = {
  sealer: ["height", "term"],
  account: [],
  device: ["receipt"],
};

export interface KeyHistory {
  readonly watermarks: Watermarks;
  readonly highestView: number;
  /** By slot name. */
  readonly slots: ReadonlyMap<string, FilledSlot>;
}

export type Verdict =
  | {
      readonly kind: "fill";
      readonly watermarks: Watermarks;
      readonly highestView: number;
      /** Names of the slots that are forgotten because a watermark or the highest view covers them. */
      readonly forget: readonly string[];
    }
  | { readonly kind: "again"; readonly filled: FilledSlot }
  | { readonly kind: "refuse"; readonly problem: SigningProblem };

function refuse(problem: SigningProblem): Verdict {
  return { kind: "refuse", problem };
}

/** `key` only names the key in a refusal. */
export function decide(history: KeyHistory, slot: Slot, digest: Uint8Array, key: string): Verdict {
  const track = trackOf(slot);
  const name = slotName(slot);
  const watermark = history.watermarks[track];
  if (watermark === undefined) return refuse({ code: "SIGN_HISTORY_UNKNOWN", key, track });
  // Before the watermark: what is remembered at or below it was kept on purpose (openSession.ts), and can only be repeated.
  const filled = history.slots.get(name);
  if (filled !== undefined) {
    if (equalBytes(filled.digest, digest)) return { kind: "again", filled };
    const signedDigest = toHex(filled.digest);
    return refuse({ code: "SIGN_CONFLICT", slot: name, signedDigest, refusedDigest: toHex(digest) });
  }
  if (ordinalOf(slot) <= watermark) return refuse({ code: "SIGN_BELOW_WATERMARK", slot: name, watermark });
  if (slot.kind === "vote" && slot.view < history.highestView) {
    return refuse({ code: "SIGN_VIEW_LOWER", slot: name, highestView: history.highestView });
  }
  return makeRoom(history, slot, slot.kind === "vote" ? slot.view : history.highestView);
}

function makeRoom(history: KeyHistory, slot: Slot, highestView: number): Verdict {
  const { watermarks, slots } = history;
  if (slots.size < WINDOW_SLOTS) return { kind: "fill", watermarks, highestView, forget: [] };
  const forget = staleVotes(slots, highestView).slice(0, WINDOW_PRUNED_SLOTS);
  if (forget.length > 0) return { kind: "fill", watermarks, highestView, forget };
  const track = trackOf(slot);
  const raised = raisedWatermark(slots, track, ordinalOf(slot));
  if (raised === undefined) {
    return refuse({ code: "SIGN_WINDOW_FULL", slot: slotName(slot), window: WINDOW_SLOTS });
  }
  return {
    kind: "fill",
    // Kept slots lie below the watermark: forgetting them must not lower it.
    watermarks: raiseWatermark(watermarks, track, raised),
    highestView,
    forget: coveredSlots(slots, { [track]: raised }),
  };
}

/** Votes of views that were left: a vote there is refused whether its row is kept or not. */
function staleVotes(slots: ReadonlyMap<string, FilledSlot>, highestView: number): string[] {
  const names: string[] = [];
  for (const [name, { slot }] of slots) if (slot.kind === "vote" && slot.view < highestView) names.push(name);
  return names;
}

/** High enough to forget a batch of slots, and below the one that is to be filled. */
function raisedWatermark(slots: ReadonlyMap<string, FilledSlot>, track: Track, filling: number): number | undefined {
  const lower: number[] = [];
  for (const { slot } of slots.values()) {
    const ordinal = ordinalOf(slot);
    if (trackOf(slot) === track && ordinal < filling) lower.push(ordinal);
  }
  lower.sort((a, b) => a - b);
  return lower[Math.min(WINDOW_PRUNED_SLOTS, lower.length) - 1];
}

/** Names of the slots at or below the watermarks. */
export function coveredSlots(slots: ReadonlyMap<string, FilledSlot>, watermarks: Watermarks): string[] {
  const names: string[] = [];
  for (const [name, { slot }] of slots) {
    const watermark = watermarks[trackOf(slot)];
    if (watermark !== undefined && ordinalOf(slot) <= watermark) names.push(name);
  }
  return names;
}

/** Known watermarks that are below `floor` rise to it; unknown ones stay unknown. */
export function raiseWatermark(watermarks: Watermarks, track: Track, floor: number): Watermarks {
  const now = watermarks[track];
  return now === undefined || now >= floor ? watermarks : { ...watermarks, [track]: floor };
}
