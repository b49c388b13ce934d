import { DomainError, type ErrorFamily } from "../../base/error.js";

/** What is wrong with a provisioning bundle, or with the place it is unpacked to. */
export type BundleProblem =
  | { readonly code: "BUNDLE_FIELD"; readonly field: string; readonly reason: string }
  | { readonly code: "BUNDLE_VERSION"; readonly found: string; readonly known: number }
  | { readonly code: "BUNDLE_FINGERPRINT"; readonly computed: string; readonly expected: string }
  | { readonly code: "BUNDLE_ANCHOR_DIFFERS"; readonly path: string; readonly ours: string; readonly theirs: string }
  | { readonly code: "BUNDLE_WRITE_FAILED"; readonly path: string; readonly reason: string };

export class BundleError extends DomainError<BundleProblem> {
  readonly family: ErrorFamily = this.problem.code === "BUNDLE_WRITE_FAILED" ? "operating" : "input";
}
