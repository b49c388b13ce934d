/** SHA-256 of a bundle's bytes, for two people to compare over the telephone. */
import { createHash } from "node:crypto";

const GROUP_DIGITS = 4;

/** 64 hex digits in 16 groups: `3f9a 0c12 ...`. */
export function fingerprintOf(bytes: Uint8Array): string {
  const digits = createHash("sha256").update(bytes).digest("hex");
  return (digits.match(new RegExp(`.{${GROUP_DIGITS}}`, "g")) ?? []).join(" ");
}

/** Whether somebody typed this fingerprint; blanks, colons, dashes and case do not count, but every digit does. */
export function isFingerprint(typed: string, fingerprint: string): boolean {
  const digits = (text: string): string => text.replace(/[\s:-]/g, "").toLowerCase();
  return digits(typed) === digits(fingerprint);
}
