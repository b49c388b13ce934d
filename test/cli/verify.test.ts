/** `edgeseal verify` as people and scripts call it: a child process, files and pipes, exit codes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareBytes, to0x } from "../../src/base/bytes.js";
import { headerHash } from "../../src/codec/fisco/headerHash.js";
import { headerFromRpc, headerToRpc } from "../../src/codec/fisco/headerRpc.js";
import { writeJson } from "../../src/codec/json.js";
import { referenceSuite } from "../../src/crypto/referenceSuite.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { type CompiledCli, compileCli, ROOT } from "./compiledCli.js";

// biome-ignore lint/suspicious/noExplicitAny: tests alter fields freely
type Json = any;

function vectors(name: string): Json {
  return JSON.parse(readFileSync(join(ROOT, "test/vectors", `${name}.json`), "utf8"));
}

const HEADERS: Json[] = vectors("fisco-headers").cases;
const TRANSACTIONS: Json[] = vectors("fisco-transactions").rpcJson;
const RECEIPTS: Json[] = vectors("fisco-receipts").cases;
const PROOFS: Json[] = vectors("fisco-merkle").proofs;
const GENESIS_RESPONSE: Json = vectors("fisco-rpc-examples").cases[5].response;

let cli: CompiledCli;
let folder: string;

beforeAll(() => {
  cli = compileCli();
  folder = mkdtempSync(join(tmpdir(), "edgeseal-verify-"));
});
afterAll(() => {
  cli.remove();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** Runs with `--json` and gives back the exit code and the one object on standard output. */
function verify(kind: string, content: unknown, ...more: string[]): { exitCode: number | null; answer: Json } {
  const { exitCode, out, error } = cli.run(["verify", kind, file("input.json", content), "--json", ...more]);
  expect(error).toBe("");
  expect(out.endsWith("\n")).toBe(true);
  expect(out.trimEnd().includes("\n")).toBe(false);
  return { exitCode, answer: JSON.parse(out) };
}

function block60(): Json {
  return structuredClone(HEADERS[2].rpc);
}

function trustOf(header: Json): Json {
  return {
    sealers: header.sealerList.map((nodeID: string, i: number) => ({
      nodeID,
      weight: String(header.consensusWeights[i]),
    })),
  };
}

const invalid = (code: string) => ({ exitCode: 1, answer: { valid: false, code, message: expect.any(String) } });

describe("headers", () => {
  it.each(HEADERS.map((each) => [each.note, each]))("takes %s", (_note, each) => {
    const { exitCode, answer } = verify("header", each.rpc, "--suite", each.crypto);
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({ valid: true, kind: "header", number: each.rpc.number, hash: each.rpc.hash });
  });

  it("prints exactly the promised fields", () => {
    expect(cli.run(["verify", "header", file("h.json", block60()), "--json"]).out).toBe(
      `{"valid":true,"kind":"header","number":60,"hash":"${block60().hash}","signers":[0,1,2,3],"weight":"4","quorum":"3","anchored":false}\n`,
    );
  });

  it("takes a whole response object, a block with its transactions, and standard input", () => {
    const block = { ...block60(), transactions: ["0x00", { odd: true }] };
    const input = JSON.stringify({ id: 7, jsonrpc: "2.0", result: block });
    const { exitCode, out } = cli.run(["verify", "header", "-", "--json"], { input });
    expect(exitCode).toBe(0);
    expect(JSON.parse(out).number).toBe(60);
  });

  it("does without a hash and refuses a wrong, short or senseless one", () => {
    const { hash, ...unnamed } = block60();
    expect(verify("header", unnamed).answer.hash).toBe(hash);
    for (const wrong of [`0x${"00".repeat(32)}`, hash.slice(0, -2), "", "0xzz", 5]) {
      expect(verify("header", { ...unnamed, hash: wrong }).exitCode, String(wrong)).toBe(1);
    }
    expect(verify("header", { ...unnamed, hash: null }).exitCode).toBe(0);
  });

  it("refuses an altered field, too few signers, a signer twice and a foreign signature", () => {
    expect(verify("header", { ...block60(), timestamp: 1 })).toEqual(invalid("CHAIN_HASH_MISMATCH"));
    const short = block60();
    short.signatureList.length = 2;
    expect(verify("header", short)).toEqual(invalid("CHAIN_QUORUM"));
    const twice = block60();
    twice.signatureList = [0, 0, 0].map(() => twice.signatureList[0]);
    expect(verify("header", twice)).toEqual(invalid("CHAIN_SIGNER_DUPLICATE"));
    const swapped = block60();
    swapped.signatureList[0].signature = swapped.signatureList[1].signature;
    expect(verify("header", swapped)).toEqual(invalid("CHAIN_SIGNATURE_INVALID"));
  });

  it("refuses the other suite and the other layout", () => {
    expect(verify("header", block60(), "--suite", "sm").exitCode).toBe(1);
    expect(verify("header", HEADERS[0].rpc).exitCode).toBe(1);
    expect(verify("header", block60(), "--profile", "edgeseal")).toEqual(invalid("HEADER_EXTRA_DATA"));
  });

  it("refuses the same signed bytes cut into one sealer", () => {
    const cut = block60();
    const moved = cut.sealerList.slice(1).map((id: string) => id.replace(/^0x/, ""));
    cut.extraData = `0x${moved.join("")}${"0000000000000001".repeat(3)}`;
    cut.sealerList = cut.sealerList.slice(0, 1);
    cut.consensusWeights = [1];
    cut.signatureList = cut.signatureList.filter(({ sealerIndex }: Json) => sealerIndex === 0);
    // The hash is unchanged; what gives it away is the proposer's index and the filled extraData.
    expect(verify("header", cut)).toEqual(invalid("HEADER_SEALER_RANGE"));
  });

  it("takes weights beyond 2^53, written as integers, exactly", () => {
    const secrets = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
    const signer = softSigner("ecdsa");
    const keys = secrets
      .map((secret) => ({ secret, nodeId: signer.publicKey(secret) }))
      .sort((a, b) => compareBytes(a.nodeId, b.nodeId));
    const weights = [9_007_199_254_740_993n, 2n ** 62n, 1n, 1n];
    const { signed } = headerFromRpc(block60());
    const header = { ...signed.header, sealers: { nodeIds: keys.map(({ nodeId }) => nodeId), weights } };
    const hash = headerHash(referenceSuite("ecdsa").hash, header);
    const signatures = keys.map(({ secret }, sealerIndex) => ({
      sealerIndex,
      signature: signer.signHeader(secret, hash),
    }));
    const text = writeJson(headerToRpc({ header, signatures }, hash));
    expect(text).toContain('"consensusWeights":[9007199254740993,4611686018427387904,1,1]');
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    const trust = { sealers: keys.map(({ nodeId }, i) => ({ nodeID: to0x(nodeId), weight: String(weights[i]) })) };
    const { exitCode, answer } = verify("header", text, "--trust", file("trust.json", trust));
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({ weight: String(total), quorum: String(total - (total - 1n) / 3n), anchored: true });
    const rounded = text.replace("9007199254740993", "9007199254740992");
    expect(verify("header", rounded)).toEqual(invalid("CHAIN_HASH_MISMATCH"));
  });

  it("takes block 0 by structure and hash", () => {
    const { exitCode, answer } = verify("header", GENESIS_RESPONSE, "--suite", "sm");
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({ number: 0, signers: [], weight: "0", quorum: "0", anchored: false });
  });
});

describe("trust", () => {
  it("anchors a header whose list is the trusted one, in whatever order it is written", () => {
    const trust = trustOf(block60());
    trust.sealers.reverse();
    const { exitCode, answer } = verify("header", block60(), "--trust", file("trust.json", trust));
    expect(exitCode).toBe(0);
    expect(answer.anchored).toBe(true);
  });

  it("refuses fewer, more, other or differently weighted sealers", () => {
    const fewer = trustOf(block60());
    fewer.sealers.pop();
    const heavier = trustOf(block60());
    heavier.sealers[0].weight = "2";
    const others = trustOf(HEADERS[0].rpc);
    for (const trust of [fewer, heavier, others]) {
      const refused = verify("header", block60(), "--trust", file("trust.json", trust));
      expect(refused).toEqual(invalid("CHAIN_SEALERS_DIFFER"));
    }
    expect(verify("header", block60(), "--trust", file("trust.json", {}))).toEqual(invalid("ANCHOR_MALFORMED"));
  });

  it("compares the nodes in block 0's text", () => {
    const own = file("trust.json", trustOf(HEADERS[0].rpc));
    const anchored = verify("header", GENESIS_RESPONSE, "--suite", "sm", "--trust", own);
    expect(anchored.answer).toMatchObject({ valid: true, anchored: true });
    const other = file("trust.json", trustOf(block60()));
    expect(verify("header", GENESIS_RESPONSE, "--suite", "sm", "--trust", other)).toEqual(
      invalid("CHAIN_SEALERS_DIFFER"),
    );
  });

  it("is a question about headers, and its file must hold an object", () => {
    const trust = file("trust.json", trustOf(block60()));
    expect(cli.run(["verify", "tx", file("t.json", TRANSACTIONS[0].rpc), "--trust", trust]).exitCode).toBe(2);
    const broken = cli.run(["verify", "header", file("h.json", block60()), "--trust", file("bad.json", "[]")]);
    expect(broken).toMatchObject({ exitCode: 2, out: "" });
  });
});

describe("transactions", () => {
  it.each(TRANSACTIONS.map((each) => [each.rpc.hash, each]))("takes %s", (hash, each) => {
    const { exitCode, answer } = verify("tx", each.rpc, "--suite", each.crypto);
    expect({ exitCode, answer }).toEqual({
      exitCode: 0,
      answer: { valid: true, kind: "tx", hash, sender: each.rpc.from },
    });
  });

  it.each(TRANSACTIONS.map((each) => [each.nonceMode, each]))(
    "does without hash and sender (nonce: %s)",
    (_mode, each) => {
      const { hash, from, ...unnamed } = each.rpc;
      expect(verify("tx", { ...unnamed, from }).answer).toMatchObject({ hash, sender: from });
      expect(verify("tx", unnamed).answer).toMatchObject({ hash, sender: from });
    },
  );

  it("refuses a wrong hash, a wrong sender, an altered field and the other suite", () => {
    const { rpc } = TRANSACTIONS[0];
    expect(verify("tx", { ...rpc, hash: `0x${"11".repeat(32)}` })).toEqual(invalid("TRANSACTION_HASH_MISMATCH"));
    expect(verify("tx", { ...rpc, from: `0x${"11".repeat(20)}` })).toEqual(invalid("VERIFY_SENDER_MISMATCH"));
    expect(verify("tx", { ...rpc, blockLimit: 7 })).toEqual(invalid("TRANSACTION_HASH_MISMATCH"));
    expect(verify("tx", rpc, "--suite", "sm").exitCode).toBe(1);
  });

  it("warns where the hash leaves another reading open", () => {
    const { rpc } = TRANSACTIONS[0];
    const { hash: _hash, from: _from, ...unnamed } = rpc;
    const { exitCode, answer } = verify("tx", { ...unnamed, to: rpc.to.slice(2) });
    expect(exitCode).toBe(0);
    expect(answer.warnings).toEqual(["TO_WITHOUT_PREFIX"]);
  });
});

describe("receipts", () => {
  it.each(RECEIPTS.map((each) => [each.rpc.hash, each]))("takes %s", (hash, each) => {
    const { exitCode, answer } = verify("receipt", each.rpc, "--suite", each.crypto);
    expect({ exitCode, answer }).toEqual({ exitCode: 0, answer: { valid: true, kind: "receipt", hash } });
  });

  it("does not care in which form, if any, the node's version shows the proof", () => {
    const { rpc } = RECEIPTS[1];
    for (const txReceiptProof of [[], null, [{ left: [], right: [] }]]) {
      expect(verify("receipt", { ...rpc, txReceiptProof }).exitCode).toBe(0);
    }
  });

  it("refuses an altered output and a wrong hash", () => {
    const { rpc } = RECEIPTS[0];
    expect(verify("receipt", { ...rpc, output: "0x" })).toEqual(invalid("VERIFY_HASH_MISMATCH"));
    expect(verify("receipt", { ...rpc, hash: "0x00" })).toEqual(invalid("VERIFY_HASH_MISMATCH"));
    expect(verify("receipt", { ...rpc, gasUsed: "007" })).toEqual(invalid("RECEIPT_GAS_USED"));
  });
});

describe("proofs", () => {
  const proofFile = ({ crypto, leaf, root, proof }: Json) => ({ suite: crypto, leaf, root, proof });

  it("takes both real proofs and finds the place", () => {
    expect(verify("proof", proofFile(PROOFS[0])).answer).toEqual({ valid: true, kind: "proof", index: 695 });
    expect(verify("proof", proofFile(PROOFS[1])).answer).toEqual({ valid: true, kind: "proof", index: 0 });
  });

  it("refuses another leaf, an empty or cut proof, and a suite that contradicts", () => {
    const good = proofFile(PROOFS[0]);
    expect(verify("proof", { ...good, leaf: `0x${"22".repeat(32)}` })).toEqual(invalid("VERIFY_PROOF_INVALID"));
    expect(verify("proof", { ...good, suite: "sm" })).toEqual(invalid("VERIFY_PROOF_INVALID"));
    expect(verify("proof", { ...good, proof: [] })).toEqual(invalid("PROOF_EMPTY"));
    expect(verify("proof", { ...good, proof: good.proof.slice(0, -1) })).toEqual(invalid("PROOF_CUT_SHORT"));
    expect(verify("proof", good, "--suite", "sm")).toEqual(invalid("VERIFY_SUITE_MISMATCH"));
    expect(verify("proof", { ...good, suite: "rsa" })).toEqual(invalid("RPC_FIELD_TYPE"));
    expect(verify("proof", { ...good, root: "0x12" })).toEqual(invalid("RPC_FIELD_LENGTH"));
  });
});

describe("what is no JSON object", () => {
  const JUNK = [
    "",
    "not json",
    "[]",
    "[{}]",
    "3",
    "null",
    '"text"',
    "{",
    '{"a":1}{',
    '{"a":1,"a":2}',
    "[".repeat(100_000),
  ];

  it.each(JUNK.map((text) => [text.slice(0, 20), text]))("ends with 2 and one line for %j", (_shown, text) => {
    for (const kind of ["header", "proof"]) {
      const { exitCode, out, error } = cli.run(["verify", kind, "-", "--json"], { input: text });
      expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
      expect(error).toMatch(/^edgeseal: [^\n]+\n$/);
    }
  });

  it("ends with 2 for what is not UTF-8, far too large, missing or a folder", () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect(cli.run(["verify", "header", "-"], { input: bytes }).exitCode).toBe(2);
    const huge = `{"a":"${"x".repeat(9 * 1024 * 1024)}"}`;
    expect(cli.run(["verify", "header", "-"], { input: huge }).exitCode).toBe(2);
    const larger = `{"a":"${"x".repeat(26 * 1024 * 1024)}"}`;
    expect(cli.run(["verify", "header", file("huge.json", larger)]).exitCode).toBe(2);
    expect(cli.run(["verify", "header", join(folder, "missing.json")]).exitCode).toBe(2);
    expect(cli.run(["verify", "header", folder]).exitCode).toBe(2);
  });

  it("ends with 1 for objects that are something else", () => {
    const others = [
      {},
      { jsonrpc: "2.0", id: 1, result: "0x1" },
      { jsonrpc: "2.0", id: 1, result: null },
      { jsonrpc: "2.0", id: 1, result: [] },
      { jsonrpc: "2.0", id: 1 },
      JSON.parse('{"__proto__":{"number":60}}'),
    ];
    for (const kind of ["header", "tx", "receipt", "proof"]) {
      for (const other of others) expect(verify(kind, other).exitCode, JSON.stringify(other)).toBe(1);
    }
    const refused = { jsonrpc: "2.0", id: 1, error: { code: -32_000, message: "block \u001b[2Jmissing\nnow" } };
    const { exitCode, answer } = verify("header", refused);
    expect(exitCode).toBe(1);
    expect(answer.code).toBe("RPC_ERROR");
    // A node's own words must not move the cursor of whoever reads them.
    expect(answer.message).not.toMatch(/\p{Cc}/u);
  });
});

describe("the command line", () => {
  it("ends with 2 for what it does not know and says what is near", () => {
    expect(cli.run(["verify", "block", "x"]).exitCode).toBe(2);
    expect(cli.run(["verify", "header"]).exitCode).toBe(2);
    expect(cli.run(["verify", "header", "x", "--suite", "rsa"]).exitCode).toBe(2);
    expect(cli.run(["verfiy"]).error).toContain("Did you mean verify?");
    expect(cli.run(["--version"])).toMatchObject({ exitCode: 0, out: "0.0.1-test\n" });
    expect(cli.run(["verify", "header", "--help"]).exitCode).toBe(0);
  });

  it("prints readable lines without --json", () => {
    const { exitCode, out } = cli.run(["verify", "header", file("h.json", block60())]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^valid header 60\n/);
    expect(out).toContain("not anchored");
    const bad = cli.run(["verify", "header", file("h.json", { ...block60(), gasUsed: "1" })]);
    expect(bad.exitCode).toBe(1);
    expect(bad.out).toMatch(/^not valid: .*\[CHAIN_HASH_MISMATCH\]\n$/);
  });
});
