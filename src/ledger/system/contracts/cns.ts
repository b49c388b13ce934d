/**
 * Names of contracts with versions, 0x1004. Source of methods and codes:
 * bcos-executor/src/precompiled/CNSPrecompiled.cpp of 3.0.0-rc (FISCO gave it up for links in BFS later).
 *
 * A version that is too long and a comma give the two codes that checkCNSParam makes; FISCO's insert shows the first one
 * for both, by mistake. getContractAddress returns an address only, as its ABI says, also where nothing is found.
 */
import { toHex, utf8Bytes } from "../../../base/bytes.js";
import { CNS_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import {
  addCnsEntry,
  CNS_ABI_BYTES_MAX,
  CNS_NAME_BYTES_MAX,
  CNS_VERSION_BYTES_MAX,
  type CnsEntry,
  cnsEntry,
  cnsVersionAt,
  cnsVersionCount,
} from "../cnsNames.js";
import { CODE } from "../codes.js";
import { GAS_READ, GAS_WRITE } from "../gas.js";
import {
  declined,
  type MethodCall,
  type MethodResult,
  method,
  precompiledError,
  returned,
  returnedCode,
  type SystemContract,
} from "../method.js";
import { trimmed } from "../trim.js";

function insert({ state }: MethodCall, rawName: string, rawVersion: string, entry: CnsEntry): MethodResult {
  const name = trimmed(rawName);
  const version = trimmed(rawVersion);
  if (utf8Bytes(version).length > CNS_VERSION_BYTES_MAX) return declined(CODE.versionLengthOverflow);
  if (version.includes(",") || name.includes(",")) return declined(CODE.addressOrVersionError);
  if (utf8Bytes(name).length > CNS_NAME_BYTES_MAX) return precompiledError("the name is too long");
  if (utf8Bytes(entry.abi).length > CNS_ABI_BYTES_MAX) return precompiledError("the ABI is too long");
  if (cnsEntry(state, name, version) !== undefined) return declined(CODE.addressAndVersionExist);
  addCnsEntry(state, name, version, entry);
  return returnedCode(CODE.success);
}

/** What Json::FastWriter makes: fields in alphabetical order, a line feed at the end. */
function selectByName({ state, outputBytesMax }: MethodCall, name: string): MethodResult {
  const rows: string[] = [];
  let bytes = 0;
  for (let index = 0, count = cnsVersionCount(state, name); index < count; index++) {
    const version = cnsVersionAt(state, name, index);
    const entry = cnsEntry(state, name, version);
    if (entry === undefined) continue;
    const row = JSON.stringify({ abi: entry.abi, address: toHex(entry.address), name, version });
    bytes += utf8Bytes(row).length;
    if (bytes > outputBytesMax) return { kind: "tooLong" };
    rows.push(row);
  }
  return returned([`[${rows.join(",")}]\n`]);
}

export const cns: SystemContract = {
  name: "CNS",
  address: CNS_ADDRESS,
  governance: false,
  methods: [
    method({
      signature: "insert(string,string,address,string)",
      returns: "(int256)",
      mutability: "write",
      gas: GAS_WRITE,
      run: (call, name, version, address, abi) => insert(call, name, version, { address, abi }),
    }),
    method({
      signature: "selectByName(string)",
      returns: "(string)",
      mutability: "view",
      gas: GAS_READ,
      run: selectByName,
    }),
    method({
      signature: "selectByNameAndVersion(string,string)",
      returns: "(address,string)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, name, version) => {
        const entry = cnsEntry(state, trimmed(name), trimmed(version));
        return returned([entry?.address ?? ZERO_ADDRESS, entry?.abi ?? ""]);
      },
    }),
    method({
      signature: "getContractAddress(string,string)",
      returns: "(address)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, name, version) =>
        returned([cnsEntry(state, trimmed(name), trimmed(version))?.address ?? ZERO_ADDRESS]),
    }),
  ],
};
