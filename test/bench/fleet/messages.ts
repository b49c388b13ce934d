/** What the benchmark and its processes say to each other. */
import type { Scenario } from "../../../simulator/fleet/scenario/schema.js";

export type ToFleet =
  /** Opens plain connections until the system refuses. */
  | { readonly kind: "sockets"; readonly port: number }
  /** Connects a fleet and keeps it until `stop`. */
  | { readonly kind: "fleet"; readonly port: number; readonly devices: number; readonly scenario: Scenario }
  | { readonly kind: "stop" };

export type FromFleet =
  | { readonly kind: "sockets"; readonly open: number }
  | { readonly kind: "state"; readonly atMs: number; readonly connected: number; readonly rssBytes: number }
  | {
      readonly kind: "result";
      readonly floorBytes: number;
      readonly connectsBySecond: readonly (readonly [second: number, connects: number])[];
    }
  | { readonly kind: "failed"; readonly reason: string };
