import type { Socket } from "node:net";
import { FilteredDuplex } from "./filteredDuplex.js";
import type { FrameFilterOptions, FrameVerdict } from "./mqttFrames.js";

/** An accepted socket on its way to the broker library; a packet that breaks the limits ends it. */
export class BrokerConnection extends FilteredDuplex {
  readonly #broken: (reason: string) => void;

  constructor(socket: Socket, limits: Omit<FrameFilterOptions, "oversizedPublish">, broken: (reason: string) => void) {
    super({ ...limits, oversizedPublish: "break" });
    this.#broken = broken;
    socket.on("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
    this.attach(socket);
  }

  protected override judged(verdict: FrameVerdict): void {
    if (verdict.kind === "broken") this.#broken(verdict.reason);
    this.destroy();
  }
}
