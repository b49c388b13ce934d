import type { JsonObject } from "../jsonObject.js";

/** What a command may ask of a node that runs. The control server serves it, the node implements it. */
export interface RunningNode {
  /** A value that JSON can say, bigints included; the fields of NodeStatus for what `edgeseal status` shows. */
  status(): unknown;
  /** The operator accepts the sealers that header `number` carries, named by its hash; true when they were taken. */
  acceptSealers(number: number, hash: Uint8Array): boolean;
  /** Of a gateway: a question about its devices, answered with a value that JSON can say. @throws ControlError */
  gateway?(request: JsonObject): Promise<unknown>;
  /** Ends the node; resolves when everything is closed. */
  stop(): Promise<void>;
}

export interface SourceLine {
  readonly name: string;
  readonly connected: boolean;
  readonly score?: number;
  readonly resting?: boolean;
  readonly newestShown?: number | undefined;
}

/** What a participant keeps, beside what its publisher's light client says. */
export interface LedgerStatus {
  readonly height: number;
  readonly transactions: number;
  readonly failed: number;
  readonly pending: number;
  /** Address of its JSON-RPC. */
  readonly rpc: string;
  readonly recoveryWorkers: number;
  /** Refused transactions by FISCO's name, refused requests by code. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What `edgeseal status` shows of a node, running or not. */
export interface NodeStatus {
  readonly role: string;
  readonly running: boolean;
  /** State of the light client, or `STOPPED`. */
  readonly state: string;
  readonly chain?: string;
  readonly group?: string;
  readonly faultModel?: string;
  /** As AnchorJson. */
  readonly anchor?: unknown;
  readonly height?: number | undefined;
  readonly hash?: string | undefined;
  /** Age of the newest certified header, ms; absent where no hash covers its time. */
  readonly headerAgeMs?: number | undefined;
  readonly sources: readonly SourceLine[];
  /** By error code and event. */
  readonly counters: Readonly<Record<string, number>>;
  /** Headers of the window that are still to be filled in. */
  readonly missing?: number | undefined;
  readonly sealers?: number | undefined;
  readonly client?: string;
  /** Nobody else can tell whether this one source withholds headers. */
  readonly singleSource?: boolean;
  /** Of a participant. */
  readonly ledger?: LedgerStatus;
  /** Names of the cryptographic back ends that serve. */
  readonly backends?: { readonly hash: string; readonly signature: string };
  readonly store?: {
    readonly engine: string;
    readonly bytesWritten: number;
    readonly bytesOnDisk: number;
    readonly commits: number;
    /** Projected from the bytes written since the start. */
    readonly bytesWrittenPerDay: number;
  };
  readonly memoryBytes?: number;
  /** Why the state is not FOLLOWING, where there is a reason. */
  readonly problem?: { readonly code: string } | undefined;
}
