/** `edgeseal sign tx`: a transaction signed without any network. */
import { to0x } from "../../base/bytes.js";
import type { Anchor } from "../../chain/anchor.js";
import type { SignedTransaction, TransactionCall } from "../../codec/fisco/transactionBuild.js";
import { loadSuite } from "../../crypto/backend/select.js";
import { guardChainOf, openGuardStore, openKey } from "../signing/openKey.js";
import { signTransaction } from "../transactions/signTransaction.js";
import type { KeyContext } from "./key.js";
import { CommandError } from "./problems.js";

export interface SignTxRequest {
  readonly key: string;
  readonly anchor: Anchor;
  /** Where the guard remembers. */
  readonly dataDir: string;
  readonly blockLimit: number;
  readonly call: TransactionCall;
}

/** The file that `sign tx` prints and `tx send` takes. */
export interface SignedTransactionJson {
  /** Tars, 0x hex: the parameter of JSON-RPC's `sendTransaction`. */
  readonly transaction: string;
  readonly hash: string;
  readonly from: string;
  readonly chainID: string;
  readonly groupID: string;
  readonly blockLimit: number;
  readonly nonce: string;
  readonly warnings?: readonly string[];
}

/** @throws CommandError `COMMAND_USAGE` */
export function numberOf(word: string, option: string): number {
  const value = /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN;
  return Number.isSafeInteger(value) ? value : usage(`${option} takes a decimal number`);
}

export function usage(reason: string): never {
  throw new CommandError({ code: "COMMAND_USAGE", reason });
}

/** @throws KeyError, SecretError, SigningError, TransactionError, SendError */
export async function signTx(context: KeyContext, request: SignTxRequest): Promise<SignedTransaction> {
  const { key: name, anchor, dataDir, call, blockLimit } = request;
  const { random } = context;
  const suite = await loadSuite(anchor.profile.suite);
  const store = await openGuardStore(dataDir);
  try {
    const signer = await openKey({ ...context, name, suite, chain: guardChainOf(anchor, suite.hash), store });
    try {
      const { chainId, groupId } = anchor;
      return await signTransaction(call, blockLimit, { suite, signer, chainId, groupId, random });
    } finally {
      await signer.close();
    }
  } finally {
    store.close();
  }
}

export function signedToJson({
  transaction,
  hash,
  sender,
  bytes,
  ambiguities,
}: SignedTransaction): SignedTransactionJson {
  const { chainId, groupId, blockLimit, nonce } = transaction.data;
  return {
    transaction: to0x(bytes),
    hash: to0x(hash),
    from: to0x(sender),
    chainID: chainId,
    groupID: groupId,
    blockLimit,
    nonce,
    ...(ambiguities.length === 0 ? {} : { warnings: ambiguities }),
  };
}
