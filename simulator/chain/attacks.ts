/** Every attack the simulator knows, in the order a demonstration tells them. */
import type { Attack } from "./attacks/attack.js";
import { EVENT_ATTACKS } from "./attacks/eventAttacks.js";
import { HISTORY_ATTACKS } from "./attacks/historyAttacks.js";
import { IDENTITY_ATTACKS } from "./attacks/identityAttacks.js";
import { JSON_ATTACKS } from "./attacks/jsonAttacks.js";
import { QUORUM_ATTACKS } from "./attacks/quorumAttacks.js";
import { SEALER_ATTACKS } from "./attacks/sealerAttacks.js";
import { SIGNATURE_ATTACKS } from "./attacks/signatureAttacks.js";
import { TARS_ATTACKS } from "./attacks/tarsAttacks.js";
import { WIRE_ATTACKS } from "./attacks/wireAttacks.js";

export type { Attack, Hostile, HostileInput } from "./attacks/attack.js";

export const ATTACKS: readonly Attack[] = [
  ...QUORUM_ATTACKS,
  ...SIGNATURE_ATTACKS,
  ...SEALER_ATTACKS,
  ...HISTORY_ATTACKS,
  ...IDENTITY_ATTACKS,
  ...EVENT_ATTACKS,
  ...WIRE_ATTACKS,
  ...TARS_ATTACKS,
  ...JSON_ATTACKS,
];
