/**
 * The text room: one sentence for every problem code of the project, and what to do about it. In: codes and their data.
 * Out: words. It knows the problems of all rooms as types and runs none of their code.
 */
import type { Problem } from "../base/error.js";
import { baseTexts } from "./en/base.js";
import { chainTexts } from "./en/chain.js";
import { codecTexts } from "./en/codec.js";
import { cryptoTexts } from "./en/crypto.js";
import { deviceMessageTexts } from "./en/device.js";
import { deviceValueTexts, profileFileTexts, profileTexts, zigbeeTexts } from "./en/deviceProfiles.js";
import { fleetTexts } from "./en/fleet.js";
import { keystoreTexts, pkcs11Texts, secretTexts } from "./en/hsm.js";
import { keyTexts, sendTexts } from "./en/keys.js";
import { ledgerTexts } from "./en/ledger.js";
import { brokerTexts, linkTexts, rpcServerTexts, rpcTexts } from "./en/link.js";
import {
  bundleTexts,
  chainInitTexts,
  commandTexts,
  configTexts,
  controlTexts,
  dataDirTexts,
  inputTexts,
  nodeTexts,
  participantTexts,
  verifyTexts,
} from "./en/node.js";
import { recoveryTexts } from "./en/recovery.js";
import { shieldTexts, skfTexts } from "./en/shield.js";
import { signingTexts } from "./en/signing.js";
import { simulatorTexts } from "./en/simulator.js";
import { stateTexts } from "./en/state.js";
import { storeTexts } from "./en/store.js";
import { wireTexts } from "./en/wire.js";
import type { Sentence } from "./texts.js";

/** All texts by subject, in the order of docs/errors.md. */
export const ALL_TEXTS: Readonly<Record<string, Readonly<Record<string, Sentence<never>>>>> = {
  verify: verifyTexts,
  input: inputTexts,
  config: configTexts,
  dataDir: dataDirTexts,
  bundle: bundleTexts,
  control: controlTexts,
  command: commandTexts,
  node: nodeTexts,
  participant: participantTexts,
  chainInit: chainInitTexts,
  key: keyTexts,
  send: sendTexts,
  signing: signingTexts,
  secret: secretTexts,
  keystore: keystoreTexts,
  pkcs11: pkcs11Texts,
  shield: shieldTexts,
  skf: skfTexts,
  chain: chainTexts,
  ledger: ledgerTexts,
  recovery: recoveryTexts,
  profileFile: profileFileTexts,
  profile: profileTexts,
  deviceValue: deviceValueTexts,
  zigbee: zigbeeTexts,
  link: linkTexts,
  broker: brokerTexts,
  rpc: rpcTexts,
  rpcServer: rpcServerTexts,
  store: storeTexts,
  state: stateTexts,
  codec: codecTexts,
  wire: wireTexts,
  deviceMessage: deviceMessageTexts,
  crypto: cryptoTexts,
  base: baseTexts,
  simulator: simulatorTexts,
  fleet: fleetTexts,
};

/** The sentence of a code, undefined for a code of nobody. The problem handed to it must be the one of that code. */
export function textOf(code: string): Sentence<Problem> | undefined {
  for (const texts of Object.values(ALL_TEXTS)) {
    if (Object.hasOwn(texts, code)) return texts[code] as Sentence<Problem> | undefined;
  }
  return undefined;
}
