/** Block 0 of the chains that the ledger's benchmarks run on: one sealer, ecdsa, the limits that `chain init` writes. */
import { to0x } from "../../../src/base/bytes.js";
import type { GenesisConfig } from "../../../src/codec/fisco/genesis.js";

export const BENCH_CHAIN = { chainId: "chain0", groupId: "group0" } as const;
/** Transactions of a block at most. */
export const BLOCK_TRANSACTIONS_MAX = 1_000;

/**
 * @param sealer X || Y of the one sealer.
 * @param admin address of the one governor.
 */
export function benchGenesis(sealer: Uint8Array, admin: Uint8Array): GenesisConfig {
  return {
    ...BENCH_CHAIN,
    smCrypto: false,
    consensusType: "pbft",
    blockTxCountLimit: BigInt(BLOCK_TRANSACTIONS_MAX),
    leaderPeriod: 1n,
    compatibilityVersion: "3.3.0",
    gasLimit: 3_000_000_000n,
    isWasm: false,
    isAuthCheck: true,
    authAdminAccount: to0x(admin),
    isSerialExecute: true,
    features: [],
    nodes: [{ nodeId: sealer, weight: 1n }],
  };
}
