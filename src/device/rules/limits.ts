/** Every number that bounds rules, in one place. */

export const TRIGGERS_MAX = 8;
export const ACTIONS_MAX = 16;
export const CONDITION_DEPTH_MAX = 4;
export const CONDITION_LEAVES_MAX = 16;
export const RULES_MAX = 2_048;
export const SCENES_MAX = 256;
export const SCENE_STEPS_MAX = 32;
export const POLICY_RULES_MAX = 64;
/** Runs of one rule at a time, waiting ones included; the same default as Home Assistant's. */
export const RUNS_PER_RULE_MAX = 10;
export const RETRIES_MAX = 5;
/** Steps of one evaluation of an expression. */
export const FUEL_STEPS_MAX = 256;
export const EXPRESSION_READS_MAX = 16;
/** Commands of one run, after groups have become devices. */
export const STEPS_PER_RUN_MAX = 256;
export const DURATION_MS_MAX = 7 * 86_400_000;
export const NOTICE_CHARACTERS_MAX = 256;
export const NAME_CHARACTERS_MAX = 64;

/** A command that nobody could carry out by then is no longer wanted. */
export const COMMAND_LIFE_MS = 30_000;
/** After the life of a command, for an answer that is under way. */
export const SETTLE_GRACE_MS = 2_000;
/** Readings that follow a command within this time count as its effect. */
export const EFFECT_WINDOW_MS = 5_000;
/** Rules that set off rules that set off rules... */
export const CHAIN_DEPTH_MAX = 8;
export const RUNS_PER_SECOND_MAX = 100;
export const RULE_RUNS_PER_SECOND_MAX = 10;
/** Beyond a limit the same safe command goes out at most this often. */
export const SAFE_REPEAT_MS = 1_000;
/** For so long a less important rule cannot undo what a more important one has set. */
export const RANK_MS = 5_000;
/** Remembered effects and repeats; beyond it the oldest are forgotten. */
export const EFFECTS_MAX = 8_192;
/** A header younger than this means that the chain is followed: runs are counted as offline only beyond it. */
export const SYNCED_HEADER_AGE_MS = 120_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Refusals held until the next `take`; more are counted in the last one's place. */
export const REFUSALS_MAX = 256;
export const RULE_BYTES_MAX = 32_768;
/** Inputs of one decision: two lines for each device there may be, and some. */
export const INPUT_LINES_MAX = 16_384;
export const INPUT_BYTES_MAX = 1_048_576;
/** Inputs of all runs of one rule that are not over, while they wait in its state: half of what a record may have. */
export const DRAFT_INPUT_BYTES_MAX = 524_288;
