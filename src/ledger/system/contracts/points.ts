/**
 * Accounts of points, ours. Solidity interface, the shape of a token's:
 *
 *     function issue(address to, uint256 amount) returns (bool);      // by a governor
 *     function transfer(address to, uint256 amount) returns (bool);
 *     function balanceOf(address account) view returns (uint256);
 *     function totalSupply() view returns (uint256);
 *     event Transfer(address indexed from, address indexed to, uint256 amount);
 *
 * Table `s_points`, key: account in hex; table `s_points_supply`, key `total`. Amounts of 32 bytes, big-endian.
 *
 * A credit is an addition that nobody reads, so payments to one busy account do not depend on each other. The sum of all
 * balances is the supply, which stays below 2^256; so no addition overflows.
 */
import { concatBytes, utf8Bytes } from "../../../base/bytes.js";
import { encodeAbi } from "../../../codec/abi/encode.js";
import type { LogEntry } from "../../../codec/fisco/receipt.js";
import { STATUS } from "../../engine.js";
import { addressKey, POINTS_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import { mayGovern } from "../governors.js";
import { type MethodCall, type MethodResult, method, returned, type SystemContract } from "../method.js";

export const POINTS_TABLE = "s_points";
export const POINTS_SUPPLY_TABLE = "s_points_supply";
export const POINTS_SUPPLY_KEY = "total";

const SUPPLY_MAX = 2n ** 256n - 1n;
const TRANSFER_EVENT = "Transfer(address,address,uint256)";
const TOPIC_PADDING = new Uint8Array(12);

function issue(call: MethodCall, to: Uint8Array, amount: bigint): MethodResult {
  const { state, caller, block } = call;
  if (!mayGovern(state, caller, block.number)) return failed(STATUS.permissionDenied, "only a governor issues points");
  const supply = state.amount(POINTS_SUPPLY_TABLE, POINTS_SUPPLY_KEY);
  if (supply + amount > SUPPLY_MAX) return failed(STATUS.revert, "there cannot be so many points");
  if (amount > 0n) {
    state.setAmount(POINTS_SUPPLY_TABLE, POINTS_SUPPLY_KEY, supply + amount);
    state.addAmount(POINTS_TABLE, addressKey(to), amount);
  }
  return returned([true], [transferLog(call, ZERO_ADDRESS, to, amount)]);
}

function transfer(call: MethodCall, to: Uint8Array, amount: bigint): MethodResult {
  const { state, caller } = call;
  // A payment of nothing needs no account, and makes none.
  if (amount > 0n) {
    const balance = state.amount(POINTS_TABLE, addressKey(caller));
    if (balance < amount) return failed(STATUS.revert, "the account has not so many points");
    state.setAmount(POINTS_TABLE, addressKey(caller), balance - amount);
    state.addAmount(POINTS_TABLE, addressKey(to), amount);
  }
  return returned([true], [transferLog(call, caller, to, amount)]);
}

function failed(status: number, message: string): MethodResult {
  return { kind: "failed", status, message };
}

function transferLog({ hash, address }: MethodCall, from: Uint8Array, to: Uint8Array, amount: bigint): LogEntry {
  const topics = [
    hash(utf8Bytes(TRANSFER_EVENT)),
    concatBytes([TOPIC_PADDING, from]),
    concatBytes([TOPIC_PADDING, to]),
  ];
  return { address, topics, data: encodeAbi([{ kind: "uint", bits: 256 }], [amount]) };
}

export const points: SystemContract = {
  name: "points",
  address: POINTS_ADDRESS,
  governance: false,
  methods: [
    method({
      signature: "issue(address,uint256)",
      returns: "(bool)",
      mutability: "write",
      gas: GAS_WRITE,
      run: issue,
    }),
    method({
      signature: "transfer(address,uint256)",
      returns: "(bool)",
      mutability: "write",
      gas: GAS_WRITE,
      run: transfer,
    }),
    method({
      signature: "balanceOf(address)",
      returns: "(uint256)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, account) => returned([state.amount(POINTS_TABLE, addressKey(account))]),
    }),
    method({
      signature: "totalSupply()",
      returns: "(uint256)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }) => returned([state.amount(POINTS_SUPPLY_TABLE, POINTS_SUPPLY_KEY)]),
    }),
  ],
};
