/** Whether devices are there: told by their links, their wills and their silence; who is missing is asked with growing pauses. */
import type { Availability } from "../view.js";
import { DOUBT_MS, PROBE_MS, PROBE_MS_MAX } from "./limits.js";
import type { Pile } from "./pile.js";
import type { DeviceTable, Member } from "./table.js";

/** After a link has come up its devices are asked within this time, each at a moment of its own. */
export const PROBE_SPREAD_MS = 5_000;

export class Presence {
  readonly #pile: Pile;
  readonly #table: DeviceTable;
  readonly #probe: (member: Member) => void;
  readonly #returned: (member: Member) => void;
  readonly #up = new Set<string>();

  /** `returned`: a device that was away is there. */
  constructor(pile: Pile, table: DeviceTable, probe: (member: Member) => void, returned: (member: Member) => void) {
    this.#pile = pile;
    this.#table = table;
    this.#probe = probe;
    this.#returned = returned;
  }

  isUp(link: string): boolean {
    return this.#up.has(link);
  }

  linkUp(link: string): void {
    this.#up.add(link);
    for (const member of this.#table.values()) if (member.record.link === link) this.expect(member);
  }

  /** Nobody can tell now; a reading says nothing about a device that cannot be heard. */
  linkDown(link: string): void {
    this.#up.delete(link);
    for (const member of this.#table.values()) {
      if (member.record.link !== link) continue;
      this.set(member, "unknown");
      member.nextProbeMs = undefined;
      member.doubtedUntilMs = undefined;
    }
  }

  /** Asks soon, and goes on asking until it is heard. */
  expect(member: Member): void {
    member.probes = 0;
    if (this.#up.has(member.record.link))
      member.nextProbeMs = this.#pile.now.monotonicMs + spreadOf(member.record.id, PROBE_SPREAD_MS);
  }

  heard(member: Member): void {
    member.heardAtMs = this.#pile.now.monotonicMs;
    member.probes = 0;
    member.nextProbeMs = undefined;
    member.doubtedUntilMs = undefined;
    if (member.availability !== "online") {
      this.set(member, "online");
      this.#returned(member);
    }
  }

  gone(member: Member): void {
    this.set(member, "offline");
    member.doubtedUntilMs = undefined;
    // Who is told again and again that it is gone is not asked later for it.
    if (member.nextProbeMs === undefined) this.#planProbe(member);
  }

  /** Somebody says that it is gone, and cannot prove it: it is asked, and gone when it does not answer. */
  doubt(member: Member): void {
    if (member.availability !== "online" || member.doubtedUntilMs !== undefined) return;
    member.doubtedUntilMs = this.#pile.now.monotonicMs + DOUBT_MS;
    this.#probe(member);
  }

  set(member: Member, availability: Availability): void {
    if (member.availability === availability) return;
    member.availability = availability;
    this.#pile.outputs.push({ kind: "availability", device: member.record.id, availability });
  }

  tick(): void {
    const { monotonicMs } = this.#pile.now;
    for (const member of this.#table.values()) {
      const { heardAtMs, silentAfterMs, doubtedUntilMs } = member;
      const silent = heardAtMs !== undefined && silentAfterMs !== undefined && monotonicMs - heardAtMs > silentAfterMs;
      const unanswered = doubtedUntilMs !== undefined && monotonicMs >= doubtedUntilMs;
      if ((silent || unanswered) && member.availability === "online") this.gone(member);
      if (member.nextProbeMs === undefined || monotonicMs < member.nextProbeMs) continue;
      this.#probe(member);
      this.#planProbe(member);
    }
  }

  #planProbe(member: Member): void {
    const pause = Math.min(PROBE_MS_MAX, PROBE_MS * 2 ** Math.min(16, member.probes));
    member.probes++;
    // Everybody's pause is a little different, so that a house that has lost its power is not asked in one moment.
    member.nextProbeMs = this.#pile.now.monotonicMs + pause + spreadOf(member.record.id, pause / 4);
  }
}

/** Evenly spread over devices, the same for one device each time. */
function spreadOf(id: string, spanMs: number): number {
  let sum = 0;
  for (let i = 0; i < id.length; i++) sum = (sum * 31 + id.charCodeAt(i)) % 65_521;
  return Math.floor((sum / 65_521) * spanMs);
}
