/** Limits of a scenario, for those who need them without its schema. */
export const DEVICES_MAX = 200_000;
export const KINDS_MAX = 32;
export const PER_HOME_MAX = 1_000;
export const FAULTS_MAX = 64;
export const GATEWAYS_MAX = 1_024;
export const SCENARIO_BYTES_MAX = 256 * 1_024;
