/**
 * A slot is what a key may fill once: one digest, for ever. Tracks order slots, so that a single number, the watermark,
 * can stand for all the slots that are no longer remembered.
 */
import { EPOCH_MAX, HEIGHT_MAX, SEQUENCE_MAX } from "./limits.js";
import type { Vote } from "./port.js";
import type { Track } from "./problems.js";

export type Phase = Vote["phase"];

export type Slot =
  /** The executed header: whatever the view. */
  | { readonly kind: "header"; readonly height: number }
  | { readonly kind: "vote"; readonly height: number; readonly view: number; readonly phase: Phase }
  | { readonly kind: "raftVote"; readonly term: number }
  | { readonly kind: "receiptHead"; readonly epoch: number; readonly sequence: number };

/** As they stand in signed bytes. */
export const PHASE_BYTES: Readonly<Record<Phase, number>> = { prepare: 1, commit: 2, checkpoint: 3, viewChange: 4 };

const PHASES: ReadonlyMap<number, Phase> = new Map([
  [PHASE_BYTES.prepare, "prepare"],
  [PHASE_BYTES.commit, "commit"],
  [PHASE_BYTES.checkpoint, "checkpoint"],
  [PHASE_BYTES.viewChange, "viewChange"],
]);

export function phaseOfByte(byte: number): Phase | undefined {
  return PHASES.get(byte);
}

/** Unique per slot, readable in messages and logs, and the form in which slots are stored. */
export function slotName(slot: Slot): string {
  switch (slot.kind) {
    case "header":
      return `header/${slot.height}`;
    case "vote":
      return `vote/${slot.height}/${slot.view}/${slot.phase}`;
    case "raftVote":
      return `raftVote/${slot.term}`;
    case "receiptHead":
      return `receiptHead/${slot.epoch}/${slot.sequence}`;
  }
}

const CANONICAL_NUMBER = /^(?:0|[1-9]\d{0,15})$/;

function numberAt(parts: readonly string[], index: number, max: number): number | undefined {
  const text = parts[index];
  if (text === undefined || !CANONICAL_NUMBER.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/** The slot of exactly such a name; undefined for any other text. */
export function slotOfName(name: string): Slot | undefined {
  const parts = name.split("/");
  const first = numberAt(parts, 1, HEIGHT_MAX);
  if (first === undefined) return undefined;
  const slot = slotOfParts(parts, first);
  return slot !== undefined && slotName(slot) === name ? slot : undefined;
}

function slotOfParts(parts: readonly string[], first: number): Slot | undefined {
  switch (parts[0]) {
    case "header":
      return { kind: "header", height: first };
    case "vote": {
      const view = numberAt(parts, 2, HEIGHT_MAX);
      const phase = phaseOfByte(Object.hasOwn(PHASE_BYTES, parts[3] ?? "") ? PHASE_BYTES[parts[3] as Phase] : 0);
      return view === undefined || phase === undefined ? undefined : { kind: "vote", height: first, view, phase };
    }
    case "raftVote":
      return { kind: "raftVote", term: first };
    case "receiptHead": {
      const sequence = numberAt(parts, 2, SEQUENCE_MAX);
      return sequence === undefined || first > EPOCH_MAX ? undefined : { kind: "receiptHead", epoch: first, sequence };
    }
    default:
      return undefined;
  }
}

export function trackOf(slot: Slot): Track {
  switch (slot.kind) {
    case "header":
    case "vote":
      return "height";
    case "raftVote":
      return "term";
    case "receiptHead":
      return "receipt";
  }
}

/** epoch * 2^32 + sequence: ordered as (epoch, sequence) is. */
export function receiptOrdinal(epoch: number, sequence: number): number {
  return epoch * (SEQUENCE_MAX + 1) + sequence;
}

/** Its place on its track. */
export function ordinalOf(slot: Slot): number {
  switch (slot.kind) {
    case "header":
    case "vote":
      return slot.height;
    case "raftVote":
      return slot.term;
    case "receiptHead":
      return receiptOrdinal(slot.epoch, slot.sequence);
  }
}
