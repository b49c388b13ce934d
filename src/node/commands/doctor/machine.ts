/** What the doctor sees of the machine: Node, cryptographic back ends, the clock. */
import type { Millis } from "../../../base/clock.js";
import { type BackendReport, listBackends } from "../../../crypto/backend/select.js";
import type { SuiteName } from "../../../crypto/suite.js";
import { clockIsSet } from "../../systemClock.js";
import type { Finding } from "./finding.js";

/** As `engines` in package.json. */
const NODE_MIN = [20, 19] as const;
/** First release line with security fixes (github.com/nodejs/release, schedule). */
const NODE_MAINTAINED_MIN = 22;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const says = `Node ${version} on ${process.platform} ${process.arch}`;
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    return { name: "node", level: "fail", says, advice: `Install Node ${NODE_MIN.join(".")} or newer.` };
  }
  if (major < NODE_MAINTAINED_MIN) {
    const advice = "This line of Node gets no security fixes any more; move to 22 or 24 where the board allows.";
    return { name: "node", level: "warn", says, advice };
  }
  return { name: "node", level: "ok", says };
}

/** One finding for the hash and one for signatures: which back end serves, and why no faster one does. */
export async function checkSuite(suite: SuiteName): Promise<Finding[]> {
  const reports = await listBackends(suite);
  return (["hash", "signature"] as const).map((part) =>
    judgePart(
      `${suite} ${part}`,
      reports.filter((report) => report.part === part),
    ),
  );
}

/** @param reports of one part, fastest first. */
export function judgePart(name: string, reports: readonly BackendReport[]): Finding {
  const serving = reports.findIndex(({ passed }) => passed);
  const faster = reports.slice(0, serving < 0 ? reports.length : serving).map(reasonOf);
  if (serving < 0) {
    return { name, level: "fail", says: `no back end works: ${faster.join(", ")}`, advice: REINSTALL };
  }
  const served = reports[serving]?.name ?? "";
  if (faster.length === 0) return { name, level: "ok", says: `${served} (the fastest there is)` };
  const broken = reports.slice(0, serving).some(({ available }) => available);
  const advice = broken
    ? REINSTALL
    : "It is slower, not less safe. `bash scripts/setup start` installs what is missing.";
  return { name, level: "warn", says: `${served}; faster ones do not serve: ${faster.join(", ")}`, advice };
}

const REINSTALL = "Reinstall with `npm ci`; a back end that fails its self-test must not be used.";

function reasonOf({ name, reason }: BackendReport): string {
  return `${name} (${reason ?? "unknown"})`;
}

/** @param headerTime of the newest certified header, where there is one. */
export function checkClock(now: Millis, headerTime: Millis | undefined): Finding {
  const says = new Date(now).toISOString();
  if (clockIsSet(now, headerTime)) return { name: "clock", level: "ok", says };
  const why =
    headerTime === undefined ? "" : `, the newest verified header is from ${new Date(headerTime).toISOString()}`;
  return {
    name: "clock",
    level: "fail",
    says: `${says}${why}`,
    advice: "Start time synchronisation (timedatectl set-ntp true); nothing is accepted until the clock is right.",
  };
}
