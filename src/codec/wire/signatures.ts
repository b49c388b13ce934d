/**
 * Signatures on the wire: [ bitmap of signers, signatures concatenated in ascending signer order ].
 * Bit i of the bitmap (lowest bit of the first byte first) is sealer i, so a signer cannot be listed twice.
 */
import { concatBytes } from "../../base/bytes.js";
import type { HeaderSignature } from "../fisco/header.js";
import type { CborReader } from "./cborReader.js";
import type { WireValue } from "./cborWriter.js";
import { WireError } from "./problems.js";

/**
 * The signatures must have distinct indices inside the list and equal length: certified headers do.
 * @throws WireError `WIRE_SIGNER_MAP` otherwise.
 */
export function signaturesToWire(signatures: readonly HeaderSignature[], sealerCount: number): WireValue {
  const ascending = [...signatures].sort((a, b) => a.sealerIndex - b.sealerIndex);
  const bitmap = new Uint8Array(Math.ceil(sealerCount / 8));
  for (const { sealerIndex } of ascending) {
    const byte = bitmap[sealerIndex >> 3];
    const bit = 1 << (sealerIndex & 7);
    if (byte === undefined || sealerIndex >= sealerCount) signerMap("an index is not in the list");
    if ((byte & bit) !== 0) signerMap("an index comes twice");
    bitmap[sealerIndex >> 3] = byte | bit;
  }
  return [bitmap, concatBytes(ascending.map(({ signature }) => signature))];
}

export function readSignatures(reader: CborReader, sealerCount: number, signatureBytes: number): HeaderSignature[] {
  reader.fixedArray("signatures", 2);
  const bitmap = reader.fixedBytes("signer bitmap", Math.ceil(sealerCount / 8));
  const all = reader.bytes("signatures", sealerCount * signatureBytes);
  const signatures: HeaderSignature[] = [];
  let offset = 0;
  for (let index = 0; index < bitmap.length * 8; index++) {
    if ((((bitmap[index >> 3] as number) >> (index & 7)) & 1) === 0) continue;
    if (index >= sealerCount) signerMap("an index is not in the list");
    if (offset + signatureBytes > all.length) signerMap("there are fewer signatures than signers");
    signatures.push({ sealerIndex: index, signature: all.subarray(offset, offset + signatureBytes) });
    offset += signatureBytes;
  }
  if (offset !== all.length) signerMap("there are more signatures than signers");
  return signatures;
}

function signerMap(reason: string): never {
  throw new WireError({ code: "WIRE_SIGNER_MAP", reason });
}

/**
 * Checks the shape of a signatures part without making anything of it: most headers that are read are only linked.
 * @throws WireError as readSignatures
 */
export function skipSignatures(reader: CborReader, sealerCount: number, signatureBytes: number): void {
  reader.fixedArray("signatures", 2);
  const bitmapBytes = Math.ceil(sealerCount / 8);
  const bitmap = reader.fixedBytes("signer bitmap", bitmapBytes);
  let signers = 0;
  for (let i = 0; i < bitmapBytes; i++) {
    let bits = bitmap[i] as number;
    if (i === bitmapBytes - 1 && sealerCount % 8 !== 0 && bits >> (sealerCount % 8) !== 0) {
      signerMap("an index is not in the list");
    }
    for (; bits !== 0; bits &= bits - 1) signers++;
  }
  const length = reader.bytes("signatures", sealerCount * signatureBytes).length;
  if (length < signers * signatureBytes) signerMap("there are fewer signatures than signers");
  if (length > signers * signatureBytes) signerMap("there are more signatures than signers");
}
