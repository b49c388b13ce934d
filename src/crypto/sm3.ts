/** SM3, the 256-bit hash of GB/T 32905-2016 (also ISO/IEC 10118-3:2018), and HMAC (RFC 2104) over it. */

export const SM3_BYTES = 32;
export const SM3_BLOCK_BYTES = 64;

const ROUNDS = 64;
const INITIAL_STATE = Int32Array.of(
  0x7380166f,
  0x4914b2b9,
  0x172442d7,
  0xda8a0600,
  0xa96f30bc,
  0x163138aa,
  0xe38dee4d,
  0xb0fb0e4e,
);

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** T_j <<< (j mod 32): the constant changes after round 15. A shift by 32 is a shift by 0 in this language, as wanted. */
const ROUND_CONSTANTS = Int32Array.from({ length: ROUNDS }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

/** Expanded message of the block at hand. Shared, because compression never yields to other code. */
const WORDS = new Int32Array(ROUNDS + 4);

function expand(data: Uint8Array, offset: number): void {
  for (let j = 0, at = offset; j < 16; j++, at += 4) {
    WORDS[j] =
      ((data[at] as number) << 24) |
      ((data[at + 1] as number) << 16) |
      ((data[at + 2] as number) << 8) |
      (data[at + 3] as number);
  }
  for (let j = 16; j < ROUNDS + 4; j++) {
    const mixed = (WORDS[j - 16] as number) ^ (WORDS[j - 9] as number) ^ rotate(WORDS[j - 3] as number, 15);
    const spread = mixed ^ rotate(mixed, 15) ^ rotate(mixed, 23);
    WORDS[j] = spread ^ rotate(WORDS[j - 13] as number, 7) ^ (WORDS[j - 6] as number);
  }
}

/** CF of the standard, section 5.3.3, on the 64 bytes at `offset`; variable names are the standard's. */
function compress(state: Int32Array, data: Uint8Array, offset: number): void {
  expand(data, offset);
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let j = 0; j < ROUNDS; j++) {
    const a12 = rotate(a, 12);
    const ss1 = rotate((a12 + e + (ROUND_CONSTANTS[j] as number)) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const word = WORDS[j] as number;
    const tt1 = (ff + d + (ss1 ^ a12) + (word ^ (WORDS[j + 4] as number))) | 0;
    const tt2 = (gg + h + ss1 + word) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
  }
  state[0] = (state[0] as number) ^ a;
  state[1] = (state[1] as number) ^ b;
  state[2] = (state[2] as number) ^ c;
  state[3] = (state[3] as number) ^ d;
  state[4] = (state[4] as number) ^ e;
  state[5] = (state[5] as number) ^ f;
  state[6] = (state[6] as number) ^ g;
  state[7] = (state[7] as number) ^ h;
}

/** The last one or two blocks: what is left of the data, the bit 1, zeros, and the length in bits as 64-bit big-endian. */
function paddedTail(data: Uint8Array, offset: number): Uint8Array {
  const rest = data.length - offset;
  const tail = new Uint8Array(rest + 9 <= SM3_BLOCK_BYTES ? SM3_BLOCK_BYTES : 2 * SM3_BLOCK_BYTES);
  tail.set(data.subarray(offset));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, Math.floor(data.length / 2 ** 29));
  view.setUint32(tail.length - 4, data.length << 3);
  return tail;
}

/** The 32-byte SM3 hash of `data`, in a fresh array. */
export function sm3(data: Uint8Array): Uint8Array {
  const state = INITIAL_STATE.slice();
  let offset = 0;
  for (; offset + SM3_BLOCK_BYTES <= data.length; offset += SM3_BLOCK_BYTES) compress(state, data, offset);
  const tail = paddedTail(data, offset);
  for (let at = 0; at < tail.length; at += SM3_BLOCK_BYTES) compress(state, tail, at);
  const digest = new Uint8Array(SM3_BYTES);
  const view = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) view.setInt32(4 * i, state[i] as number);
  return digest;
}

/** HMAC-SM3 (RFC 2104) of `data` under `key`, 32 bytes. */
export function hmacSm3(key: Uint8Array, data: Uint8Array): Uint8Array {
  const blockKey = key.length > SM3_BLOCK_BYTES ? sm3(key) : key;
  const inner = new Uint8Array(SM3_BLOCK_BYTES + data.length).fill(0x36, 0, SM3_BLOCK_BYTES);
  const outer = new Uint8Array(SM3_BLOCK_BYTES + SM3_BYTES).fill(0x5c, 0, SM3_BLOCK_BYTES);
  for (let i = 0; i < blockKey.length; i++) {
    inner[i] = (blockKey[i] as number) ^ 0x36;
    outer[i] = (blockKey[i] as number) ^ 0x5c;
  }
  inner.set(data, SM3_BLOCK_BYTES);
  outer.set(sm3(inner), SM3_BLOCK_BYTES);
  return sm3(outer);
}
