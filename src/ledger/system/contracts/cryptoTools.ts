/**
 * Hashes and SM2 for contracts, 0x100a. Source: bcos-executor/src/precompiled/CryptoPrecompiled.cpp. Both forms of
 * sm2Verify are there: version 3 takes (message, r || s || public key), version 2 took (message, public key, r, s).
 *
 * The message is 32 bytes long and is the SM2 *message*, as in transactions: e = SM3(Z || message) with the user id of
 * src/crypto/sm2Identity.ts. The account is an SM account on every chain: the last 20 bytes of SM3(public key). What does
 * not verify, for whatever reason, is (false, 0).
 */
import { concatBytes } from "../../../base/bytes.js";
import { REFERENCE_HASH, referenceSuite } from "../../../crypto/referenceSuite.js";
import { sm3 } from "../../../crypto/sm3.js";
import { CRYPTO_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import { GAS_READ, GAS_VERIFY } from "../gas.js";
import { type MethodCall, type MethodResult, method, returned, type SystemContract } from "../method.js";

function verify({ suite }: MethodCall, message: Uint8Array, signature: Uint8Array): MethodResult {
  const sm = suite.name === "sm" ? suite : referenceSuite("sm");
  const publicKey = sm.recover(message, signature);
  return returned(publicKey === undefined ? [false, ZERO_ADDRESS] : [true, sm.address(publicKey)]);
}

export const cryptoTools: SystemContract = {
  name: "crypto tools",
  address: CRYPTO_ADDRESS,
  governance: false,
  methods: [
    method({
      signature: "sm3(bytes)",
      returns: "(bytes32)",
      mutability: "view",
      gas: GAS_READ,
      run: (_call, data) => returned([sm3(data)]),
    }),
    method({
      signature: "keccak256Hash(bytes)",
      returns: "(bytes32)",
      mutability: "view",
      gas: GAS_READ,
      run: (_call, data) => returned([REFERENCE_HASH.ecdsa.hash(data)]),
    }),
    method({
      signature: "sm2Verify(bytes,bytes)",
      returns: "(bool,address)",
      mutability: "view",
      gas: GAS_VERIFY,
      run: verify,
    }),
    method({
      signature: "sm2Verify(bytes32,bytes,bytes32,bytes32)",
      returns: "(bool,address)",
      mutability: "view",
      gas: GAS_VERIFY,
      run: (call, message, publicKey, r, s) => verify(call, message, concatBytes([r, s, publicKey])),
    }),
  ],
};
