/** `edgeseal doctor`: looks at everything a node depends on and says what to do about what is wrong. Changes nothing. */
import type { Clock } from "../../base/clock.js";
import { ConfigError, type ConfigProblem } from "../config/problems.js";
import { type Config, loadConfig, readConfigValue } from "../config.js";
import { checkBrokers } from "./doctor/brokers.js";
import { checkEndpoints } from "./doctor/endpoints.js";
import type { Finding } from "./doctor/finding.js";
import { checkGateway } from "./doctor/gateway.js";
import { checkClock, checkNode, checkSuite } from "./doctor/machine.js";
import { checkParticipant } from "./doctor/participant.js";
import { checkState } from "./doctor/state.js";

export interface DoctorOptions {
  readonly configPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** In the order in which they are best read; never rejects for anything that is a finding. */
export async function doctor(options: DoctorOptions): Promise<readonly Finding[]> {
  const machine = [checkNode(process.versions.node), ...(await checkSuite("ecdsa")), ...(await checkSuite("sm"))];
  const loaded = await checkConfig(options.configPath);
  if (loaded.config === undefined) return [...machine, checkClock(options.clock.now(), undefined), ...loaded.findings];
  const { config } = loaded;
  const state = await checkState(config, options.clock);
  return [
    ...machine,
    checkClock(options.clock.now(), state.headerTime),
    ...loaded.findings,
    ...state.findings,
    ...(await checkParticipant(config, options.environment)),
    ...(await checkGateway(config, options.environment, options.clock)),
    ...(await checkBrokers(config, options.environment)),
    ...(await checkEndpoints(config, options.environment, options.clock)),
  ];
}

async function checkConfig(path: string): Promise<{ findings: Finding[]; config?: Config }> {
  try {
    const { config } = await loadConfig(path);
    const says = `${config.path}: role ${config.role}, client ${config.client}, ${config.brokers.length} broker(s)`;
    return { findings: [{ name: "config", level: "ok", says }], config };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const { problem } = thrown;
    return {
      findings: (await allProblems(path, problem)).map((each) => ({ name: "config", level: "fail", problem: each })),
    };
  }
}

/** A file that can be read is judged as a whole, so that its mistakes can be mended in one go. */
async function allProblems(path: string, first: ConfigProblem): Promise<readonly ConfigProblem[]> {
  const judged = ["CONFIG_KEY_UNKNOWN", "CONFIG_VALUE", "CONFIG_FIELDS"].includes(first.code);
  if (!judged) return [first];
  const { configProblems } = await import("../config/validate.js");
  return configProblems(path, await readConfigValue(path));
}
