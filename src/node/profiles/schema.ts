/**
 * The one schema of profile files: what editors complete and check, and the first check here. What it cannot say (names
 * that must exist, values inside ranges) is checked by src/device/profile.
 */
import { z } from "zod";
import { CAPABILITIES } from "../../device/capability.js";
import { TEMPLATE_CHARACTERS_MAX } from "../../device/profile/binding.js";
import { DESCRIPTION_CHARACTERS_MAX, TITLE_CHARACTERS_MAX } from "../../device/profile/build.js";
import { CHOICES_MAX } from "../../device/value.js";

const PATH_DEPTH_MAX = 12;
const WORDS_MAX = 16;
const SOURCES_MAX = 16;

const names = (use: "property" | "action" | "event") =>
  [...CAPABILITIES.values()].filter(({ affordances }) => affordances.includes(use)).map(({ name }) => name) as [
    string,
    ...string[],
  ];
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "a text, a number, true or false is wanted" });
const safetyClass = z
  .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)], { error: "0, 1, 2 or 3 is wanted" })
  .optional()
  .describe(
    "0 nothing can go wrong, 1 a nuisance, 2 harm to things or privacy, 3 harm to people. Default: the capability's; never less.",
  );
const title = z.string().min(1).max(TITLE_CHARACTERS_MAX).optional().describe("For people.");

const typeFields = {
  type: z.enum(["boolean", "number", "choice", "text"]).describe("What kind of value it is."),
  min: z.number().optional().describe("Numbers: the lowest possible value, in the unit."),
  max: z.number().optional().describe("Numbers: the highest possible value, in the unit."),
  decimals: z.int().min(0).max(6).optional().describe("Numbers: digits after the point that are kept. Default: 0."),
  unit: z.string().min(1).max(16).optional().describe("Numbers: `°C`, `W`, `kWh`, `%`..."),
  choices: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(CHOICES_MAX)
    .optional()
    .describe("Choices: the possible values."),
  charactersMax: z.int().min(1).max(256).optional().describe("Texts: default 256."),
};
const valueType = z.strictObject(typeFields);

const property = z
  .strictObject({
    capability: z.enum(names("property")).describe("What it means, whoever made the device."),
    title,
    ...typeFields,
    access: z.enum(["read", "write", "read-write"]).describe("What can be done with it."),
    safetyClass,
    safe: z
      .union([z.enum(["lower", "higher", "none"]), z.array(scalar).min(1).max(CHOICES_MAX)], {
        error: "lower, higher, none or a list of values is wanted",
      })
      .optional()
      .describe(
        "Which way is the safe one: `lower`, `higher`, a list of values, or `none`. Default: the capability's.",
      ),
    staleAfterSeconds: z
      .number()
      .positive()
      .max(31_536_000)
      .optional()
      .describe("Age at which a reading says nothing any more. Default: as long as the device is there."),
  })
  .describe("Something the device is: measured, or set.");

const action = z
  .strictObject({
    capability: z.enum(names("action")).describe("What it means, whoever made the device."),
    title,
    input: valueType.optional().describe("Its one argument, where it has one."),
    safetyClass,
    safe: z.boolean().optional().describe("Whether any use of it goes the safe way. Default: false."),
    idempotent: z
      .boolean()
      .describe(
        "Whether doing it twice is the same as doing it once. Toggles and steps are not, and rules may not use them.",
      ),
  })
  .describe("Something the device does.");

const event = z
  .strictObject({
    capability: z.enum(names("event")).describe("What it means, whoever made the device."),
    title,
    data: valueType.optional().describe("What is told with it."),
  })
  .describe("Something that happens once, such as a button that is pressed.");

const convert = z
  .strictObject({
    map: z
      .array(z.tuple([scalar, scalar]))
      .min(1)
      .max(128)
      .optional()
      .describe("Pairs [device's value, ours]; of several for one of ours the first is sent."),
    multiply: z.number().optional().describe("Ours = device x multiply / divide + offset, in the unit. Default: 1."),
    divide: z.number().optional().describe("Default: 1."),
    offset: z.number().optional().describe("Default: 0."),
    digits: z
      .int()
      .min(0)
      .max(6)
      .optional()
      .describe("Digits after the point that the device takes. Default: 6, in registers of integers 0."),
  })
  .optional()
  .describe("Between what the device says and the property. Default: taken as it is.");

const topic = z.string().min(1).max(TEMPLATE_CHARACTERS_MAX).describe("`{address}` stands for the device's address.");
const path = z
  .array(z.string().min(1).max(128))
  .max(PATH_DEPTH_MAX)
  .describe("Members of the JSON message, from the outside in; digits for places in lists.");
const payload = z
  .string()
  .max(2_048)
  .describe("`{value}` stands for the value as JSON, `{id}` for the command's id, `{client}` for the gateway's name.");
const words = z.array(z.string().min(1).max(128)).min(1).max(WORDS_MAX);

const mqtt = z
  .strictObject({
    protocol: z.literal("mqtt"),
    availability: z
      .strictObject({
        topic,
        path: path.optional(),
        online: words.describe("Texts that mean it is there."),
        offline: words.describe("Texts that mean it is not."),
      })
      .optional()
      .describe("Where the device, or the broker for it, tells whether it is there."),
    reads: z
      .array(
        z.strictObject({
          topic,
          path: path.optional(),
          to: z.string().describe("The property or event."),
          convert,
          when: z
            .strictObject({ path, equals: z.string().max(128) })
            .optional()
            .describe("Only messages whose member at `path` is this text."),
        }),
      )
      .describe("Which messages hold what."),
    writes: z
      .array(z.strictObject({ from: z.string().describe("The property or action."), topic, payload, convert }))
      .describe("How the device is told."),
    refresh: z
      .array(z.strictObject({ topic, payload }))
      .max(WORDS_MAX)
      .optional()
      .describe("Sent after each connect, so that the device says how it is."),
  })
  .describe("MQTT with JSON or plain text.");

const point = z.strictObject({
  name: z.string().describe("The property."),
  table: z.enum(["coil", "discrete", "input", "holding"]).describe("The table of the Modbus application protocol."),
  address: z
    .int()
    .min(0)
    .max(65_535)
    .describe("From 0, as it goes over the line: a manual's 30001 is input register 0."),
  kind: z.enum(["u16", "i16", "u32", "i32", "f32", "bit"]).describe("What is in the registers."),
  words: z.enum(["big", "little"]).optional().describe("`big`: the high word comes first. Default: big."),
  absent: z
    .int()
    .optional()
    .describe(
      "The number by which the device says that it has no value: 65535 for `u16` after SunSpec. Default: none.",
    ),
  convert,
});

const modbus = z
  .strictObject({
    protocol: z.literal("modbus"),
    reads: z.array(point).describe("Where properties are read."),
    writes: z.array(point).describe("Where properties are written."),
    pollSeconds: z.number().positive().max(86_400).describe("Pause between two readings."),
    registersMax: z.int().min(1).max(125).optional().describe("Registers that one request may ask for. Default: 32."),
  })
  .describe("Modbus registers, over a serial line or TCP.");

const native = z
  .strictObject({ protocol: z.literal("edgeseal") })
  .describe("Our own device protocol, over MQTT or a serial line: names and values as the profile has them.");

export const profileSchema = z
  .strictObject({
    vendor: z.string().min(1).max(64).describe("a-z, 0-9, - and _; the name of the folder."),
    model: z.string().min(1).max(64).describe("a-z, 0-9, - and _; the name of the file without its ending."),
    title: z.string().min(1).max(TITLE_CHARACTERS_MAX).describe("The model's name for people."),
    description: z.string().max(DESCRIPTION_CHARACTERS_MAX).optional().describe("What a person should know about it."),
    sources: z
      .array(z.string().min(1).max(512))
      .max(SOURCES_MAX)
      .optional()
      .describe("Public pages with the facts: manuals, protocol descriptions."),
    class: z
      .string()
      .min(1)
      .max(64)
      .describe("What it is: `plug`, `lamp`, `lock`, `valve`, `sensor.smoke`, `meter`..."),
    safetyClass,
    properties: z.record(z.string(), property).optional().describe("By name."),
    actions: z.record(z.string(), action).optional().describe("By name."),
    events: z.record(z.string(), event).optional().describe("By name."),
    binding: z.discriminatedUnion("protocol", [mqtt, modbus, native]).describe("How the device is reached."),
  })
  .describe("A device profile of edgeseal: what a device model is able to, and how it is spoken to.");

export type ProfileValues = z.output<typeof profileSchema>;

/** For editors and other programs (JSON Schema 2020-12). */
export function profileJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(profileSchema, { io: "input" }) as Record<string, unknown>;
}
