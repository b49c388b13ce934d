/** A token that outlives crashes, a ledger of everything it ever signed, and guards over both. */
import { SeededRandom } from "../../../simulator/chain/seededRandom.js";
import { toHex, utf8Bytes } from "../../../src/base/bytes.js";
import type { Header } from "../../../src/codec/fisco/header.js";
import type { AnchorValue, KeyAnchor, KeyBackend } from "../../../src/crypto/keyBackend.js";
import type { Suite } from "../../../src/crypto/suite.js";
import { type Guard, type GuardOptions, openGuardedSigner } from "../../../src/node/signing/guardedSigner.js";
import type { GuardStore } from "../../../src/node/signing/guardStore.js";
import { advanceHistory } from "../../../src/node/signing/history.js";
import type { SignRequest, Vote } from "../../../src/node/signing/port.js";
import type { GuardChain } from "../../../src/node/signing/requests.js";
import { cryptoOf } from "../../support/chains.js";

export const SECRET = new Uint8Array(32).fill(7);
export const CHAIN: GuardChain = {
  id: new Uint8Array(32).fill(0xc1),
  chainId: "chain0",
  groupId: "group0",
  profile: { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
};

export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (thrown) => thrown.code ?? String(thrown),
  );
}

export class Token {
  readonly suite: Suite;
  readonly publicKey: Uint8Array;
  value: AnchorValue | undefined;
  /** Digests the token signed, hex, in order. */
  readonly signed: string[] = [];
  /** Replaces what signDigest returns. */
  sabotage: ((bare: Uint8Array) => Uint8Array | Promise<Uint8Array>) | undefined;

  private constructor(suite: Suite, publicKey: Uint8Array) {
    this.suite = suite;
    this.publicKey = publicKey;
  }

  static async make(): Promise<Token> {
    const { suite, signer } = await cryptoOf("ecdsa");
    return new Token(suite, signer.publicKey(SECRET));
  }

  readonly anchor: KeyAnchor = {
    read: async () => this.value,
    write: async (value) => {
      const lower = value.session < (this.value?.session ?? 0) || value.reserved < (this.value?.reserved ?? 0);
      if (lower) throw Object.assign(new Error("lower"), { code: "TEST_LOWER" });
      this.value = value;
    },
  };

  backend(changed: Partial<KeyBackend> = {}): KeyBackend {
    return {
      facts: { backend: "test", algorithm: "secp256k1", mechanism: "TEST", extractable: "no", home: "token 1" },
      publicKey: async () => this.publicKey,
      signDigest: async (digest) => {
        this.signed.push(toHex(digest));
        const { signer } = await cryptoOf("ecdsa");
        const bare = signer.signHeader(SECRET, digest).slice(0, 64);
        return this.sabotage === undefined ? bare : this.sabotage(bare);
      },
      anchor: this.anchor,
      close: async () => {},
      ...changed,
    };
  }

  get id() {
    return { chain: CHAIN.id, publicKey: this.publicKey };
  }

  /** As an operator does for a new sealer key. */
  async begin(store: GuardStore): Promise<void> {
    await advanceHistory(store, this.id, {
      suite: "ecdsa",
      family: "sealer",
      to: { height: 0, term: 0 },
      anchor: this.anchor,
    });
  }

  guard(store: GuardStore, changed: Partial<GuardOptions> = {}): Promise<Guard> {
    return openGuardedSigner({
      backend: this.backend(),
      store,
      suite: this.suite,
      chain: CHAIN,
      family: "sealer",
      random: new SeededRandom(3),
      ...changed,
    });
  }
}

export function digest32(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(utf8Bytes(text).subarray(0, 32));
  return bytes;
}

export function vote(height: number, phase: Vote["phase"] = "prepare", view = 0, what = "a"): SignRequest {
  return { purpose: "vote", vote: { height, view, phase, proposal: digest32(what) } };
}

export function header(number: number, what = "a", changed: Partial<Header> = {}): Header {
  return {
    version: 0x03040000,
    parents: [{ number: number - 1, hash: digest32("parent") }],
    txsRoot: digest32(what),
    receiptsRoot: digest32("r"),
    stateRoot: digest32("s"),
    number,
    gasUsed: "21000",
    timestamp: 1_780_000_000_000,
    sealer: 0,
    sealers: { nodeIds: [new Uint8Array(64).fill(1)], weights: [1n] },
    extraData: new Uint8Array(0),
    ...changed,
  };
}

export function headerRequest(number: number, what = "a"): SignRequest {
  return { purpose: "header", header: header(number, what) };
}
