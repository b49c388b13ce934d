import type { StoreProblem } from "../../store/problems.js";
import type { Texts } from "../texts.js";

const REOPEN = "Repair the cause and restart; what was acknowledged before is kept.";
const RESYNC =
  "Stop the node, keep the file for inspection, and restore a copy or let the node fetch its headers again.";

const SNAPSHOT_EXTRA = "An older one or the database serves instead; nothing is lost, the start takes longer.";

export const storeTexts: Texts<StoreProblem> = {
  STORE_CORRUPT: {
    says: (p) => `The store ${p.path} is damaged at ${p.place} (${p.engineCode}).`,
    advice: RESYNC,
  },
  STORE_FULL: {
    says: (p) => `The disk of the store ${p.path} is full (${p.engineCode}); nothing more is written.`,
    advice: "Free space on that disk and restart.",
  },
  STORE_IO: {
    says: (p) => `The disk of the store ${p.path} reported an error (${p.engineCode}); nothing more is written.`,
    advice: `Look at the system log for errors of the disk or card. ${REOPEN}`,
  },
  STORE_READ_ONLY: {
    says: (p) => `The store ${p.path} cannot be written (${p.engineCode}).`,
    advice: "Check the owner and mode of the file and its folder, and whether the file system is mounted read-only.",
  },
  STORE_STOPPED: {
    says: (p) => `The store ${p.path} no longer writes since ${p.cause}.`,
    advice: REOPEN,
  },
  STORE_IN_USE: {
    says: (p) => `The store ${p.path} is open in another process (${p.engineCode}).`,
    advice: "Stop the other process; two nodes must not share one data directory.",
  },
  STORE_CANNOT_OPEN: {
    says: (p) => `The store ${p.path} cannot be opened (${p.engineCode}).`,
    advice: "Check that its folder exists and that this user may write there.",
  },
  STORE_FOREIGN_FILE: {
    says: (p) => `The file ${p.path} is not a store of edgeseal (application id ${p.applicationId}).`,
    advice: "Name another path, or move the file away.",
  },
  STORE_SCHEMA_NEWER: {
    says: (p) => `The store ${p.path} has format ${p.found}; this version knows formats up to ${p.known}.`,
    advice: "Run the newer version again, or restore the copy that was made before the upgrade.",
  },
  STORE_LOST: {
    says: (p) => `The store ${p.path} is missing or empty although ${p.remains} shows that there was one.`,
    advice: "Put the file or its copy back; to start empty on purpose, move the named file away.",
  },
  STORE_NOT_DURABLE: {
    says: (p) => `The store ${p.path} would not survive a power loss: ${p.setting} is ${p.found}.`,
    advice: "Use a local disk and an SQLite engine that supports a write-ahead log.",
  },
  STORE_ENGINE_MISSING: {
    says: (p) =>
      `No SQLite engine could be loaded (${p.tried.map((failure) => `${failure.engine}: ${failure.reason}`).join(", ")}).`,
    advice: "Install better-sqlite3 (npm install better-sqlite3) or run Node 22.13 or newer.",
  },
  STORE_ENGINE_UNSAFE: {
    says: (p) => `${p.engine} is not safe to use with Node ${p.node}.`,
    advice: "Use the engine `auto`: this Node has SQLite of its own.",
  },
  STORE_RUN_OVERLAP: {
    says: (p) => `A run of ${p.count} headers from ${p.start} cuts into the run that starts at ${p.otherStart}.`,
  },
  STORE_WRITE_INVALID: {
    says: (p) => `A write to the store has ${p.what} ${p.value}, which is not within ${p.limit}.`,
  },
  STORE_SNAPSHOT_DAMAGED: {
    says: (p) => `The state snapshot ${p.path} is damaged at ${p.place}.`,
    advice: SNAPSHOT_EXTRA,
  },
  STORE_SNAPSHOT_FORMAT: {
    says: (p) => `The state snapshot ${p.path} has the unknown format ${p.format}.`,
    advice: SNAPSHOT_EXTRA,
  },
  STORE_CLOSED: { says: (p) => `The store ${p.path} was used after it was closed.` },
};
