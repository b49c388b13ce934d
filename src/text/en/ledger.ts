import type { LedgerOrderProblem, LedgerProblem, LedgerStateProblem } from "../../ledger/problems.js";
import type { Texts } from "../texts.js";

const RESTORE =
  "The disk or somebody changed it. Stop the node, check the disk, and fetch the chain anew from another participant or a copy.";

export const ledgerTexts: Texts<LedgerProblem | LedgerOrderProblem | LedgerStateProblem> = {
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
  LEDGER_PROPOSAL_ORDER: { says: (p) => `Block ${p.number} was to be made where block ${p.expected} comes next.` },
  LEDGER_SEALER_UNKNOWN: {
    says: (p) => `Block ${p.number} was to be made by sealer ${p.sealer}, who is not in the list.`,
  },
  LEDGER_RECORD_ALTERED: {
    says: (p) => `In ${p.place} the record ${p.key} of the table ${p.table} is not the one that the chain agreed on.`,
    advice: RESTORE,
  },
  LEDGER_STATE_DAMAGED: {
    says: (p) => `The records in ${p.place} do not make the state root of block ${p.number}.`,
    advice: RESTORE,
  },
  LEDGER_BLOCK_DAMAGED: {
    says: (p) => `In ${p.place} block ${p.number} is damaged (${p.what}).`,
    advice: RESTORE,
  },
  LEDGER_OTHER_CHAIN: {
    says: (p) => `${p.place} holds the chain with block 0 ${p.found}; the configuration names ${p.expected}.`,
    advice: "Give each chain a data directory of its own.",
  },
  LEDGER_RECORD_DAMAGED: {
    says: (p) => `The record ${p.key} in the table ${p.table} is not in the form that its contract writes.`,
  },
  LEDGER_BLOCK_ORDER: {
    says: (p) => `Block ${p.number} was reported as new where the chain already stands at ${p.height}.`,
  },
};
