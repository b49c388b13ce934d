/**
 * A node that signs without end until it is killed: arguments are a folder, "anchor" or "development", and a number that
 * no other life had. The token is two files: its counter, and a ledger line for every digest, written before it is signed.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toHex, utf8Bytes } from "../../../../src/base/bytes.js";
import { codeOf } from "../../../../src/base/error.js";
import { loadSoftSigner, loadSuite } from "../../../../src/crypto/backend/select.js";
import type { AnchorValue, KeyBackend } from "../../../../src/crypto/keyBackend.js";
import { writeFileDurably } from "../../../../src/node/dataDir/files.js";
import { openGuardedSigner } from "../../../../src/node/signing/guardedSigner.js";
import { advanceHistory } from "../../../../src/node/signing/history.js";
import type { SignRequest } from "../../../../src/node/signing/port.js";
import { encodeRequest, type GuardChain } from "../../../../src/node/signing/requests.js";
import { slotName } from "../../../../src/node/signing/slots.js";
import { openSqliteGuardStore, SIGNING_FILE } from "../../../../src/node/signing/sqliteGuardStore.js";

const [, , folder = "", mode = "", life = ""] = process.argv;
const SECRET = new Uint8Array(32).fill(9);
const counter = join(folder, "counter");
const ledger = join(folder, "ledger");
const chain: GuardChain = {
  id: new Uint8Array(32).fill(0xc1),
  chainId: "chain0",
  groupId: "group0",
  profile: { suite: "ecdsa", layout: "fisco", faultModel: "bft" },
};
/** Of the requests whose digests the token may see. */
const slotOfDigest = new Map<string, string>();
const suite = await loadSuite("ecdsa");
const signer = await loadSoftSigner("ecdsa");
const anchor = {
  read: async () => (existsSync(counter) ? (JSON.parse(readFileSync(counter, "utf8")) as AnchorValue) : undefined),
  write: async (value: AnchorValue) => writeFileDurably(counter, JSON.stringify(value)),
};
const backend: KeyBackend = {
  facts: { backend: "test", algorithm: "secp256k1", mechanism: "TEST", extractable: "no", home: "token" },
  publicKey: async () => signer.publicKey(SECRET),
  async signDigest(digest) {
    appendFileSync(ledger, `${slotOfDigest.get(toHex(digest))} ${toHex(digest)}\n`);
    return signer.signHeader(SECRET, digest).slice(0, 64);
  },
  ...(mode === "anchor" ? { anchor } : {}),
  close: async () => {},
};

function vote(height: number, phase: "prepare" | "commit"): SignRequest {
  const proposal = new Uint8Array(32);
  proposal.set(utf8Bytes(`life ${life}`));
  return { purpose: "vote", vote: { height, view: 0, phase, proposal } };
}

try {
  const store = await openSqliteGuardStore(join(folder, SIGNING_FILE));
  const id = { chain: chain.id, publicKey: signer.publicKey(SECRET) };
  if (store.load(id) === undefined) {
    await advanceHistory(store, id, { suite: "ecdsa", family: "sealer", to: { height: 0 }, anchor: backend.anchor });
  }
  const guard = await openGuardedSigner({ backend, store, suite, chain, family: "sealer", development: true });
  const low = guard.state.watermarks.height ?? 0;
  process.stdout.write("open\n");
  // From below what earlier lives may have reached: their slots must be refused one by one.
  for (let height = Math.max(1, low - 20); ; height++) {
    const codes = await Promise.all(
      (["prepare", "commit"] as const).map(async (phase) => {
        const request = vote(height, phase);
        const { digest, slot } = encodeRequest(request, suite, chain, "sealer");
        if (slot !== undefined) slotOfDigest.set(toHex(digest), slotName(slot));
        return guard.sign(request).then(() => "signed", codeOf);
      }),
    );
    process.stdout.write(`${codes.join("\n")}\n`);
    if (codes.includes("SIGN_STOPPED")) break;
  }
} catch (thrown) {
  process.stdout.write(`failed ${JSON.stringify((thrown as { problem?: unknown }).problem ?? String(thrown))}\n`);
  process.exitCode = 1;
}
