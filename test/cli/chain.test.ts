/**
 * A chain made, run and used from the command line, on both suites: transactions by JSON-RPC and MQTT, a light node that
 * follows, and everything proven from what the light node trusts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.js";
import { softSigner } from "../../src/crypto/softSigner.js";
import { until } from "../support/linkContract.js";
import { type CompiledCli, compileCli } from "./compiledCli.js";

const TABLE_MANAGER = `0x${"0".repeat(36)}1002`;
const CNS = `0x${"0".repeat(36)}1004`;
const HASH = /^0x[0-9a-f]{64}$/;

let cli: CompiledCli;
beforeAll(() => {
  cli = compileCli();
});
afterAll(() => cli.remove());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What a process writes from now on. */
function linesOf(child: ChildProcess): () => string {
  let text = "";
  const take = (chunk: unknown): void => {
    text += String(chunk);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => text;
}

for (const suite of ["ecdsa", "sm"] as const) {
  describe(`a solo chain of the suite ${suite}`, () => {
    let folder: string;
    let light: string;
    let running: ChildProcess[] = [];

    const start = (config: string): ChildProcess => {
      const child = cli.start(["start", "--config", config]);
      running.push(child);
      return child;
    };
    const stop = async (child: ChildProcess): Promise<void> => {
      running = running.filter((each) => each !== child);
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    };
    const ask = (...words: string[]) => {
      const { exitCode, out, error } = cli.run([...words, "-c", light, "--json"]);
      return { exitCode, answer: out === "" ? { error } : JSON.parse(out) };
    };
    const statusOf = (config: string) => JSON.parse(cli.run(["status", "-c", config, "--json"]).out);

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "edgeseal-chain-"));
      const ports = ["--rpc-port", String(await freePort()), "--mqtt-port", String(await freePort())];
      const made = cli.run(["chain", "init", "--out", join(folder, "c"), "--suite", suite, "--json", ...ports]);
      expect(made.exitCode).toBe(0);
      expect(JSON.parse(made.out)).toMatchObject({
        genesisHash: expect.stringMatching(HASH),
        nodes: [{ name: "node0" }],
      });
      expect(
        cli.run(["init", "-b", join(folder, "c/light.bundle.json"), "--dir", join(folder, "light")]).exitCode,
      ).toBe(0);
      light = join(folder, "c/admin/edgeseal.yaml");
      for (const config of [light, join(folder, "c/node0/edgeseal.yaml")]) {
        appendFileSync(config, `watch: ["${CNS}"]\n`);
      }
      const script = spawn(join(folder, "c/node0/start.sh"), { env: { PATH: "/usr/bin:/bin" }, stdio: "pipe" });
      running.push(script);
      await until(() => statusOf(join(folder, "c/node0/edgeseal.yaml")).height === 1, "the first block");
    });
    afterAll(async () => {
      for (const child of [...running]) await stop(child);
      rmSync(folder, { recursive: true, force: true });
    });

    it("has keys for its owner alone, certificates and a start script", () => {
      const node = join(folder, "c/node0");
      for (const secret of ["keys/sealer.json", "sealer.pass", "tls/node.key", "rpc.token"]) {
        expect(statSync(join(node, secret)).mode & 0o077).toBe(0);
      }
      expect(statSync(join(node, "start.sh")).mode & 0o100).toBe(0o100);
      expect(existsSync(join(node, "tls/node.crt"))).toBe(true);
      expect(readFileSync(join(node, "genesis.txt"), "utf8")).toContain(`sm_crypto:${suite === "sm" ? 1 : 0}\n`);
    });

    it("is examined by the doctor", () => {
      const other = join(folder, "examined");
      expect(cli.run(["chain", "init", "--out", other, "--suite", suite]).exitCode).toBe(0);
      const examine = () => {
        const { findings } = JSON.parse(cli.run(["doctor", "-c", join(other, "node0/edgeseal.yaml"), "--json"]).out);
        return new Map(findings.map(({ name, ...rest }: { name: string }) => [name, rest]));
      };
      const found = examine();
      expect(found.get("key sealer")).toMatchObject({ level: "warn" });
      for (const name of ["block 0", "anchor", "ledger", "broker"])
        expect(found.get(name)).toMatchObject({ level: "ok" });
      expect(existsSync(join(other, "node0/data/ledger.db"))).toBe(false);
      writeFileSync(join(other, "node0/genesis.txt"), "[chain]\n");
      writeFileSync(join(other, "node0/sealer.pass"), "wrong");
      const broken = examine();
      expect(broken.get("block 0")).toMatchObject({ level: "fail", code: "PARTICIPANT_GENESIS" });
      expect(broken.get("key sealer")).toMatchObject({ level: "fail", code: "KEYSTORE_PASSPHRASE" });
    });

    it("takes transactions by MQTT and by JSON-RPC, and a light node proves them", async () => {
      const follower = start(light);
      await until(() => statusOf(light).state === "FOLLOWING", "the light node");
      const create = ["--to", TABLE_MANAGER, "--call", "createKVTable(string,string,string)"];
      const created = ask("tx", "send", "--key", "admin", ...create, "--arg", "t_lamp", "--arg", "k", "--arg", "v");
      expect(created).toMatchObject({ exitCode: 0, answer: { status: 0, proven: true } });
      await until(() => statusOf(light).height >= created.answer.number, "the block at the light node");
      const told = linesOf(follower);
      const hello = `0x${"ab".repeat(20)}`;
      const insert = ["--to", CNS, "--call", "insert(string,string,address,string)"];
      const named = ["--arg", "lamp", "--arg", "1.0", "--arg", hello, "--arg", "[]"];
      const inserted = ask("tx", "send", "--key", "admin", "--via", "rpc", ...insert, ...named);
      expect(inserted).toMatchObject({ exitCode: 0, answer: { status: 0, proven: true } });
      // A call of a watched contract comes to the light node with its proofs, unasked.
      await until(() => told().includes(inserted.answer.hash), "the event");
      await stop(follower);
      expect(ask("proof", "cns", "lamp", "1.0")).toMatchObject({
        exitCode: 0,
        answer: { address: hello, proven: true },
      });
      expect(ask("proof", "cns", "lamp", "2.0", "--via", "rpc")).toMatchObject({
        exitCode: 1,
        answer: { address: null },
      });
      for (const via of ["mqtt", "rpc"]) {
        const { hash } = inserted.answer;
        expect(ask("proof", "tx", hash, "--via", via)).toMatchObject({ exitCode: 0, answer: { to: CNS, hash } });
        expect(ask("proof", "receipt", hash, "--via", via)).toMatchObject({ exitCode: 0, answer: { status: 0, hash } });
      }
      const state = ask("proof", "state", "s_tables", "u_/tables/t_lamp");
      expect(state).toMatchObject({ exitCode: 0, answer: { text: "k,v", proven: true } });
      expect(state.answer.proofBytes).toBeLessThan(2_048);
      expect(ask("chain", "tx", inserted.answer.hash).answer).toMatchObject({
        number: inserted.answer.number,
        status: 0,
      });
      expect(ask("chain", "block", String(inserted.answer.number)).answer).toMatchObject({ proven: true });
      expect(ask("chain", "status").answer).toMatchObject({ chain: "chain0", failed: 0, pending: 0 });
    });

    it("carries a transaction out once, however often it comes", async () => {
      const call = ["--to", CNS, "--call", "getContractAddress(string,string)", "--arg", "lamp", "--arg", "1.0"];
      const signed = ask("sign", "tx", "--key", "admin", "--block-limit", "400", ...call);
      const file = join(folder, "signed.json");
      writeFileSync(file, JSON.stringify(signed.answer));
      const [first, again, byRpc] = [[], [], ["--via", "rpc"]].map((via) => ask("tx", "send", file, ...via));
      expect(first).toMatchObject({ exitCode: 0, answer: { status: 0, hash: signed.answer.hash } });
      expect(again).toEqual(first);
      expect(byRpc).toEqual(first);
      const late = ask("sign", "tx", "--key", "admin", "--block-limit", "1", ...call);
      writeFileSync(file, JSON.stringify(late.answer));
      expect(ask("tx", "send", file, "--via", "rpc", "--timeout", "5").answer).toMatchObject({ code: "SEND_REFUSED" });
    });

    it("goes on after a restart, with the same state", async () => {
      const node = join(folder, "c/node0/edgeseal.yaml");
      const before = ask("chain", "status").answer;
      for (const child of [...running]) await stop(child);
      start(node);
      await until(
        () => statusOf(node).running === true && statusOf(node).height >= before.height,
        "the restarted node",
      );
      expect(ask("proof", "state", "s_tables", "u_/tables/t_lamp").answer).toMatchObject({ text: "k,v" });
    });
  });
}

it("leaves the sealer's key where it was made", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-chain-"));
  const key = toHex(softSigner("ecdsa").publicKey(new Uint8Array(32).fill(3)));
  const made = cli.run(["chain", "init", "--out", join(folder, "c"), "--sealer-key", key, "--json"]);
  expect(JSON.parse(made.out)).toMatchObject({ nodes: [{ nodeId: `0x${key}` }] });
  const node = join(folder, "c/node0");
  expect(readFileSync(join(node, "genesis.txt"), "utf8")).toContain(`node.0:${key},1\n`);
  expect(readdirSync(join(node, "keys"))).toEqual(["admin.json"]);
  expect(existsSync(join(node, "data/signing.db"))).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

describe("a chain that cannot be made", () => {
  it("is refused in words", () => {
    const folder = mkdtempSync(join(tmpdir(), "edgeseal-chain-"));
    const out = join(folder, "taken");
    writeFileSync(out, "");
    const code = (...words: string[]) => JSON.parse(cli.run(["chain", "init", ...words, "--json"]).out).code;
    expect(code("--out", join(folder, "x"), "--consensus", "pbft")).toBe("CHAIN_INIT_CONSENSUS");
    expect(code("--out", join(folder, "x"), "--nodes", "4")).toBe("CHAIN_INIT_SOLO_NODES");
    expect(code("--out", join(folder, "x"), "--nodes", "0")).toBe("CHAIN_INIT_NODES");
    expect(code("--out", join(folder, "x"), "--rpc-port", "70000")).toBe("CHAIN_INIT_PORT");
    expect(code("--out", join(folder, "x"), "--sealer-key", "00".repeat(64))).toBe("CHAIN_INIT_SEALER_KEY");
    expect(code("--out", folder)).toBe("CHAIN_INIT_FOLDER");
    expect(code("--out", join(out, "below"))).toBe("CHAIN_INIT_FOLDER");
    expect(existsSync(join(folder, "x"))).toBe(false);
    rmSync(folder, { recursive: true, force: true });
  });
});
