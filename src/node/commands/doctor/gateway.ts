/** What the doctor sees of a gateway beside what every node has: links, files of devices and rules, what joined, the key. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "../../../base/clock.js";
import { referenceSuite } from "../../../crypto/referenceSuite.js";
import type { DeviceRecord } from "../../../device/device.js";
import { deviceFrom } from "../../../device/gateway/records.js";
import type { DeviceProfile } from "../../../device/profile.js";
import { GATEWAY_FILE, openSqliteGatewayStore } from "../../../store/gateway/sqliteGatewayStore.js";
import { describe } from "../../../text/describe.js";
import type { Config } from "../../config.js";
import { askNode } from "../../control/client.js";
import { readDeviceFile, recordOf } from "../../gateway/deviceFile.js";
import { isJsonObject, type JsonObject } from "../../jsonObject.js";
import { loadProfiles, type ProfileLibrary } from "../../profiles/library.js";
import { type HomeDevice, loadHome } from "../../rules/home.js";
import type { RuleMistake } from "../../rules/problems.js";
import type { Environment } from "../../signing/openKey.js";
import type { Finding } from "./finding.js";
import { checkLink } from "./links.js";
import { checkKey } from "./participant.js";
import { failure } from "./state.js";

/** Nothing for other roles. */
export async function checkGateway(config: Config, environment: Environment, clock: Clock): Promise<Finding[]> {
  if (config.role !== "gateway") return [];
  const running = await askNode(config.dataDir, { command: "status" }).catch(() => undefined);
  const links = await Promise.all(config.gateway.links.map((_, index) => checkLink(config, index, environment)));
  const status = isJsonObject(running?.result) ? running.result.gateway : undefined;
  return [
    ...(config.gateway.links.length === 0 ? [NO_LINKS] : links.flat()),
    ...(isJsonObject(status) ? [judgeRunning(status)] : await checkFiles(config, clock)),
    ...(await checkReceiptKey(config, environment, running !== undefined)),
  ];
}

const NO_LINKS: Finding = {
  name: "links",
  level: "warn",
  says: "there is no link, so there are no devices",
  advice: "Add one below gateway.links: docs/operating/gateway.md.",
};

/** Which devices there are, and so which rules fit them, the running gateway knows best. */
function judgeRunning({ rules, devices, online }: JsonObject): Finding {
  const { active, paused, scenes, mistakes } = isJsonObject(rules) ? rules : {};
  const says = `${online} of ${devices} devices online; ${active} rules active, ${paused} paused, ${scenes} scenes`;
  if (mistakes === 0 && paused === 0) return { name: "gateway", level: "ok", says };
  const advice =
    "`edgeseal rule reload` reads the files again and names each mistake; `edgeseal rule check` tells why a rule is paused.";
  return { name: "gateway", level: "warn", says: `${says}, ${mistakes} mistakes in the files`, advice };
}

async function checkReceiptKey(config: Config, environment: Environment, running: boolean): Promise<Finding[]> {
  const { key } = config.gateway;
  if (key === undefined)
    return [{ name: "receipts", level: "ok", says: "are chained, not signed: there is no gateway.key" }];
  // A key on a token serves one process at a time.
  return running ? [] : [await checkKey(config, key, environment)];
}

async function checkFiles(config: Config, clock: Clock): Promise<Finding[]> {
  const own = config.gateway.profiles;
  const profiles = await loadProfiles(own === undefined ? {} : { folder: resolve(config.folder, own) });
  const kept = await keptDevices(config, clock);
  const home = await homeOf(config, profiles, kept.devices);
  // A bridge tells what its devices can do when the gateway runs; until then rules about them cannot be judged.
  const unresolved = new Set(kept.devices.filter(({ profile }) => !profiles.profiles.has(profile)).map(({ id }) => id));
  const mistakes = home.mistakes.filter(({ problem }) => {
    return !(problem.code === "RULE_DEVICE_UNKNOWN" && unresolved.has(problem.device));
  });
  const waiting = unresolved.size === 0 ? "" : `, ${unresolved.size} of them known only when their bridge is heard`;
  const paused = home.rules.filter(({ status }) => status === "PAUSED").length;
  return [
    ...profiles.mistakes.slice(0, 1).map((mistake) => mistakeFinding("profiles", profiles.mistakes.length, mistake)),
    ...kept.findings,
    ...judged("devices", `${home.devices.length + unresolved.size} known${waiting}`, home.deviceMistakes),
    ...judged("rules", `${home.rules.length} (${paused} paused), scenes: ${home.scenes}`, mistakes),
    policyFinding(config),
  ];
}

interface Home {
  readonly devices: readonly HomeDevice[];
  readonly rules: readonly { readonly status: string }[];
  readonly scenes: number;
  readonly mistakes: readonly RuleMistake[];
  readonly deviceMistakes: readonly RuleMistake[];
}

/** Rules, scenes and policy as the gateway would read them, for the devices of the file and those that have joined. */
async function homeOf(config: Config, { profiles }: ProfileLibrary, joined: readonly DeviceRecord[]): Promise<Home> {
  const path = (name: string): string => resolve(config.folder, name);
  const { devices: file, rules, scenes, policy } = config.gateway;
  const profile = (id: string): DeviceProfile | undefined => profiles.get(id);
  const read = await readDeviceFile(path(file));
  const listed = (read.devices ?? []).map((device) => ({ device, record: recordOf(device, 0) }));
  const deviceMistakes: RuleMistake[] = read.mistakes
    .filter((problem) => problem.code !== "DEVICES_UNREADABLE" || problem.reason !== "ENOENT")
    .map((problem) => ({ file: path(file), line: problem.line, column: problem.column, problem }));
  for (const { device } of listed) {
    if (profiles.has(device.profile)) continue;
    const problem = { code: "RULE_PROFILE_UNKNOWN", device: device.id, profile: device.profile } as const;
    deviceMistakes.push({ file: path(file), line: device.line, column: 1, problem });
  }
  const records = new Map([...joined, ...listed.map(({ record }) => record)].map((record) => [record.id, record]));
  const devices = [...records.values()].flatMap((record): readonly HomeDevice[] => {
    const found = profile(record.profile);
    const registration = { verdict: "unknown" } as const;
    return found === undefined ? [] : [{ record, profile: found, registration }];
  });
  const suite = referenceSuite("ecdsa");
  const files = { devices: path(file), rules: path(rules), scenes: path(scenes), policy: path(policy) };
  const home = await loadHome({ files, hash: (data) => suite.hash(data), profile, devices });
  return { devices, rules: home.rules, scenes: home.scenes.length, mistakes: home.mistakes, deviceMistakes };
}

function judged(name: string, says: string, mistakes: readonly RuleMistake[]): readonly Finding[] {
  const [first] = mistakes;
  return first === undefined ? [{ name, level: "ok", says }] : [mistakeFinding(name, mistakes.length, first)];
}

interface Mistake extends Pick<RuleMistake, "file" | "line"> {
  readonly problem: { readonly code: string };
}

/** How many, and the first one in words. */
function mistakeFinding(name: string, count: number, { file, line, problem }: Mistake): Finding {
  const { sentence, advice } = describe(problem);
  const place = line === 0 ? file : `${file}:${line}`;
  const others = count === 1 ? "" : ` (and ${count - 1} more)`;
  return {
    ...{ name, level: "fail", says: `${place}: ${sentence} [${problem.code}]${others}` },
    ...(advice === undefined ? {} : { advice }),
  };
}

function policyFinding({ folder, gateway }: Config): Finding {
  const path = resolve(folder, gateway.policy);
  if (existsSync(path)) return { name: "policy", level: "ok", says: path };
  const advice = "Write one: docs/operating/gateway.md has a beginning.";
  return { name: "policy", level: "warn", says: `there is no ${path}, so nobody may do anything`, advice };
}

/** Devices that joined, and whether what is kept of them is sound. */
async function keptDevices(config: Config, clock: Clock) {
  const path = join(config.dataDir, GATEWAY_FILE);
  const none: readonly DeviceRecord[] = [];
  if (!existsSync(path)) return { devices: none, findings: [] };
  const name = "gateway store";
  try {
    const store = await openSqliteGatewayStore(path, { clock });
    try {
      const faults = store.check();
      const devices = store.load().devices.map(([, bytes]) => deviceFrom(bytes));
      const finding: Finding =
        faults.length === 0
          ? { name, level: "ok", says: `${devices.length} devices have joined; sound` }
          : { name, level: "fail", says: faults.join(", "), advice: "See docs/errors.md." };
      return { devices, findings: [finding] };
    } finally {
      store.close();
    }
  } catch (thrown) {
    return { devices: none, findings: [failure(name, thrown)] };
  }
}
