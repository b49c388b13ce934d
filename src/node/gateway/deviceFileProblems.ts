/** What can be wrong with the file of devices. Lines and columns count from 1; 0 where there is none to point at. */
import { DomainError, type ErrorFamily } from "../../base/error.js";

interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export type DeviceFileProblem =
  | ({ readonly code: "DEVICES_UNREADABLE"; readonly reason: string } & Place)
  | ({ readonly code: "DEVICES_TOO_LARGE"; readonly size: number; readonly limit: number } & Place)
  | ({ readonly code: "DEVICES_YAML"; readonly reason: string } & Place)
  | ({ readonly code: "DEVICES_KEY_UNKNOWN"; readonly field: string; readonly nearest: string } & Place)
  | ({ readonly code: "DEVICES_VALUE"; readonly field: string; readonly reason: string } & Place)
  /** An id, address or key that another device of the file has. */
  | ({
      readonly code: "DEVICES_TWICE";
      readonly what: "id" | "address" | "key";
      readonly value: string;
      readonly otherLine: number;
    } & Place);

export class DeviceFileError extends DomainError<DeviceFileProblem> {
  readonly family: ErrorFamily = "input";
}
