import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.js";
import { decodeWeb3Bytes, signWeb3Bytes } from "../../../src/codec/fisco/web3Transaction.js";
import { decodeRlp, encodeRlp, type RlpItem } from "../../../src/codec/rlp.js";
import { codeThrownBy, SUITES, vectors } from "./vectors.js";

// biome-ignore lint/suspicious/noExplicitAny: a vector file is whatever its tests expect of it
const CASES: readonly any[] = vectors("fisco-web3").cases;

/** The signed list without its last three fields, behind the same type byte. */
function unsignedOf(rawTx: Uint8Array): Uint8Array {
  const typed = (rawTx[0] as number) < 0xc0;
  const items = decodeRlp(typed ? rawTx.subarray(1) : rawTx) as readonly RlpItem[];
  const list = encodeRlp(items.slice(0, -3));
  return typed ? concatBytes([rawTx.subarray(0, 1), list]) : list;
}

describe("Web3 bytes", () => {
  it("follow the worked example of EIP-155", () => {
    const { unsigned, signingHash, signature, rawTx } = CASES[0];
    expect(SUITES.ecdsa.hash(fromHex(unsigned))).toEqual(fromHex(signingHash));
    expect(signWeb3Bytes(fromHex(unsigned), fromHex(signature))).toEqual(fromHex(rawTx));
    expect(decodeWeb3Bytes(fromHex(unsigned))).toEqual({
      kind: "legacy",
      chainId: 1n,
      nonce: 9n,
      gasLimit: 21000n,
      to: new Uint8Array(20).fill(0x35),
      value: 10n ** 18n,
      input: new Uint8Array(0),
    });
  });

  for (const { kind, rawTx, signature, ...fields } of CASES.slice(1)) {
    it(`sign and decode ${kind} with an access list`, () => {
      const unsigned = unsignedOf(fromHex(rawTx));
      expect(toHex(signWeb3Bytes(unsigned, fromHex(signature)))).toBe(rawTx.slice(2));
      expect(decodeWeb3Bytes(unsigned)).toEqual({
        kind,
        chainId: BigInt(fields.chainId),
        nonce: BigInt(fields.nonce),
        gasLimit: BigInt(fields.gasLimit),
        to: fromHex(fields.to),
        value: BigInt(fields.value),
        input: fromHex(fields.input),
      });
    });
  }

  it("give v 27 and 28 without EIP-155, and drop leading zeros of r and s", () => {
    const items = decodeRlp(fromHex(CASES[0].unsigned)) as readonly RlpItem[];
    const signature = new Uint8Array(65);
    signature[31] = 0x11;
    signature[62] = 0x22;
    signature[64] = 1;
    const signed = decodeRlp(signWeb3Bytes(encodeRlp(items.slice(0, 6)), signature)) as readonly Uint8Array[];
    expect(signed.slice(6)).toEqual([new Uint8Array([28]), new Uint8Array([0x11]), new Uint8Array([0x22, 0])]);
  });

  const items = decodeRlp(fromHex(CASES[0].unsigned)) as readonly RlpItem[];
  const typed = decodeRlp(unsignedOf(fromHex(CASES[2].rawTx)).subarray(1)) as readonly RlpItem[];
  const replaced = (list: readonly RlpItem[], index: number, item: RlpItem): Uint8Array =>
    encodeRlp(list.map((old, i) => (i === index ? item : old)));
  const with2 = (list: Uint8Array): Uint8Array => concatBytes([new Uint8Array([2]), list]);
  const one = new Uint8Array([1]);
  const key = new Uint8Array(32);
  const account = new Uint8Array(20);
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ["TRANSACTION_EXTRA_BYTES", new Uint8Array(0)],
    ["TRANSACTION_WEB3_KIND", concatBytes([new Uint8Array([3]), encodeRlp(typed)])],
    ["TRANSACTION_WEB3_KIND", concatBytes([new Uint8Array([0x7e]), encodeRlp(typed)])],
    ["TRANSACTION_WEB3_KIND", new Uint8Array([0x80])],
    ["TRANSACTION_WEB3_FIELDS", encodeRlp(items.slice(0, 7))],
    ["TRANSACTION_WEB3_FIELDS", with2(encodeRlp(typed.slice(0, 8)))],
    ["TRANSACTION_WEB3_FIELDS", with2(new Uint8Array([0x80]))],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 7, one)],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 0, new Uint8Array([0, 1]))],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 1, [])],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 2, new Uint8Array(33).fill(1))],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 3, new Uint8Array(19))],
    ["TRANSACTION_WEB3_FIELD", replaced(items, 5, [one])],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 3, []))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, one))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, [one]))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, [[account]]))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, [[key, []]]))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, [[account, key]]))],
    ["TRANSACTION_WEB3_FIELD", with2(replaced(typed, 8, [[account, [account]]]))],
    ["RLP_TRAILING", concatBytes([encodeRlp(items), one])],
  ];
  for (const [index, [code, bytes]] of broken.entries()) {
    it(`refuse ${code} (${index})`, () => expect(codeThrownBy(() => decodeWeb3Bytes(bytes))).toBe(code));
  }

  it("refuse a signature of another form", () => {
    const unsigned = fromHex(CASES[0].unsigned);
    expect(codeThrownBy(() => signWeb3Bytes(unsigned, new Uint8Array(64)))).toBe("TRANSACTION_SIGNATURE_LENGTH");
    const signature = new Uint8Array(65).fill(2);
    expect(codeThrownBy(() => signWeb3Bytes(unsigned, signature))).toBe("TRANSACTION_SIGNATURE_RECOVERY");
  });
});
