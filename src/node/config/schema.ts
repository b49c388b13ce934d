/**
 * The one schema of `edgeseal.yaml`: types, defaults, limits, the JSON schema and docs/operating/configuration.md all come
 * from here. Loading it costs some 50 ms and 5 MB, so a start that meets a file it has validated before does without
 * (checked.ts); everybody else imports only its type.
 */
import { z } from "zod";
import { gatewaySection } from "./gatewaySchema.js";

export const BROKERS_MAX = 16;
export const ENDPOINTS_MAX = 32;
export const WATCH_MAX = 256;
export const KEYS_MAX = 32;
export const PATH_LENGTH_MAX = 1_024;

const path = (what: string) => z.string().min(1).max(PATH_LENGTH_MAX).describe(what);
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const TOPIC = /^0x[0-9a-fA-F]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

const broker = z
  .strictObject({
    url: z
      .string()
      .max(300)
      .regex(/^mqtts?:\/\/[^/@\s]+\/?$/, "mqtt://host[:port] or mqtts://host[:port], without user and password")
      .describe("Address: `mqtts://host[:port]` (TLS, port 8883) or `mqtt://host[:port]` (readable, port 1883)."),
    username: z.string().min(1).max(256).optional().describe("User name at the broker."),
    passwordFile: path(
      "File that holds the password and nothing else; a line end at its end is left out. A name without a slash is looked for among the systemd credentials first.",
    ).optional(),
    caFile: path("PEM file of the authorities to trust instead of the system's.").optional(),
    clientCertFile: path("PEM file of our own certificate, for brokers that ask for one.").optional(),
    clientKeyFile: path("PEM file of that certificate's key. Looked for like `passwordFile`.").optional(),
    serverName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("Name that the broker's certificate must carry, where it is not the host of the address."),
    protocolVersion: z
      .union([z.literal(4), z.literal(5)])
      .default(4)
      .describe("MQTT version: 4 is 3.1.1, 5 is 5.0."),
    insecure: z
      .boolean()
      .default(false)
      .describe("Allows `mqtt://` to another machine: everything, the password included, then travels readable."),
  })
  .describe("One MQTT broker; each is a source of headers of its own.");

const rpc = z
  .strictObject({
    endpoints: z
      .array(
        z
          .string()
          .max(300)
          .regex(/^https?:\/\/[^@\s]+$/, "http:// or https:// address"),
      )
      .max(ENDPOINTS_MAX)
      .default([])
      .describe("JSON-RPC addresses of FISCO BCOS nodes of one chain; the quickest of those that answer is asked."),
    caFile: path("PEM file of the authorities to trust for `https://` instead of the system's.").optional(),
    tokenFile: path("File with the bearer token that the nodes ask for. Looked for like `passwordFile`.").optional(),
    timeoutMs: z.int().min(100).max(120_000).default(10_000).describe("For one attempt at one node."),
  })
  .describe("The nodes that a publisher follows. A light node needs none.");

const sync = z
  .strictObject({
    mode: z
      .enum(["skip", "forward"])
      .optional()
      .describe(
        "`skip` verifies the newest header and jumps; `forward` verifies every header. Default: `skip` for `light` and `gateway`, `forward` for `publisher` and `participant`, which accept nothing else.",
      ),
    fill: z
      .boolean()
      .default(true)
      .describe("Whether the headers that were jumped over are fetched afterwards, by parent hash."),
    windowHeaders: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(100_000)
      .describe("How many of the newest headers are kept; 0 keeps all."),
    trustingPeriodDays: z
      .number()
      .min(0.01)
      .max(3_650)
      .default(30)
      .describe("Age at which a trusted header is no longer a start for trusting another."),
    clockDriftMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(10_000)
      .describe("How far a header may be ahead of this machine's clock."),
    staleAfterMs: z
      .int()
      .min(0)
      .max(7 * 86_400_000)
      .default(300_000)
      .describe("Age of the newest header at which the node reports `STALE`; 0 never does."),
    trustLevel: z
      .enum(["strict", "third"])
      .default("strict")
      .describe(
        "How much of the trusted sealers' weight must have signed a later header: `strict` their quorum, `third` more than a third (never on chains with the fault model `crash`).",
      ),
  })
  .prefault({})
  .describe("How headers are followed and trusted.");

const publisher = z
  .strictObject({
    retainedBytes: z
      .int()
      .min(1_048_576)
      .max(64 * 1024 * 1024 * 1024)
      .default(64 * 1024 * 1024)
      .describe("Bytes of header segments that stay retained at the broker; older ones are sent on request."),
    pollMs: z.int().min(50).max(60_000).default(500).describe("Pause between two looks at the chain's height."),
  })
  .prefault({})
  .describe("Used by the role `publisher` only.");

const port = (what: string) => z.int().min(1).max(65_535).describe(what);
const host = (what: string) => z.string().min(1).max(253).default("127.0.0.1").describe(what);

const serve = z
  .strictObject({
    host: host("Address to listen on. Anything but loopback needs TLS and a token."),
    port: port("Port of JSON-RPC.").default(20_200),
    origins: z
      .array(z.string().min(1).max(300))
      .max(64)
      .default([])
      .describe("Origins whose web pages may ask (CORS); none by default."),
    tokenFile: path(
      "File with the bearer token that every request must carry. Looked for like `passwordFile`.",
    ).optional(),
    certFile: path("PEM file of the certificate; with it the server speaks HTTPS.").optional(),
    keyFile: path("PEM file of the certificate's key. Looked for like `passwordFile`.").optional(),
    clientCaFile: path("PEM file of the authority whose certificates clients must show.").optional(),
  })
  .prefault({})
  .describe("The participant's JSON-RPC.");

const ownBroker = z
  .strictObject({
    host: host("Address to listen on. Anything but loopback needs a broker of its own, with TLS and logins."),
    port: port("Port of MQTT.").default(1_883),
  })
  .describe("A small MQTT broker inside the participant, for chains that are tried on one machine.");

const participant = z
  .strictObject({
    genesis: path("Text of block 0, the same for all participants; `edgeseal chain init` writes it.").default(
      "genesis.txt",
    ),
    consensus: z.enum(["solo"]).default("solo").describe("`solo`: this node is the chain's only sealer."),
    key: z
      .string()
      .regex(NAME, "1 to 64 letters, digits, - and _")
      .default("sealer")
      .describe("Name of the key, of the family `sealer`, that signs headers."),
    intervalMs: z.int().min(0).max(60_000).default(100).describe("Least time from block to block."),
    idleMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe(
        "Time without transactions after which an empty block shows light nodes that the chain lives; 0 makes none.",
      ),
    workers: z
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe("Threads that recover signatures; 0 does it in the main one. Default: the processors but one."),
    serve,
    broker: ownBroker.optional(),
  })
  .prefault({})
  .describe("Used by the role `participant` only.");

const store = z
  .strictObject({
    engine: z
      .enum(["auto", "better-sqlite3", "node:sqlite", "memory"])
      .default("auto")
      .describe(
        "SQLite engine. `auto` takes better-sqlite3, else node:sqlite. `memory` keeps nothing over a restart: for tests only.",
      ),
  })
  .prefault({})
  .describe("Where verified headers are kept.");

const crypto = z
  .strictObject({
    backends: z
      .array(z.string().min(1).max(64))
      .max(16)
      .default([])
      .describe("Names of the only back ends that may serve; empty: the fastest that passes its self-test."),
  })
  .prefault({})
  .describe("Cryptographic back ends; `edgeseal doctor` lists them.");

const watchedEvent = z
  .strictObject({
    address: z.string().regex(ADDRESS, "0x and 40 hex digits").describe("The contract."),
    topic: z.string().regex(TOPIC, "0x and 64 hex digits").describe("First topic: the hash of the event's signature."),
    topics: z.int().min(1).max(4).describe("How many topics it has, the first included."),
    dataBytes: z.int().min(0).max(4_096).describe("Bytes of its data, which must never vary."),
  })
  .describe("One event of fixed size.");

const shortText = (what: string) => z.string().min(1).max(255).describe(what);

const mechanism = (what: string) => z.int().min(0).max(0xffff_ffff).describe(what);

const sm2OfToken = z
  .strictObject({
    signMechanism: mechanism("Mechanism that signs."),
    generateMechanism: mechanism("Mechanism that makes key pairs; without it `key generate` is refused.").optional(),
    keyType: mechanism("Type of the keys. Default: CKK_EC.").optional(),
    input: z
      .enum(["e", "message"])
      .default("e")
      .describe(
        "What the mechanism signs: `e`, the SM3 hash over Z and the message, or the `message`, where the token computes Z with the default user id.",
      ),
  })
  .describe("`pkcs11`: PKCS#11 has no SM2; these numbers stand in the vendor's header file.");

const key = z
  .strictObject({
    name: z.string().regex(NAME, "1 to 64 letters, digits, - and _").describe("Name for `--key` and in logs."),
    family: z
      .enum(["sealer", "account", "device"])
      .default("account")
      .describe(
        "What the key signs for its whole life: `sealer` headers and votes, `account` transactions, `device` statements of a device.",
      ),
    algorithm: z
      .enum(["secp256k1", "sm2"])
      .default("secp256k1")
      .describe("`secp256k1` on `ecdsa` chains, `sm2` on `sm` chains."),
    backend: z
      .enum(["keystore", "pkcs11", "shield", "skf"])
      .describe(
        "Where the key lives: an encrypted file, a PKCS#11 token, a U-shield on a serial line, a U-shield with an SKF library.",
      ),
    secretFile: path(
      "File with mode 0400 or 0600 that holds the passphrase or PIN and nothing else. A name without a slash is looked for among the systemd credentials first; `fd:N` reads the inherited descriptor N.",
    ).optional(),
    file: path("`keystore`: the encrypted file. Default: `keys/NAME.json`.").optional(),
    module: path("`pkcs11`, `skf`: absolute path of the token's library.").optional(),
    tokenLabel: shortText("`pkcs11`: label of the token.").optional(),
    serial: shortText("`pkcs11`, `shield`, `skf`: serial number the device must have.").optional(),
    keyLabel: shortText("`pkcs11`: label of a key pair that `key generate` makes. Default: the name.").optional(),
    keyId: z
      .string()
      .regex(/^(?:[0-9a-fA-F]{2}){1,64}$/, "1 to 64 bytes in hex")
      .optional()
      .describe("`pkcs11`: id (CKA_ID) of the key pair, in hex; by it alone the key is found."),
    publicKey: z
      .string()
      .regex(/^(?:0x)?[0-9a-fA-F]{128}$/, "128 hex digits")
      .optional()
      .describe("`pkcs11`: X and Y of the key, for tokens that do not show it; any other key is refused."),
    sm2: sm2OfToken.optional(),
    sessions: z.int().min(1).max(16).default(4).describe("`pkcs11`: sessions that sign at the same time."),
    device: path(
      "`shield`: serial line, such as `/dev/ttyUSB0`. `skf`: name of the device, where there are several.",
    ).optional(),
    baudRate: z.int().min(1_200).max(4_000_000).default(115_200).describe("`shield`: bits a second."),
    application: shortText("`skf`: application on the device.").optional(),
    container: shortText("`skf`: container of the key pair.").optional(),
    development: z
      .boolean()
      .default(false)
      .describe(
        "Development chains only: allows a `sealer` key that can be copied, or whose home does not count sessions. Nothing then keeps two copies of it from signing against each other.",
      ),
  })
  .describe("One key; docs/operating/keys.md shows one of each kind.");

const log = z
  .strictObject({
    level: z
      .enum(["debug", "info", "warn", "error"])
      .default("info")
      .describe("Least important kind of message that is written."),
  })
  .prefault({})
  .describe("Log lines go to standard error, one JSON object each.");

export const configSchema = z
  .strictObject({
    role: z
      .enum(["light", "publisher", "participant", "gateway"])
      .default("light")
      .describe(
        "`light` follows a chain over MQTT; `publisher` follows a node over JSON-RPC and puts its headers on MQTT; `participant` keeps the chain itself, serves JSON-RPC and publishes; `gateway` follows a chain like `light`, speaks to devices and carries out rules.",
      ),
    dataDir: path("Folder for the node's state, mode 0700, used by one process at a time.").default("data"),
    client: z
      .string()
      .regex(NAME, "1 to 64 letters, digits, - and _")
      .optional()
      .describe(
        "This node's name at the brokers; two clients of one broker with the same name throw each other out. Default: the role and a number made from the host's name and the data directory.",
      ),
    brokers: z
      .array(broker)
      .max(BROKERS_MAX)
      .default([])
      .describe("MQTT brokers. A publisher and a participant use the first."),
    rpc: rpc.prefault({}),
    watch: z
      .array(z.string().regex(ADDRESS, "0x and 40 hex digits"))
      .max(WATCH_MAX)
      .default([])
      .describe("Contracts whose events a publisher puts on MQTT, with proofs."),
    events: z
      .array(watchedEvent)
      .max(WATCH_MAX)
      .default([])
      .describe(
        "Events of fixed size that a light node takes as evidence when an account named in the anchor made them; everything else is only shown.",
      ),
    keys: z
      .array(key)
      .max(KEYS_MAX)
      .default([])
      .describe("Keys that this node may sign with. The keys themselves never stand in a configuration."),
    sync,
    publisher,
    participant,
    gateway: gatewaySection(broker),
    store,
    crypto,
    log,
  })
  .describe("Configuration of one edgeseal node. Relative paths start at the folder of this file.");

/** As it stands in the file, defaults filled in; paths not yet resolved. */
export type ConfigValues = z.output<typeof configSchema>;

/** JSON Schema (2020-12) of the file, for editors: fields with a default may be left out. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" }) as Record<string, unknown>;
}
