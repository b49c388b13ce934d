/** `edgeseal sign tx`: a transaction signed without any network. */
import { fromHex, to0x } from "../../base/bytes.js";
import type { Anchor } from "../../chain/anchor.js";
import type { SignedTransaction, TransactionCall } from "../../codec/fisco/transactionBuild.js";
import { loadSuite } from "../../crypto/backend/select.js";
import { guardChainOf, openGuardStore, openKey } from "../signing/openKey.js";
import { signTransaction } from "../transactions/signTransaction.js";
import type { KeyContext } from "./key.js";
import { CommandError } from "./problems.js";

/** As words of a command line; empty and absent are the same. */
export interface CallWords {
  readonly to?: string;
  readonly input?: string;
  readonly abi?: string;
  readonly txVersion?: string;
  readonly value?: string;
  readonly gasPrice?: string;
  readonly gasLimit?: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
  readonly extension?: string;
}

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

const UINT64 = /^\d{1,18}$/;
const ADDRESS = /^(?:0x)?[0-9a-fA-F]{40}$/;

/** @throws CommandError `COMMAND_USAGE`, BytesError */
export function callOf(words: CallWords): TransactionCall {
  const { to, txVersion, gasLimit, extension } = words;
  if (to !== undefined && !ADDRESS.test(to)) usage("--to takes 40 hex digits, with or without 0x");
  if (txVersion !== undefined && !/^[012]$/.test(txVersion)) usage("--tx-version takes 0, 1 or 2");
  if (gasLimit !== undefined && !UINT64.test(gasLimit)) usage("--gas-limit takes a decimal number");
  const texts = pick(words, ["abi", "value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"]);
  return {
    ...texts,
    input: bytesOf(words.input ?? "", "--input"),
    ...(to === undefined ? {} : { to: fromHex(to) }),
    ...(txVersion === undefined ? {} : { version: Number(txVersion) }),
    ...(gasLimit === undefined ? {} : { gasLimit: BigInt(gasLimit) }),
    ...(extension === undefined ? {} : { extension: bytesOf(extension, "--extension") }),
  };
}

/** @throws CommandError `COMMAND_USAGE` */
export function numberOf(word: string, option: string): number {
  const value = /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN;
  return Number.isSafeInteger(value) ? value : usage(`${option} takes a decimal number`);
}

function bytesOf(word: string, option: string): Uint8Array {
  return /^(?:0x)?(?:[0-9a-fA-F]{2})*$/.test(word)
    ? fromHex(word)
    : usage(`${option} takes an even number of hex digits`);
}

function pick<K extends keyof CallWords>(words: CallWords, names: readonly K[]): { [N in K]?: string } {
  const picked: { [N in K]?: string } = {};
  for (const name of names) {
    const value = words[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
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
