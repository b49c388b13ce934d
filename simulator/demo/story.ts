/** What happens in the demonstration's home, over and over: smoke, all clear, leaving, coming home. */
import type { GatewayOutput } from "../../src/device/gateway/messages.js";
import type { DeviceValue } from "../../src/device/value.js";

export interface ActResult {
  readonly device: string;
  readonly target: string;
  readonly value: DeviceValue | undefined;
  readonly result: string;
  /** From the cause to the device's answer. */
  readonly latencyMs: number;
}

export interface Act {
  readonly title: string;
  readonly results: readonly ActResult[];
  /** Code of why a scene did not begin. */
  readonly refusedBy?: string;
}

/** What the story does in the world. */
export interface Stage {
  smoke(): void;
  air(): void;
  /** @returns code of why not */
  scene(name: string): Promise<string | undefined>;
  lightOff(): Promise<string | undefined>;
  /** Resolves when the gateway has heard that there is no smoke. */
  airHeard(): Promise<void>;
}

/** One step of the story, and how long it is looked at. */
interface Step {
  readonly title: string;
  readonly forMs: number;
  readonly count?: "smokes" | "leavings";
  readonly do: (stage: Stage) => Promise<string | undefined> | undefined;
}

/** The rule of smoke outranks scenes for five seconds: until then nobody can undo what it has set. */
const SMOKE_MS = 6_000;

const STEPS: readonly Step[] = [
  {
    title: "Smoke in the kitchen: the rule acts by itself",
    forMs: SMOKE_MS,
    count: "smokes",
    do: (stage) => {
      stage.smoke();
      return undefined;
    },
  },
  {
    title: "The smoke is gone: scene all-clear",
    forMs: 2_500,
    do: async (stage) => {
      stage.air();
      await stage.airHeard();
      return await stage.scene("all-clear");
    },
  },
  {
    title: "Everybody goes out: scene leaving-home",
    forMs: 3_000,
    count: "leavings",
    do: (stage) => stage.scene("leaving-home"),
  },
  { title: "Somebody is back: scene coming-home", forMs: 2_500, do: (stage) => stage.scene("coming-home") },
  { title: "Somebody turns the light off", forMs: 1_500, do: (stage) => stage.lightOff() },
];

export class Story {
  readonly #stage: Stage;
  #act: Act = { title: "Waiting until every device is there", results: [] };
  #smokes = 0;
  #leavings = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get act(): Act {
    return this.#act;
  }

  /** How often smoke came up, and how often everybody left. */
  get counts(): { readonly smokes: number; readonly leavings: number } {
    return { smokes: this.#smokes, leavings: this.#leavings };
  }

  start(): void {
    void this.#next(0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** To be told everything that the gateway says. */
  heard(output: GatewayOutput): void {
    if (output.kind !== "settled") return;
    const { command, result, latencyUs } = output;
    const { device, target, value } = command;
    const results = [...this.#act.results, { device, target, value, result, latencyMs: latencyUs / 1_000 }];
    this.#act = { ...this.#act, results };
  }

  async #next(place: number): Promise<void> {
    const step = STEPS[place] as Step;
    this.#act = { title: step.title, results: [] };
    const refusedBy = await step.do(this.#stage);
    if (refusedBy !== undefined) this.#act = { ...this.#act, refusedBy };
    else if (step.count === "smokes") this.#smokes++;
    else if (step.count === "leavings") this.#leavings++;
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#next((place + 1) % STEPS.length), step.forMs);
  }
}
