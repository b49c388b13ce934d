/**
 * A transaction that was signed on the spot lies in the data directory until its fate is known: after a lost answer or a
 * crash the same bytes can be sent again, where signing anew would carry the call out twice.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileDurably } from "../dataDir/files.js";
import { SendError, type SendProblem } from "./problems.js";

const FOLDER = "sending";
const OWNER_ONLY = 0o700;

export interface KeptTransaction {
  readonly file: string;
  /** Its fate is known. */
  drop(): void;
}

/** @param content what `edgeseal sign tx` prints. @throws SendError `SEND_NOT_KEPT`; then nothing may be sent. */
export function keepTransaction(dataDir: string, hash: string, content: object): KeptTransaction {
  const folder = join(dataDir, FOLDER);
  const file = join(folder, `${hash}.json`);
  try {
    mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
    writeFileDurably(file, `${JSON.stringify(content)}\n`);
  } catch (thrown) {
    const reason = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "UNEXPECTED";
    throw new SendError({ code: "SEND_NOT_KEPT", file, reason }, { cause: thrown });
  }
  return { file, drop: () => rmSync(file, { force: true }) };
}

/** Codes after which nobody has taken the transaction and nobody will. */
const FINAL: ReadonlySet<SendProblem["code"]> = new Set(["SEND_REFUSED", "SEND_TOO_LARGE"]);

/** Runs `send`; where it leaves the fate open, the error names the file with the bytes to send again. */
export async function sendKept<T>(kept: KeptTransaction, send: () => Promise<T>): Promise<T> {
  try {
    const result = await send();
    kept.drop();
    return result;
  } catch (thrown) {
    if (!(thrown instanceof SendError)) throw thrown;
    const { problem } = thrown;
    if (FINAL.has(problem.code)) kept.drop();
    if (problem.code === "SEND_NO_ANSWER" || problem.code === "SEND_ANSWER_UNPROVEN") {
      throw new SendError({ ...problem, file: kept.file }, { cause: thrown });
    }
    throw thrown;
  }
}
