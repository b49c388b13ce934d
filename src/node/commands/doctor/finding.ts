import type { Problem } from "../../../base/error.js";

export type FindingLevel = "ok" | "warn" | "fail";

/** One line of the doctor's. Either its own words, or a problem whose words stand in the text room. */
export type Finding =
  | { readonly name: string; readonly level: FindingLevel; readonly says: string; readonly advice?: string }
  | { readonly name: string; readonly level: "warn" | "fail"; readonly problem: Problem };
