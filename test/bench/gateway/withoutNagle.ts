import type { Socket } from "node:net";
import type { MqttClient } from "mqtt";

/** Acknowledgement and answer are two small packets: without this the second waits up to 40 ms for the peer's TCP. */
export function withoutNagle(client: MqttClient): void {
  (client.stream as unknown as Socket).setNoDelay(true);
}
