/** Numbers as answers write them. */

/** A number where it is exact, else the bigint, which `writeJson` writes as an integer literal. */
export function plainNumber(wide: bigint): number | bigint {
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}

/** 0x and hex digits without leading zeros. */
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
