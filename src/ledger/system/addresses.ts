/** Where system contracts live: 40 hex digits in lower case, as calls name them. */
import { fromHex, toHex } from "../../base/bytes.js";
import { ADDRESS_BYTES } from "../../crypto/suite.js";

/** FISCO's own addresses (bcos-framework/executor/PrecompiledTypeDef.h; CNS as in version 2 and 3.0.0-rc). */
export const SYSTEM_CONFIG_ADDRESS = "0000000000000000000000000000000000001000";
export const TABLE_MANAGER_ADDRESS = "0000000000000000000000000000000000001002";
export const CONSENSUS_ADDRESS = "0000000000000000000000000000000000001003";
export const CNS_ADDRESS = "0000000000000000000000000000000000001004";
export const CONTRACT_AUTH_ADDRESS = "0000000000000000000000000000000000001005";
export const KV_TABLE_ADDRESS = "0000000000000000000000000000000000001009";
export const CRYPTO_ADDRESS = "000000000000000000000000000000000000100a";
export const BFS_ADDRESS = "000000000000000000000000000000000000100e";
export const ACCOUNT_MANAGER_ADDRESS = "0000000000000000000000000000000000010003";

/** Ours. FISCO keeps 0x1000 up to 0x20000 for its own contracts. */
export const POINTS_ADDRESS = "00000000000000000000000000000000ed000001";

export const ZERO_ADDRESS = new Uint8Array(ADDRESS_BYTES);

const ADDRESS_TEXT = /^(?:0x)?[0-9a-fA-F]{40}$/;

/** The 20 bytes of an address in text form, with or without 0x; undefined for any other text. */
export function addressOf(text: string): Uint8Array | undefined {
  return ADDRESS_TEXT.test(text) ? fromHex(text) : undefined;
}

/** An address as the key of a record, and as `to` of a call. */
export function addressKey(address: Uint8Array): string {
  return toHex(address);
}
