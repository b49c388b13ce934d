/**
 * The port of a content network (MQTT in the field, memory in tests): named topics, retained last values.
 * Whatever arrives is untrusted bytes; an implementation caps its size before handing it on.
 */
export interface LinkMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker kept this as the topic's last value; it says nothing about truth or age. */
  readonly retained: boolean;
}

export interface LinkHandlers {
  /** Called once per (re)connect, after which subscriptions have to be made again. */
  connected(): void;
  /** `code` names the reason (`LINK_CLOSED`, `LINK_REFUSED`, `LINK_TLS`...). */
  disconnected(code: string): void;
  message(message: LinkMessage): void;
  /** A message was dropped before it became one: too large, queue full, not decodable as a packet. */
  dropped(code: string): void;
}

export interface PublishOptions {
  readonly retain: boolean;
  /** 0: best effort; 1: at least once, resolved on acknowledgement. */
  readonly qos: 0 | 1;
}

export interface Link {
  /** Starts connecting and keeps reconnecting with jittered back-off until `stop`. */
  start(handlers: LinkHandlers): void;
  readonly connected: boolean;
  /** Rejects with a LinkError when not connected, too large, or refused. An empty payload clears a retained topic. */
  publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void>;
  /**
   * Exact topic names, or filters in which whole levels are `+` (`dev/+/birth`); never `#`. Several go out in one packet.
   * A message on a topic that several of them mean may come more than once.
   */
  subscribe(filters: readonly string[]): Promise<void>;
  /** The same texts as given to `subscribe`. */
  unsubscribe(filters: readonly string[]): Promise<void>;
  /** Bytes on the wire so far. */
  readonly traffic: { readonly bytesIn: number; readonly bytesOut: number };
  stop(): Promise<void>;
}
