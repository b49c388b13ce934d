/** The section `gateway` of `edgeseal.yaml`: which devices, over which lines, by which rules. */
import { z } from "zod";

export const LINKS_MAX = 32;
export const BRIDGES_MAX = 16;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const TOPIC_PREFIX = /^[^+#\s/]+(?:\/[^+#\s/]+)*$/;

const name = (what: string) => z.string().regex(NAME, "1 to 64 letters, digits, - and _").describe(what);
const path = (what: string) => z.string().min(1).max(1_024).describe(what);

const deviceLink = <B extends z.ZodType>(broker: B) =>
  z
    .strictObject({
      name: name("What devices name it by."),
      protocol: z
        .enum(["mqtt", "serial", "modbus"])
        .describe(
          "`mqtt`: a broker that devices and bridges speak to. `serial`: a line with devices of our own protocol. `modbus`: a line (RTU) or an address (TCP) with Modbus devices.",
        ),
      broker: broker.optional(),
      zigbee2mqtt: z
        .array(z.string().max(128).regex(TOPIC_PREFIX, "levels of a topic, without + and #"))
        .max(BRIDGES_MAX)
        .default([])
        .describe("`mqtt`: base topics of Zigbee2MQTT bridges, whose devices are taken over."),
      path: path("`serial`, `modbus`: serial line, best by its stable name below `/dev/serial/by-id/`.").optional(),
      baudRate: z.int().min(300).max(4_000_000).default(9_600).describe("`serial`, `modbus`: bits a second."),
      parity: z.enum(["none", "even", "odd"]).default("none").describe("`modbus`: parity of the line."),
      host: z.string().min(1).max(253).optional().describe("`modbus`: address of a Modbus TCP device or converter."),
      port: z.int().min(1).max(65_535).default(502).describe("`modbus`: its port."),
      timeoutMs: z.int().min(20).max(60_000).default(1_000).describe("`modbus`: for the answer to one request."),
    })
    .describe("One way to devices.");

const homeAssistant = z
  .strictObject({
    link: name("The `mqtt` link whose broker Home Assistant uses."),
    discoveryPrefix: z
      .string()
      .max(128)
      .regex(TOPIC_PREFIX, "levels of a topic, without + and #")
      .default("homeassistant")
      .describe("Its discovery prefix."),
    controls: z
      .int()
      .min(0)
      .max(3)
      .default(1)
      .describe(
        "Highest safety class that can be switched from there: 1 lamps and plugs, 2 also locks and heaters, 3 also gas. Its messages carry neither number nor expiry.",
      ),
  })
  .describe("Shows every device in Home Assistant, which finds them by itself.");

const ownTopics = z
  .strictObject({
    client: z.string().min(1).max(128).describe("Its user name at the broker, or its client id where it has none."),
    topics: z
      .array(z.string().max(128).regex(TOPIC_PREFIX, "levels of a topic, without + and #"))
      .min(1)
      .max(16)
      .describe("Where its topics begin."),
  })
  .describe("A device or bridge with topics of its own, such as a plug below `tele/plug-1`.");

const ownBroker = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .max(253)
      .default("127.0.0.1")
      .describe("Address to listen on. Anything but loopback needs a broker of its own, with TLS and logins."),
    port: z.int().min(1).max(65_535).default(1_883).describe("Port of MQTT."),
    restricted: z
      .boolean()
      .default(false)
      .describe("Whether a device may only speak and listen below `dev/<its name>`, and what `below` names."),
    trusted: z
      .array(z.string().min(1).max(128))
      .max(64)
      .default([])
      .describe("With `restricted`: clients that may do everything, such as Home Assistant. The gateway itself may."),
    below: z.array(ownTopics).max(1_024).default([]).describe("With `restricted`: clients with topics of their own."),
  })
  .describe("A small MQTT broker inside the gateway. It sees when two devices come under one name.");

export const gatewaySection = <B extends z.ZodType>(broker: B) =>
  z
    .strictObject({
      name: name("Name towards devices, in topics and receipts. Default: the client's.").optional(),
      broker: ownBroker.optional(),
      links: z.array(deviceLink(broker)).max(LINKS_MAX).default([]).describe("Ways to devices."),
      devices: path("File that lists devices by hand: what cannot join by itself, and who is registered.").default(
        "devices.yaml",
      ),
      profiles: path("Folder with profiles of your own, beside those that come along.").optional(),
      rules: path("Folder with rules, `*.yaml`.").default("rules"),
      scenes: path("Folder with scenes, `*.yaml`.").default("scenes"),
      policy: path("File that says who may do what. Without it nobody may do anything.").default("policy.yaml"),
      registeredOnly: z
        .boolean()
        .default(false)
        .describe("Only devices that are registered may join; others are refused even while the join window is open."),
      key: name(
        "Key, of the family `device`, that signs heads of receipts. Without it receipts are chained, not signed.",
      ).optional(),
      telemetry: z.boolean().default(true).describe("Whether readings are kept, for some days, in a ring."),
      homeAssistant: homeAssistant.optional(),
    })
    .prefault({})
    .describe("Used by the role `gateway` only.");
