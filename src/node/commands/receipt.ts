/** `edgeseal receipt`: receipts of rules, listed and checked, from a gateway's data directory or an exported file. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toHex } from "../../base/bytes.js";
import { codeOf } from "../../base/error.js";
import { referenceSuite } from "../../crypto/referenceSuite.js";
import type { SuiteName } from "../../crypto/suite.js";
import type { ReceiptHead } from "../../device/rules/receiptBatch.js";
import { isHeadSigned, readSignedHead } from "../../device/rules/signedHead.js";
import {
  type CheckedReceipts,
  type ReceiptFault,
  type StoredReceipt,
  verifyReceipts,
} from "../../device/rules/verifyReceipts.js";
import { RuleFileError } from "../rules/problems.js";
import { systemClock } from "../systemClock.js";

export interface ReceiptsRequest {
  /** JSON lines `{"bytes": "<hex>", "inputs": "<hex>"}`, oldest first. */
  readonly file?: string | undefined;
  /** Of a gateway that does not run. */
  readonly dataDir?: string | undefined;
  readonly suite: SuiteName;
}

export interface ReceiptLine {
  readonly sequence: number;
  readonly hash: string;
  readonly rule: string;
  readonly version: number;
  readonly time: number;
  readonly header: number;
  readonly actions: readonly { readonly device: string; readonly target: string; readonly result: string }[];
}

export interface ReceiptsAnswer {
  readonly valid: boolean;
  readonly receipts: readonly ReceiptLine[];
  readonly faults: readonly ReceiptFault[];
  /** Receipts under a signed head, and the keys that signed, 128 hex digits each. */
  readonly signed: number;
  readonly keys: readonly string[];
}

/** Receipts that may be read at once. */
const RECEIPTS_MAX = 200_000;
const PER_READ = 500;

/** @throws RuleFileError `RECEIPTS_NONE`, `RULE_INPUT_LINE` */
export async function checkReceipts(request: ReceiptsRequest): Promise<ReceiptsAnswer> {
  const { stored, heads } =
    request.file === undefined
      ? await fromStore(request.dataDir ?? ".")
      : { stored: fromFile(request.file), heads: [] as readonly Uint8Array[] };
  if (stored.length === 0)
    throw new RuleFileError({ code: "RECEIPTS_NONE", path: request.file ?? request.dataDir ?? "." });
  const suite = referenceSuite(request.suite);
  const keys = new Set<string>();
  const faults: ReceiptFault[] = [];
  const good = heads.flatMap((bytes): readonly ReceiptHead[] => {
    const signed = readSignedHead(bytes);
    const { fromSequence, toSequence } = signed.head;
    if (!isHeadSigned(suite, signed)) {
      faults.push({ code: "RECEIPTS_HEAD", fromSequence, toSequence });
      return [];
    }
    keys.add(toHex(signed.publicKey));
    return [signed.head];
  });
  const checked = verifyReceipts((data) => suite.hash(data), stored, good);
  faults.push(...checked.faults);
  const receipts = linesOf(checked);
  return { valid: faults.length === 0, receipts, faults, signed: checked.underHeads, keys: [...keys] };
}

function linesOf({ receipts, hashes }: CheckedReceipts): ReceiptLine[] {
  return receipts.map((receipt, index) => ({
    sequence: receipt.sequence,
    hash: toHex(hashes[index] ?? new Uint8Array()),
    rule: receipt.kind === "scene" ? `scene/${receipt.rule}` : receipt.rule,
    version: receipt.version,
    time: receipt.wallMs,
    header: receipt.headerHeight,
    actions: receipt.actions.map(({ device, target, result }) => ({ device, target, result })),
  }));
}

function fromFile(file: string): StoredReceipt[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new RuleFileError({ code: "RECEIPTS_NONE", path: file });
  }
  return text.split("\n").flatMap((line, index): readonly StoredReceipt[] => {
    if (line.trim() === "") return [];
    try {
      const { bytes, inputs = "" } = JSON.parse(line) as { readonly bytes: string; readonly inputs?: string };
      return [{ bytes: fromHex(String(bytes)), inputs: fromHex(String(inputs)) }];
    } catch (thrown) {
      const reason = thrown instanceof SyntaxError ? "it is no JSON object" : codeOf(thrown);
      throw new RuleFileError({ code: "RULE_INPUT_LINE", line: index + 1, reason }, { cause: thrown });
    }
  });
}

async function fromStore(dataDir: string): Promise<{ stored: StoredReceipt[]; heads: Uint8Array[] }> {
  const { GATEWAY_FILE, openSqliteGatewayStore } = await import("../../store/gateway/sqliteGatewayStore.js");
  const path = join(dataDir, GATEWAY_FILE);
  if (!existsSync(path)) throw new RuleFileError({ code: "RECEIPTS_NONE", path });
  const store = await openSqliteGatewayStore(path, { clock: systemClock });
  try {
    const found: StoredReceipt[] = [];
    for (let from = 0; found.length < RECEIPTS_MAX; ) {
      const some = store.receipts(from, PER_READ);
      for (const { bytes, inputs } of some) found.push(inputs === undefined ? { bytes } : { bytes, inputs });
      const last = some.at(-1);
      if (last === undefined || some.length < PER_READ) break;
      from = last.sequence + 1;
    }
    const heads: Uint8Array[] = [];
    for (let from = 0; heads.length < RECEIPTS_MAX; ) {
      const some = store.heads(from, PER_READ);
      heads.push(...some.map(({ bytes }) => bytes));
      const last = some.at(-1);
      if (last === undefined || some.length < PER_READ) break;
      from = last.sequence + 1;
    }
    return { stored: found, heads };
  } finally {
    store.close();
  }
}
