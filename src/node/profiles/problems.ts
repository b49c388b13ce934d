/** What can be wrong with files of profiles, before what is in them is looked at. */
import { DomainError, type ErrorFamily } from "../../base/error.js";
import type { ProfileProblem } from "../../device/profile/problems.js";

export type ProfileFileProblem =
  | { readonly code: "PROFILE_FILE_UNREADABLE"; readonly reason: string }
  | { readonly code: "PROFILE_FILE_TOO_LARGE"; readonly size: number; readonly limit: number }
  | { readonly code: "PROFILE_FILE_YAML"; readonly reason: string }
  | { readonly code: "PROFILE_FILE_KEY"; readonly field: string; readonly nearest: string }
  | { readonly code: "PROFILE_FILE_VALUE"; readonly field: string; readonly reason: string }
  | { readonly code: "PROFILE_FILE_NAME"; readonly expected: string }
  | { readonly code: "PROFILE_FILE_TWICE"; readonly id: string; readonly other: string }
  | { readonly code: "PROFILE_FOLDER_UNREADABLE"; readonly reason: string }
  | { readonly code: "PROFILE_FOLDER_FULL"; readonly max: number };

export type ProfileLookupProblem =
  | { readonly code: "PROFILE_UNKNOWN"; readonly id: string; readonly nearest: string }
  | { readonly code: "PROFILE_FILES_BAD"; readonly files: number; readonly mistakes: number };

export class ProfileFileError extends DomainError<ProfileFileProblem | ProfileLookupProblem> {
  readonly family: ErrorFamily = "input";
}

/** One mistake in a file. Lines and columns count from 1; 0 where there is none to point at. */
export interface ProfileMistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly problem: ProfileFileProblem | ProfileProblem;
}
