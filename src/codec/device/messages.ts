/**
 * The device protocol: what our own devices and a gateway say to each other, over MQTT (`dev/<id>/<kind>`) or in frames on a
 * serial line. Deterministic CBOR arrays (RFC 8949 section 4.2) whose first item is the kind; docs/protocol.md has the bytes.
 */

/** Booleans travel as the integers 0 and 1 with a mark, see docs/protocol.md: the reader knows neither tags nor floats. */
export type WireDeviceValue = boolean | number | string;

export type DeviceMessage =
  | BirthMessage
  | StateMessage
  | EventMessage
  | DeathMessage
  | CommandMessage
  | AckMessage
  | ChallengeMessage
  | IdentityMessage;

/** 1, device -> gateway, retained: a device has started. `birth` grows with every start and is kept by the device. */
export interface BirthMessage {
  readonly kind: "birth";
  readonly birth: number;
  /** `<vendor>/<model>` */
  readonly profile: string;
  readonly serial: string;
  readonly software: string;
  /** X || Y of its key, 64 bytes; empty where it has none. */
  readonly publicKey: Uint8Array;
}

/** 2, device -> gateway: readings. `sequence` grows by at least one from message to message of one birth. */
export interface StateMessage {
  readonly kind: "state";
  readonly birth: number;
  readonly sequence: number;
  /** The device's own clock, ms since it started. */
  readonly uptimeMs: number;
  readonly values: readonly (readonly [name: string, value: WireDeviceValue])[];
  /** Over `stateSigningBytes`; 65 or 64 bytes by the suite, empty without a key. */
  readonly signature: Uint8Array;
}

/** 3, device -> gateway: something happened once (a button, a doorbell). Shares the count of `state`. */
export interface EventMessage {
  readonly kind: "event";
  readonly birth: number;
  readonly sequence: number;
  readonly uptimeMs: number;
  readonly name: string;
  readonly value?: WireDeviceValue;
  readonly signature: Uint8Array;
}

/** 4, the device's will: it is gone. */
export interface DeathMessage {
  readonly kind: "death";
  readonly birth: number;
}

/** 5, gateway -> device. Devices refuse a retained one, an expired one, and a sequence not above the last of its sender. */
export interface CommandMessage {
  readonly kind: "command";
  /** The gateway's name. */
  readonly sender: string;
  /** Grows over restarts of the sender. */
  readonly sequence: number;
  /** 16 bytes; the same id again is acknowledged again and not done again. */
  readonly id: Uint8Array;
  /** ms since 1970. */
  readonly expiresAt: number;
  /** Property or action. */
  readonly target: string;
  readonly value?: WireDeviceValue;
}

/** 6, device -> gateway. */
export interface AckMessage {
  readonly kind: "ack";
  readonly id: Uint8Array;
  readonly result: "done" | "refused" | "failed" | "expired";
}

/** 7, gateway -> device, at the interview. */
export interface ChallengeMessage {
  readonly kind: "challenge";
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
}

/** 8, device -> gateway: the birth again, and a signature over `identitySigningBytes` with the nonce. */
export interface IdentityMessage {
  readonly kind: "identity";
  readonly nonce: Uint8Array;
  readonly birth: number;
  readonly profile: string;
  readonly serial: string;
  readonly software: string;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}
