/** The library as others see it: every export, and the README's example on a real header. */
import { readFileSync } from "node:fs";
import { expect, describe as suiteOf, test } from "vitest";
import { to0x } from "../src/base/bytes.js";
import * as edgeseal from "../src/index.js";
import { HEADER_CASES } from "./codec/fisco/vectors.js";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const ENTRY = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8");
const REAL = HEADER_CASES.find(({ crypto, rpc }) => crypto === "ecdsa" && rpc.number === 60)?.rpc;

type Names = Readonly<Record<string, unknown>>;

/** The README's example as a function of what it does not define itself. */
function example(): (
  given: Names,
) => Promise<{ readonly hash: Uint8Array; readonly certificate: edgeseal.Certificate }> {
  const [, code] = /```ts\n(import .*? from "edgeseal";[\s\S]*?)```/.exec(README) ?? [];
  if (code === undefined) throw new Error("the README has no example");
  const [line = "", names = ""] = /^import (\{.*?\}) from "edgeseal";\n/.exec(code) ?? [];
  const body = `const ${names} = edgeseal;\n${code.slice(line.length).replaceAll(" as const", "")}\nreturn { hash, certificate };`;
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  return ({ rpc, sealers }) => new AsyncFunction("edgeseal", "rpc", "sealers", body)(edgeseal, rpc, sealers);
}

suiteOf("the README's example", () => {
  const sealers = edgeseal.headerFromRpc(REAL).signed.header.sealers;

  test("verifies block 60 of a real chain", async () => {
    const asked: unknown[] = [];
    const rpc = async (...call: unknown[]) => {
      asked.push(call);
      return REAL;
    };
    const { hash, certificate } = await example()({ rpc, sealers });
    expect(asked).toEqual([["getBlockByNumber", ["group0", "", 60, true, true]]]);
    expect(to0x(hash)).toBe(REAL.hash);
    expect(certificate.weight >= certificate.quorum).toBe(true);
  });

  test("refuses it with one bit turned, and under other sealers", async () => {
    const turned = { ...REAL, gasUsed: String(Number(REAL.gasUsed) ^ 1), hash: undefined };
    await expect(example()({ rpc: async () => turned, sealers })).rejects.toMatchObject({
      code: "CHAIN_SIGNATURE_INVALID",
    });
    const others = { nodeIds: sealers.nodeIds.slice(1), weights: sealers.weights.slice(1) };
    await expect(example()({ rpc: async () => REAL, sealers: others })).rejects.toBeInstanceOf(edgeseal.ChainError);
  });
});

suiteOf("exports", () => {
  test("every value that the entry names is there, and nothing else", () => {
    const lists = [...ENTRY.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = ""]) => list.split(","));
    const values = lists.map((name) => name.trim()).filter((name) => name !== "" && !name.startsWith("type "));
    expect(values.length).toBeGreaterThan(50);
    expect(Object.keys(edgeseal).sort()).toEqual(values.sort());
    for (const [name, value] of Object.entries(edgeseal)) expect([name, typeof value]).not.toEqual([name, "undefined"]);
  });

  test("describe says a sentence for a ChainError, with advice where there is some, and never throws", () => {
    const error = new edgeseal.ChainError({ code: "CHAIN_QUORUM", height: 60, got: "2", need: "3" });
    const said = edgeseal.describe(error);
    expect(said.code).toBe("CHAIN_QUORUM");
    expect(said.sentence).toMatch(/60/);
    expect(said.sentence).toMatch(/^[A-Z].*\.$/);
    expect(edgeseal.describe(error.problem)).toEqual(said);
    expect(edgeseal.codeOf(error)).toBe("CHAIN_QUORUM");
    const expired = { code: "CHAIN_TRUST_EXPIRED", trusted: 1, ageMs: 3e9, periodMs: 2e9 } as const;
    expect(edgeseal.describe(new edgeseal.ChainError(expired)).advice).toMatch(/anchor/);
    for (const strange of [undefined, null, 7, "text", new Error("x"), { code: 7 }, { code: "NO_SUCH_CODE" }]) {
      expect(edgeseal.describe(strange).code).toBe("UNEXPECTED");
    }
  });
});
