/** The shape of the file of devices: what editors complete and check, and the first check here. */
import { z } from "zod";
import { DEVICE_ID, DEVICES_MAX } from "../../device/device.js";

const GROUPS_MAX = 32;
const NAME_CHARACTERS_MAX = 128;
const ADDRESS_CHARACTERS_MAX = 256;
/** Profiles are `<vendor>/<model>`. */
const PROFILE = /^[a-z0-9_-]{1,64}\/[a-z0-9_-]{1,64}$/;
/** X || Y, 64 bytes. */
const PUBLIC_KEY = /^(?:0x)?[0-9a-fA-F]{128}$/;
export const TRUST_TIER_DEFAULT = 1;

const plain = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, "control characters are not allowed");

const word = z.string().regex(DEVICE_ID, "1 to 64 letters, digits, - or _ are wanted");

const device = z.strictObject({
  id: word.describe("Its name for machines: 1 to 64 letters, digits, `-` or `_`. Never used again for another device."),
  profile: z.string().regex(PROFILE, "<vendor>/<model> is wanted").describe("Which model it is: `<vendor>/<model>`."),
  link: word.describe("Name of the gateway's link over which it is reached."),
  address: plain(ADDRESS_CHARACTERS_MAX).describe(
    "Its place on that link: a topic prefix, `<line>/<unit>`, the id on a serial line.",
  ),
  name: plain(NAME_CHARACTERS_MAX).optional().describe("For people. Default: its id."),
  groups: z.array(word).max(GROUPS_MAX).optional().describe("Groups it is in: rooms, alarms..."),
  owner: plain(NAME_CHARACTERS_MAX).optional().describe("Whose it is."),
  publicKey: z
    .string()
    .regex(PUBLIC_KEY, "128 hex digits are wanted: X and Y of the key")
    .optional()
    .describe("The key it must prove to have, 128 hex digits. Left out: any or none."),
  trustTier: z
    .int()
    .min(0)
    .max(4)
    .optional()
    .describe(`How far it is trusted, 0 to 4. Default: ${TRUST_TIER_DEFAULT}.`),
  status: z
    .enum(["active", "suspended", "retired"])
    .optional()
    .describe("`suspended` devices are not heard until they are active again; `retired` ones never. Default: active."),
});

export const deviceFileSchema = z.array(device).max(DEVICES_MAX);
export type DeviceFileValues = z.infer<typeof deviceFileSchema>;

/** For editors and for the names of keys. */
export function deviceFileJsonSchema(): Record<string, unknown> {
  return { title: "Devices of an edgeseal gateway", ...z.toJSONSchema(deviceFileSchema, { io: "input" }) };
}
