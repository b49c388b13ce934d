/** The schema of a scenario file; limits, defaults, the JSON schema and the table of docs/operating/simulator.md come from it. */
import { z } from "zod";
import { HOSTILE_KINDS } from "../../devices/hostile.js";
import { MODEL_NAMES } from "../../devices/models.js";
import { durationMs, momentOf, sharePpm } from "./amounts.js";
import { DEVICES_MAX, FAULTS_MAX, GATEWAYS_MAX, KINDS_MAX, PER_HOME_MAX } from "./limits.js";

const TEXT_MAX = 2_000;

const duration = (says: string, least = 0) =>
  z
    .string()
    .max(16)
    .refine((text) => (durationMs(text) ?? -1) >= least, {
      error: `a duration such as 250ms, 30s, 5m, 2h or 1d${least > 0 ? `, at least ${least} ms` : ""}`,
    })
    .transform((text) => durationMs(text) ?? 0)
    .describe(says);

const share = (says: string) =>
  z
    .string()
    .max(16)
    .refine((text) => sharePpm(text) !== undefined, { error: "a share such as 5% or 0.25%" })
    .transform((text) => sharePpm(text) ?? 0)
    .describe(says);

const moment = (says: string) =>
  z
    .string()
    .max(16)
    .refine((text) => momentOf(text) !== undefined, { error: "a moment such as 90s or 40% of the run" })
    .transform((text) => momentOf(text) ?? { ms: 0 })
    .describe(says);

const model = z.enum(MODEL_NAMES);

const kind = z
  .strictObject({
    model: model.describe("Model of `device-profiles/virtual`."),
    count: z.int().min(1).max(PER_HOME_MAX).default(1).describe("How many of them each home has."),
    every: duration("From reading to reading; each device at a moment of its own.", 100),
    between: z
      .record(
        z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "the name of a property"),
        z.tuple([z.int(), z.int()]).refine(([low, high]) => low <= high, { error: "the lower value comes first" }),
      )
      .default({})
      .describe("Other bounds for measured values, in the property's smallest unit: `temperature: [-2200, -1800]`."),
  })
  .describe("One kind of device in a home.");

const faults = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("storm"),
      at: moment("When it begins."),
      for: duration("How long it lasts."),
      share: share("Of the devices."),
      factor: z.int().min(2).max(1_000).describe("How many times as often they report."),
    })
    .describe("Devices report far more often."),
  z
    .strictObject({
      kind: z.literal("drop"),
      at: moment("When they vanish."),
      share: share("Of the devices."),
      away: duration("How long until they come back, with power newly on."),
      how: z
        .enum(["reset", "silent"])
        .default("reset")
        .describe("`reset`: the connection breaks at once. `silent`: nothing more is heard, the broker has to notice."),
    })
    .describe("Devices vanish without a goodbye."),
  z
    .strictObject({
      kind: z.literal("brokerRestart"),
      at: moment("When the broker stops."),
      down: duration("How long it is away."),
    })
    .describe("The broker stops and starts again, having forgotten everything."),
  z
    .strictObject({
      kind: z.literal("drift"),
      at: moment("From when on."),
      share: share("Of the devices that measure."),
      perHour: z.int().min(-1_000_000).max(1_000_000).describe("In the property's smallest unit."),
    })
    .describe("Sensors go wrong slowly."),
  z
    .strictObject({
      kind: z.literal("alarm"),
      at: moment("When it begins."),
      for: duration("How long it lasts."),
      model: model.describe("Of these; those with an alarm are `smoke`."),
      share: share("Of the devices of that model."),
    })
    .describe("Smoke."),
  z
    .strictObject({
      kind: z.literal("malicious"),
      at: moment("From when on.").prefault("0%"),
      share: share("Of the devices."),
      does: z.enum(HOSTILE_KINDS).describe("What they do beside their work."),
      every: duration("From one misdeed to the next.", 100).prefault("10s"),
    })
    .describe("Devices with bad intentions."),
]);

export const scenarioSchema = z
  .strictObject({
    name: z.string().min(1).max(80).describe("Title of the report."),
    about: z.string().max(TEXT_MAX).default("").describe("What it shows, for people."),
    duration: duration("How long it runs, of the world's time.", 1_000),
    startsAt: duration("Time of day at the start.").prefault("8h"),
    devices: z.int().min(1).max(DEVICES_MAX).describe("How many, where nobody asks for another number."),
    home: z.array(kind).min(1).max(KINDS_MAX).describe("What is in one home, flat, cell or truck."),
    gateways: z
      .int()
      .min(0)
      .max(GATEWAYS_MAX)
      .default(1)
      .describe("Virtual gateways that listen, check and command; 0 where real ones are attached."),
    joins: z
      .strictObject({
        over: moment("Devices are switched on one after the other until then.").prefault("10%"),
      })
      .prefault({})
      .describe("How the fleet comes."),
    commands: z
      .strictObject({
        every: duration("From command to command of one gateway, to one of its devices at a time; 0s: none.").prefault(
          "0s",
        ),
        expireAfter: duration("After that a device must not carry it out.", 100).prefault("10s"),
      })
      .prefault({})
      .describe("What the virtual gateways tell the devices."),
    keepAlive: duration("MQTT keep alive.", 2_000).prefault("60s"),
    reconnect: z
      .strictObject({
        spread: duration("A lost device comes back at a moment drawn evenly from this time.", 100).prefault("20s"),
        max: duration("The time doubles with each attempt that fails, up to this.", 100).prefault("2m"),
      })
      .prefault({})
      .describe("How devices come back."),
    network: z
      .strictObject({
        least: duration("Of one way.").prefault("1ms"),
        most: duration("Of one way.").prefault("20ms"),
        loss: share("Of messages of quality 0 that never arrive.").prefault("0%"),
      })
      .prefault({})
      .describe("The network between devices and broker, in memory only."),
    signed: share("Of the devices that have a key and sign what they say.").prefault("0%"),
    faults: z.array(faults).max(FAULTS_MAX).default([]).describe("What goes wrong, and when."),
  })
  .describe("A fleet of virtual devices and what happens to it.");

export type Scenario = z.output<typeof scenarioSchema>;
export type Fault = Scenario["faults"][number];
export type FaultOf<K extends Fault["kind"]> = Extract<Fault, { readonly kind: K }>;

/** Of the file as people write it. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { io: "input", unrepresentable: "any" });
}
