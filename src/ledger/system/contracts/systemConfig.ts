/**
 * Settings of the chain, 0x1000. Source of methods, keys, ranges and order of checks:
 * bcos-executor/src/precompiled/SystemConfigPrecompiled.cpp (3.6 and later).
 *
 * Keys of features (`feature_`, `bugfix_`) are refused: nothing here would obey them.
 */
import type { StateReader } from "../../records.js";
import { SYSTEM_CONFIG_ADDRESS } from "../addresses.js";
import { CODE } from "../codes.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import { mayGovern } from "../governors.js";
import { declined, method, precompiledError, returned, returnedCode, type SystemContract } from "../method.js";
import { changeSetting, latestSetting, SETTING, settingAt } from "../settings.js";
import { compatibilityNumber, VERSION_3_3, VERSION_3_6, VERSION_3_9 } from "../versions.js";

/** TX_COUNT_LIMIT_MIN and TX_GAS_LIMIT_MIN of precompiled/common/Common.h. */
const TX_COUNT_LIMIT_MIN = 1n;
const TX_GAS_LIMIT_MIN = 100_000n;
const LEADER_PERIOD_MIN = 1n;
const AUTH_CHECK_STATUS_MAX = 255n;
const WEB3_CHAIN_ID_MAX = 0xffff_ffffn;
const INT64_MAX = 0x7fff_ffff_ffff_ffffn;

/** What boost::lexical_cast takes for a 64-bit integer; the length is bounded because the text is kept. */
const INTEGER = /^[+-]?\d{1,64}$/;
const HEX_NUMBER = /^0x[0-9a-fA-F]{1,64}$/;
/** No key is longer, and none has other characters. */
const KEY = /^[A-Za-z0-9_]{1,64}$/;

/** What is wrong with a value, or undefined. `version` is the chain's at this block. */
type Check = (value: string, version: number) => string | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  [SETTING.txGasLimit]: (value) => checkInteger(value, TX_GAS_LIMIT_MIN, INT64_MAX),
  [SETTING.txCountLimit]: (value) => checkInteger(value, TX_COUNT_LIMIT_MIN, INT64_MAX),
  [SETTING.leaderPeriod]: (value) => checkInteger(value, LEADER_PERIOD_MIN, INT64_MAX),
  [SETTING.txGasPrice]: (value, version) => {
    if (version < VERSION_3_6) return "this chain's version does not know the setting";
    return HEX_NUMBER.test(value) ? undefined : "the value must be a hexadecimal number like 0xa";
  },
  [SETTING.authCheckStatus]: (value, version) => {
    if (version < VERSION_3_3) return "this chain's version does not know the setting";
    return checkInteger(value, 0n, AUTH_CHECK_STATUS_MAX);
  },
  [SETTING.web3ChainId]: (value, version) => {
    if (version < VERSION_3_9) return "this chain's version does not know the setting";
    return checkInteger(value, 0n, WEB3_CHAIN_ID_MAX);
  },
  [SETTING.compatibilityVersion]: (value, version) => {
    const wanted = compatibilityNumber(value);
    if (wanted === undefined) return "the value must be a version like 3.6.0";
    return wanted < version ? "the version must not go back" : undefined;
  },
};

function checkInteger(value: string, min: bigint, max: bigint): string | undefined {
  if (!INTEGER.test(value)) return "the value must be a number";
  const number = BigInt(value.startsWith("+") ? value.slice(1) : value);
  if (number < min) return `the value must be no less than ${min}`;
  return number > max ? `the value must be no more than ${max}` : undefined;
}

function chainVersion(state: StateReader, number: number): number {
  return compatibilityNumber(settingAt(state, SETTING.compatibilityVersion, number)?.value ?? "") ?? 0;
}

export const systemConfig: SystemContract = {
  name: "system config",
  address: SYSTEM_CONFIG_ADDRESS,
  governance: true,
  methods: [
    method({
      signature: "setValueByKey(string,string)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_WRITE,
      run: ({ state, caller, block }, name, value) => {
        if (!mayGovern(state, caller, block.number)) return declined(CODE.noAuthorized);
        const key = name.toLowerCase();
        const check = KEY.test(name) && Object.hasOwn(CHECKS, key) ? CHECKS[key] : undefined;
        if (check === undefined) return precompiledError("there is no such setting");
        if (value === "") return precompiledError("the value must not be empty");
        const wrong = check(value, chainVersion(state, block.number));
        if (wrong !== undefined) return precompiledError(wrong);
        changeSetting(state, key, value, block.number);
        return returnedCode(CODE.success);
      },
    }),
    method({
      signature: "getValueByKey(string)",
      returns: "(string,int256)",
      mutability: "view",
      gas: GAS_READ,
      // Like FISCO: the newest value and the block it holds from, even if that is still to come.
      run: ({ state }, name) => {
        const setting = KEY.test(name) ? latestSetting(state, name.toLowerCase()) : undefined;
        return returned(setting === undefined ? ["", -1n] : [setting.value, BigInt(setting.from)]);
      },
    }),
  ],
};
