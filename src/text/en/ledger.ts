import type { LedgerProblem } from "../../ledger/problems.js";
import type { Texts } from "../texts.js";

export const ledgerTexts: Texts<LedgerProblem> = {
  LEDGER_RECORD_TABLE: { says: (p) => `A contract named a table "${p.table}", which is no name of a table.` },
  LEDGER_RECORD_KEY: {
    says: (p) => `A contract wrote a key of ${p.length} bytes into the table ${p.table}; ${p.max} are allowed.`,
  },
  LEDGER_RECORD_VALUE: {
    says: (p) => `A contract wrote ${p.length} bytes into the table ${p.table}; ${p.max} are allowed.`,
  },
  LEDGER_AMOUNT_RANGE: {
    says: (p) => `A contract wrote an amount out of range under ${p.key} into the table ${p.table}.`,
  },
  LEDGER_BLOCK_ORDER: {
    says: (p) => `Block ${p.number} was reported as new where the chain already stands at ${p.height}.`,
  },
};
