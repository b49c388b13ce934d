/**
 * Making and finding tables, 0x1002. Source: bcos-executor/src/precompiled/TableManagerPrecompiled.cpp, and
 * checkCreateTableParam and checkNameValidate in precompiled/common/Utilities.cpp. KV tables only: FISCO's tables with
 * conditions (createTable, appendColumns) are not there.
 */
import { utf8Bytes } from "../../../base/bytes.js";
import { TABLE_MANAGER_ADDRESS, ZERO_ADDRESS } from "../addresses.js";
import { addBfsLeaf, bfsNode } from "../bfsTree.js";
import { CODE } from "../codes.js";
import { registerContract } from "../contractRecords.js";
import { GAS_CREATE, GAS_READ } from "../gas.js";
import { kvTableAddress, tableFields, writeKvTable } from "../kvTables.js";
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
import { normalPath } from "../paths.js";
import { trimmed } from "../trim.js";

/** Limits of precompiled/common/Common.h: USER_TABLE_NAME_MAX_LENGTH_S, and SYS_TABLE_*_FIELD_NAME_MAX_LENGTH. */
const TABLE_PATH_BYTES_MAX = 50;
const FIELD_BYTES_MAX = 64;
const VALUE_FIELDS_BYTES_MAX = 1_024;

const TABLES = "/tables/";
const TABLE_NAME = /^[A-Za-z0-9_/]+$/;
const FIELD_NAME = /^[A-Za-z0-9$@][A-Za-z0-9$_@]*$/;

/** "t_test", "/t_test" and "/tables/t_test" name one table. Undefined for what can be no table's name. */
function tablePath(name: string): string | undefined {
  if (name.startsWith(TABLES)) return normalPath(name);
  return normalPath(`${TABLES}${name.startsWith("/") ? name.slice(1) : name}`);
}

function createKvTable(call: MethodCall, name: string, keyField: string, valueFields: string): MethodResult {
  const key = trimmed(keyField);
  const values = valueFields.split(",").map(trimmed);
  if (![key, ...values].every(isFieldName)) return precompiledError("a field's name is not allowed");
  if (new Set(values).size < values.length) return precompiledError("a field is named twice");
  if (values.join(",").length > VALUE_FIELDS_BYTES_MAX) return precompiledError("the names of the fields are too long");
  const path = TABLE_NAME.test(name) ? tablePath(name) : undefined;
  if (path === undefined || !path.startsWith(TABLES)) return precompiledError("the table's name is not allowed");
  if (path.length > TABLE_PATH_BYTES_MAX) return precompiledError("the table's name is too long");
  const { state, hash, origin } = call;
  if (bfsNode(state, path) !== undefined) return declined(CODE.tableNameAlreadyExist);
  const address = kvTableAddress(hash, path);
  if (!addBfsLeaf(state, path, { type: "link", address, abi: "" })) {
    return precompiledError("something above the table is no directory");
  }
  writeKvTable(state, path, address, [key, ...values].join(","));
  registerContract(state, address, origin);
  return returnedCode(CODE.success);
}

function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name) && utf8Bytes(name).length <= FIELD_BYTES_MAX;
}

export const tableManager: SystemContract = {
  name: "table manager",
  address: TABLE_MANAGER_ADDRESS,
  governance: false,
  methods: [
    method({
      signature: "createKVTable(string,string,string)",
      returns: "(int32)",
      mutability: "write",
      gas: GAS_CREATE,
      run: createKvTable,
    }),
    method({
      signature: "openTable(string)",
      returns: "(address)",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, name) => {
        const path = tablePath(name);
        const node = path === undefined ? undefined : bfsNode(state, path);
        return returned([node?.type === "link" ? node.address : ZERO_ADDRESS]);
      },
    }),
    method({
      signature: "desc(string)",
      returns: "((string,string[]))",
      mutability: "view",
      gas: GAS_READ,
      run: ({ state }, name) => {
        const path = tablePath(name);
        const fields = path === undefined ? undefined : tableFields(state, path);
        return returned([fields === undefined ? ["", []] : [fields.key, fields.values]]);
      },
    }),
  ],
};
