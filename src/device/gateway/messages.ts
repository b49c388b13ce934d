/** What goes into and comes out of the gateway's core (`core.ts`). */
import type {
  AckMessage,
  BirthMessage,
  ChallengeMessage,
  CommandMessage,
  DeathMessage,
  EventMessage,
  IdentityMessage,
  StateMessage,
} from "../../codec/device/messages.js";
import type { CommandResult, DeviceCommand } from "../command.js";
import type { DeviceId, DeviceRecord } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { Notice, RuleRefusal, RuleWrite } from "../rules/port.js";
import type { RuleProblem } from "../rules/problems.js";
import type { DeviceValue } from "../value.js";
import type { Availability, ChainFacts, Reading } from "../view.js";
import type { GatewayProblem } from "./problems.js";

/** What a device of our own protocol may say. */
export type FromDevice = BirthMessage | StateMessage | EventMessage | DeathMessage | AckMessage | IdentityMessage;

/** A translation's findings: one bad value leaves the others of its message standing. */
export interface ValueFault {
  readonly code: string;
  readonly name: string;
}

export type GatewayInput =
  | { readonly kind: "linkUp" | "linkDown"; readonly link: string }
  /** Our own protocol. `address` is the place it was said at: an id in a topic or in a frame. */
  | {
      readonly kind: "said";
      readonly link: string;
      readonly address: string;
      readonly retained: boolean;
      readonly message: FromDevice;
    }
  /** Another protocol, already put into the profile's terms by its link. */
  | {
      readonly kind: "heard";
      readonly device: DeviceId;
      readonly retained: boolean;
      readonly readings: readonly (readonly [property: string, value: DeviceValue])[];
      readonly events: readonly (readonly [event: string, value: DeviceValue | undefined])[];
      readonly availability?: "online" | "offline";
      readonly faults: readonly ValueFault[];
    }
  /** A place of a link says something that nobody can read: bytes that are no message. */
  | { readonly kind: "unreadable"; readonly link: string; readonly address: string; readonly code: string }
  /** Somebody took over the connection of this client, or the broker saw one name twice. */
  | { readonly kind: "takenOver"; readonly link: string; readonly address: string }
  /** A device that an operator's file or a bridge names. Bridges' devices need an open join window the first time. */
  | {
      readonly kind: "install";
      readonly record: DeviceRecord;
      readonly profile: DeviceProfile;
      readonly by: "file" | "bridge";
    }
  | { readonly kind: "joinWindow"; readonly forMs: number }
  /** `by`: absent, a person, who cannot take out what the file names. */
  | { readonly kind: "remove"; readonly device: DeviceId; readonly by?: "file" }
  /** Ends an isolation, also that of a clone. */
  | { readonly kind: "release"; readonly device: DeviceId }
  | { readonly kind: "command"; readonly request: CommandRequest }
  | { readonly kind: "runScene"; readonly scene: string; readonly by: string; readonly ref?: number }
  /** The link has carried a command: `sent` nobody will confirm it, `done` it was read back, `failed` it cannot be. */
  | { readonly kind: "carried"; readonly id: Uint8Array; readonly result: "sent" | "done" | "failed" }
  | { readonly kind: "chain"; readonly facts: ChainFacts }
  /** A registration has changed: everybody is looked up again. */
  | { readonly kind: "registrationsChanged" };

/** By a person or another system. */
export interface CommandRequest {
  /** Who asks, for the policy: `person:...`, `home-assistant`, `console`. */
  readonly by: string;
  readonly device: DeviceId;
  readonly target: string;
  readonly value?: DeviceValue;
  /** Wall clock; absent: COMMAND_LIFE_MS from now. */
  readonly expiresAt?: number;
  /** 16 bytes of the sender's: the same command again is the same command at the device. */
  readonly id?: Uint8Array;
  /** Came from a network where messages may be stored and repeated: counted per sender, must grow. */
  readonly sequence?: number;
  /** Comes back with the result. */
  readonly ref?: number;
}

export type GatewayWrite =
  | { readonly kind: "device"; readonly id: DeviceId; readonly bytes: Uint8Array }
  | { readonly kind: "deviceGone"; readonly id: DeviceId }
  /** All readings of a device, with its birth and count. */
  | { readonly kind: "shadow"; readonly id: DeviceId; readonly bytes: Uint8Array }
  /** Before it is sent for the first time. */
  | { readonly kind: "command"; readonly id: Uint8Array; readonly bytes: Uint8Array }
  | { readonly kind: "commandGone"; readonly id: Uint8Array }
  /** The last number used by each sender, and our own. */
  | { readonly kind: "counter"; readonly name: string; readonly value: number }
  /** Readings for the ring; several writes apart they may be lost by a crash. */
  | {
      readonly kind: "telemetry";
      readonly from: number;
      readonly to: number;
      readonly readings: number;
      readonly bytes: Uint8Array;
    }
  /** The signed head of a batch of receipts, of which `sequence` is the last one. */
  | { readonly kind: "head"; readonly sequence: number; readonly bytes: Uint8Array }
  | RuleWrite;

export type GatewayMessage =
  | {
      readonly kind: "say";
      readonly link: string;
      readonly address: string;
      readonly message: CommandMessage | ChallengeMessage;
    }
  /** A command for a device of another protocol; the link answers with `carried`. */
  | {
      readonly kind: "carry";
      readonly record: DeviceRecord;
      readonly profile: DeviceProfile;
      readonly command: DeviceCommand;
    }
  /** Ask it how it is. */
  | { readonly kind: "probe"; readonly record: DeviceRecord; readonly profile: DeviceProfile };

export type GatewayOutput =
  | { readonly kind: "joined"; readonly record: DeviceRecord; readonly profile: DeviceProfile }
  | { readonly kind: "left"; readonly record: DeviceRecord }
  | { readonly kind: "availability"; readonly device: DeviceId; readonly availability: Availability }
  | {
      readonly kind: "reading";
      readonly device: DeviceId;
      readonly property: string;
      readonly reading: Reading;
      readonly changed: boolean;
    }
  | {
      readonly kind: "event";
      readonly device: DeviceId;
      readonly event: string;
      readonly value: DeviceValue | undefined;
    }
  | { readonly kind: "joinWindow"; readonly open: boolean; readonly forMs: number }
  /** With `ref`: what was asked for under this number. */
  | { readonly kind: "refused"; readonly problem: GatewayProblem; readonly ref?: number }
  | { readonly kind: "isolated"; readonly device: DeviceId; readonly problem: GatewayProblem }
  | {
      readonly kind: "commanded";
      readonly command: DeviceCommand;
      readonly cause: CommandCause;
      readonly triggeredAtMs: number;
    }
  | {
      readonly kind: "settled";
      readonly command: DeviceCommand;
      readonly cause: CommandCause;
      readonly result: CommandResult;
      readonly latencyUs: number;
    }
  | { readonly kind: "notice"; readonly notice: Notice }
  | { readonly kind: "ruleRefused"; readonly refusal: RuleRefusal }
  | {
      readonly kind: "sceneRefused";
      readonly scene: string;
      readonly code: string;
      /** With its data, where it is a problem of ours. */
      readonly problem?: RuleProblem;
      readonly ref?: number;
    }
  | { readonly kind: "receipt"; readonly sequence: number; readonly hash: Uint8Array };

export type CommandCause =
  | { readonly kind: "rule"; readonly run: number; readonly action: number }
  | { readonly kind: "request"; readonly by: string; readonly ref?: number };
