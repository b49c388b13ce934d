import { describe, expect, it } from "vitest";
import { fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import {
  type GenesisConfig,
  genesisHash,
  genesisHeader,
  genesisSealers,
  readGenesis,
  writeGenesis,
} from "../../../src/codec/fisco/genesis.js";
import { headerFromRpc } from "../../../src/codec/fisco/headerRpc.js";
import { checkHeader } from "../../../src/codec/fisco/headerRules.js";
import { codeThrownBy, genesisRpc, HEADER_CASES, PROFILES, SUITES } from "./vectors.js";

const extraData = fromHex(genesisRpc().extraData);
const text = new TextDecoder().decode(extraData);
const config = readGenesis(extraData);

describe("block 0's text", () => {
  it("is read from a real chain, whose block 2 has the same sealers", () => {
    expect({ ...config, nodes: config.nodes.length }).toEqual({
      smCrypto: true,
      chainId: "chain0",
      groupId: "group0",
      consensusType: "pbft",
      blockTxCountLimit: 1000n,
      leaderPeriod: 1n,
      compatibilityVersion: "3.3.0",
      gasLimit: 3000000000n,
      isWasm: false,
      isAuthCheck: true,
      authAdminAccount: "0xb1aebda112b20a106ee97fc4540478a1fcab49cc",
      isSerialExecute: true,
      features: [],
      nodes: 4,
    });
    expect(genesisSealers(config)).toEqual(headerFromRpc(HEADER_CASES[0]?.rpc).signed.header.sealers);
  });

  it("is built again with the real genesis hash", () => {
    expect(toHex(writeGenesis(config))).toBe(toHex(extraData));
    expect(`0x${toHex(genesisHash(SUITES.sm.hash, config))}`).toBe(genesisRpc().hash);
    checkHeader(genesisHeader(config), PROFILES.sm);
  });

  it("has epoch lines from 3.5.0 on, and features", () => {
    const later: GenesisConfig = {
      ...config,
      compatibilityVersion: "3.6.1",
      epochSealerNum: 4n,
      epochBlockNum: 1000n,
      features: [
        { flag: "bugfix_revert", value: 1n },
        { flag: "feature_sharding", value: 1n },
      ],
    };
    const bytes = writeGenesis(later);
    expect(readGenesis(bytes)).toEqual(later);
    const lines = new TextDecoder().decode(bytes).split("\n");
    expect(lines.slice(17, 22)).toEqual([
      "epochSealerNum:4",
      "epochBlockNum:1000",
      "[features]",
      "bugfix_revert:1",
      "feature_sharding:1",
    ]);
    expect(genesisHeader(later).version).toBe(0x03060100);
    const { epochSealerNum, ...without } = later;
    expect(codeThrownBy(() => writeGenesis(without))).toBe("GENESIS_LINE");
    expect(codeThrownBy(() => writeGenesis({ ...config, epochSealerNum: 4n, epochBlockNum: 1n }))).toBe(
      "GENESIS_NO_SEALERS",
    );
  });

  const broken: readonly (readonly [string, string])[] = [
    ["GENESIS_LINE", ""],
    ["GENESIS_LINE", text.slice(0, -1)],
    ["GENESIS_LINE", `${text}\n`],
    ["GENESIS_LINE", `${text}x`],
    ["GENESIS_LINE", text.replaceAll("\n", "\r\n")],
    ["GENESIS_LINE", `\ufeff${text}`],
    ["GENESIS_LINE", text.replace("grouID", "groupID")],
    ["GENESIS_LINE", text.replace("sm_crypto:1", "sm_crypto:2")],
    ["GENESIS_LINE", text.replace("sm_crypto:1", "sm_crypto: 1")],
    ["GENESIS_LINE", text.replace("chainID: chain0", "chainID: ")],
    ["GENESIS_LINE", text.replace("leader_period:1", "leader_period:01")],
    ["GENESIS_LINE", text.replace("leader_period:1\n", "")],
    ["GENESIS_LINE", text.replace("3.3.0", "3.3")],
    ["GENESIS_LINE", text.replace("node.1:", "node.2:")],
    ["GENESIS_LINE", text.replace("node.0:00", "node.0:0x00")],
    ["GENESIS_LINE", text.replace("node.0:00", "node.0:0A")],
    ["GENESIS_LINE", text.replace(/,1\n$/, ",0\n")],
    ["GENESIS_LINE", text.replace(/,1\n$/, ",9223372036854775808\n")],
    ["GENESIS_NO_SEALERS", text.slice(0, text.indexOf("node.0"))],
    ["GENESIS_NO_SEALERS", text.replace("node.0:", "later:1\nnode.0:")],
    ["GENESIS_VALUE", text.replace("3.3.0", "3.0.0")],
    ["GENESIS_VALUE", text.replace("3.3.0", "3.256.0")],
  ];
  for (const [index, [code, value]] of broken.entries()) {
    it(`is refused with ${code} (${index})`, () =>
      expect(codeThrownBy(() => readGenesis(utf8Bytes(value)))).toBe(code));
  }

  it("is refused when it is no text or too long", () => {
    expect(codeThrownBy(() => readGenesis(new Uint8Array([0xff])))).toBe("GENESIS_NOT_TEXT");
    expect(codeThrownBy(() => readGenesis(new Uint8Array(192 * 1024 + 1)))).toBe("GENESIS_TOO_LARGE");
  });

  it("is not written with a value that would add lines", () => {
    const forged = { ...config, chainId: "chain0\ngrouID: other" };
    expect(codeThrownBy(() => writeGenesis(forged))).toBe("GENESIS_LINE");
    expect(codeThrownBy(() => writeGenesis({ ...config, authAdminAccount: "a\nb" }))).toBe("GENESIS_LINE");
    expect(codeThrownBy(() => writeGenesis({ ...config, nodes: [] }))).toBe("GENESIS_NO_SEALERS");
  });

  it("sorts sealers, and refuses one listed twice", () => {
    const reversed = { ...config, nodes: [...config.nodes].reverse() };
    expect(readGenesis(writeGenesis(reversed)).nodes).toEqual(reversed.nodes);
    expect(genesisSealers(reversed)).toEqual(genesisSealers(config));
    const [node] = config.nodes as [GenesisConfig["nodes"][number]];
    expect(codeThrownBy(() => genesisSealers({ ...config, nodes: [node, node] }))).toBe("GENESIS_SEALERS");
  });
});
