/**
 * The chain record (retained): what a publisher says about its chain. Nothing in it is believed; a client compares the
 * profile with its own and uses the rest as hints where to look.
 *
 *   [ kind 1, chain, group, suite, layout, fault model, segment size, first number served, first segment retained,
 *     watched contracts [20 bytes...] ]
 */

import { copyBytes } from "../../base/bytes.js";
import type { SuiteName } from "../../crypto/suite.js";
import type { FaultModel, Layout, Profile } from "../profile.js";
import { encodeWire, integer } from "./cborWriter.js";
import { MESSAGE_KIND } from "./kinds.js";
import { NAME_CHARS_MAX, SEGMENT_HEADERS_MAX } from "./limits.js";
import { openMessage } from "./openMessage.js";
import { WireError } from "./problems.js";
import { checkName } from "./topics.js";

export interface ChainRecord {
  readonly chainId: string;
  readonly groupId: string;
  readonly profile: Profile;
  /** Headers per segment, a power of two. */
  readonly segmentSize: number;
  /** Lowest number the publisher can serve on request. */
  readonly firstNumber: number;
  /** Start of the oldest segment it keeps retained. */
  readonly retainedFrom: number;
  /** 20-byte addresses whose transactions are published as events. */
  readonly watched: readonly Uint8Array[];
}

export const WATCHED_MAX = 256;
const SUITES: readonly SuiteName[] = ["ecdsa", "sm"];
const LAYOUTS: readonly Layout[] = ["fisco", "edgeseal"];
const FAULT_MODELS: readonly FaultModel[] = ["bft", "crash"];
const ADDRESS_BYTES = 20;

export function encodeRecord(record: ChainRecord): Uint8Array {
  return encodeWire([
    MESSAGE_KIND.record,
    checkName("chain", record.chainId),
    checkName("group", record.groupId),
    SUITES.indexOf(record.profile.suite),
    LAYOUTS.indexOf(record.profile.layout),
    FAULT_MODELS.indexOf(record.profile.faultModel),
    record.segmentSize,
    integer(record.firstNumber),
    integer(record.retainedFrom),
    record.watched,
  ]);
}

/** @throws WireError */
export function decodeRecord(payload: Uint8Array): ChainRecord {
  const reader = openMessage(payload, MESSAGE_KIND.record, 10);
  const chainId = checkName("chain", reader.text("chain", NAME_CHARS_MAX));
  const groupId = checkName("group", reader.text("group", NAME_CHARS_MAX));
  const suite = SUITES[reader.uint("suite", SUITES.length - 1)] as SuiteName;
  const layout = LAYOUTS[reader.uint("layout", LAYOUTS.length - 1)] as Layout;
  const faultModel = FAULT_MODELS[reader.uint("fault model", FAULT_MODELS.length - 1)] as FaultModel;
  const segmentSize = reader.uint("segment size", SEGMENT_HEADERS_MAX);
  if (segmentSize === 0 || (segmentSize & (segmentSize - 1)) !== 0) {
    throw new WireError({ code: "WIRE_RANGE", field: "segment size", got: String(segmentSize) });
  }
  const firstNumber = reader.uint("first number");
  const retainedFrom = reader.uint("first segment");
  const watched = Array.from({ length: reader.array("watched", WATCHED_MAX) }, () =>
    copyBytes(reader.fixedBytes("address", ADDRESS_BYTES)),
  );
  reader.end();
  return { chainId, groupId, profile: { suite, layout, faultModel }, segmentSize, firstNumber, retainedFrom, watched };
}
