/** What carries a fleet's messages: a real broker, or one in memory. Clients are numbers: devices first, then gateways. */

export interface ConnectRequest {
  readonly clientId: string;
  readonly keepAliveMs: number;
  readonly will?: { readonly topic: string; readonly bytes: Uint8Array };
}

export interface PublishRequest {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface Carrier {
  /** Answered by `connected` or `lost`, once. */
  connect(client: number, request: ConnectRequest): void;
  subscribe(client: number, filters: readonly string[]): void;
  /** False: not taken, the connection is jammed or gone. */
  publish(client: number, request: PublishRequest): boolean;
  /** Without a goodbye. `silent`: even the network does not say so, the broker has to notice. No `lost` follows. */
  vanish(client: number, silent: boolean): void;
}

/** Times are of the run, ms since its start, and may have fractions. */
export interface CarrierHandlers {
  connected(client: number, nowMs: number): void;
  /** `code`: why, such as `ECONNREFUSED` or `CLOSED`. */
  lost(client: number, code: string, nowMs: number): void;
  message(client: number, topic: string, bytes: Uint8Array, retained: boolean, nowMs: number): void;
}
