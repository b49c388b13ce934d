/** keccak256 and SM3 of the npm package `hash-wasm`. Only making a hasher is asynchronous; one is then reused for all calls. */
import type { IHasher } from "hash-wasm";
import type { HashPart } from "../suiteParts.js";
import { loadPackage } from "./loadPackage.js";

interface HashWasm {
  createKeccak(bits: 256): Promise<IHasher>;
  createSM3(): Promise<IHasher>;
}

function partOf(hasher: IHasher): HashPart {
  return {
    name: "hash-wasm",
    // "binary" copies the result out of the module's memory.
    hash: (data) => hasher.init().update(data).digest("binary"),
  };
}

export async function loadHashWasmKeccak(): Promise<HashPart> {
  const { createKeccak } = (await loadPackage("hash-wasm")) as HashWasm;
  return partOf(await createKeccak(256));
}

export async function loadHashWasmSm3(): Promise<HashPart> {
  const { createSM3 } = (await loadPackage("hash-wasm")) as HashWasm;
  return partOf(await createSM3());
}
