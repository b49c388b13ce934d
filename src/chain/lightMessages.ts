/** What goes into and comes out of the light client. */

import type { SealerSet } from "../codec/fisco/header.js";
import type { HashedHeader } from "../codec/hashedHeader.js";
import type { SealerChange } from "../codec/wire/changeMessage.js";
import type { BlockBody, EventMessage } from "../codec/wire/eventMessage.js";
import type { ChainRecord } from "../codec/wire/recordMessage.js";
import type { Question, ResponseStatus } from "../codec/wire/requestMessage.js";
import type { Subject } from "../codec/wire/topics.js";
import type { EventVerdict } from "./eventEvidence.js";
import type { ForkEvidence } from "./forkEvidence.js";
import type { ChainProblem } from "./problems.js";
import type { HeaderStatus } from "./store.js";

/** Headers in a row as they came in, with their encoded form where there is one. */
export interface HeaderStretch {
  /** Perhaps without their signatures. */
  readonly headers: readonly HashedHeader[];
  readonly signed: boolean;
  /** With them. */
  readonly signedHeaders: () => readonly HashedHeader[];
  /** The very bytes, for storing them as they are; absent when the source speaks another format (JSON-RPC). */
  readonly bytes?: Uint8Array;
  /** The same without signatures. */
  readonly linkedBytes?: () => Uint8Array;
}

export type LightInput =
  | { readonly kind: "connected"; readonly source: string }
  | { readonly kind: "disconnected"; readonly source: string }
  | { readonly kind: "record"; readonly source: string; readonly record: ChainRecord }
  | { readonly kind: "head"; readonly source: string; readonly header: HashedHeader }
  | { readonly kind: "changeIndex"; readonly source: string; readonly heights: readonly number[] }
  | { readonly kind: "change"; readonly source: string; readonly change: SealerChange }
  | { readonly kind: "segment"; readonly source: string; readonly start: number; readonly stretch: HeaderStretch }
  | { readonly kind: "headers"; readonly source: string; readonly id: string; readonly stretch: HeaderStretch }
  | { readonly kind: "block"; readonly source: string; readonly id: string; readonly body: BlockBody }
  | { readonly kind: "declined"; readonly source: string; readonly id: string; readonly status: ResponseStatus }
  | { readonly kind: "event"; readonly source: string; readonly event: EventMessage }
  /** Bytes that could not be decoded; `subject` and `id` tell which wait they end, where that is known. */
  | {
      readonly kind: "malformed";
      readonly source: string;
      readonly code: string;
      readonly subject?: Subject;
      readonly id?: string;
    }
  /** Whether the system clock is known to be set. */
  | { readonly kind: "clock"; readonly set: boolean }
  /** The operator accepts the sealers that header `number` of this hash carries. */
  | { readonly kind: "acceptSealers"; readonly number: number; readonly hash: Uint8Array };

export type LightMessage =
  | { readonly kind: "subscribe"; readonly source: string; readonly subjects: readonly Subject[] }
  | { readonly kind: "unsubscribe"; readonly source: string; readonly subjects: readonly Subject[] }
  | { readonly kind: "request"; readonly source: string; readonly id: Uint8Array; readonly question: Question };

/**
 * - `OFFLINE`: no source is connected.
 * - `SYNCING`: below the newest header shown. `FOLLOWING`: at it.
 * - `STALE`: the newest certified header is older than allowed; headers may be withheld from us.
 * - `CLOCK_UNSET`, `TRUST_EXPIRED`: nothing is accepted until the clock is set, or a new anchor is given.
 * - `SEALERS_UNPROVEN`: the sealers changed and nothing proves it. `FORKED`: two certified headers at one height.
 */
export type LightState =
  | "OFFLINE"
  | "SYNCING"
  | "FOLLOWING"
  | "STALE"
  | "CLOCK_UNSET"
  | "TRUST_EXPIRED"
  | "SEALERS_UNPROVEN"
  | "FORKED";

/** How a header came to be believed. */
export type AcceptedVia = "adjacent" | "skip" | "change-proof" | "operator";

export type LightOutput =
  | {
      readonly kind: "accepted";
      readonly header: HashedHeader;
      readonly via: AcceptedVia;
      readonly signers: readonly number[];
      readonly weight: bigint;
      readonly quorum: bigint;
      readonly sealersChanged: boolean;
    }
  | { readonly kind: "linked"; readonly from: number; readonly to: number; readonly status: HeaderStatus }
  | { readonly kind: "refused"; readonly source: string; readonly code: string; readonly problem?: ChainProblem }
  | { readonly kind: "state"; readonly state: LightState; readonly problem?: ChainProblem }
  | { readonly kind: "fork"; readonly evidence: ForkEvidence }
  | { readonly kind: "unproven"; readonly number: number; readonly hash: Uint8Array; readonly sealers: SealerSet }
  | { readonly kind: "event"; readonly source: string; readonly verdict: EventVerdict };
