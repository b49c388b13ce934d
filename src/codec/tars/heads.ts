/**
 * The head byte of a Tars field: low 4 bits type, high 4 bits tag; tag 15 in the head means the tag is in the next
 * byte. Source: TarsCloud/TarsTup and the stream classes of TarsCpp (tup/Tars.h); integers are big-endian.
 */
export const TarsType = {
  int8: 0,
  int16: 1,
  int32: 2,
  int64: 3,
  float: 4,
  double: 5,
  /** Length in one byte. */
  shortText: 6,
  /** Length in four bytes. */
  longText: 7,
  map: 8,
  list: 9,
  structBegin: 10,
  structEnd: 11,
  /** An integer zero without further bytes. */
  zero: 12,
  /** A byte vector in one piece. */
  simpleList: 13,
} as const;

/** Tags from here on take a second head byte. */
export const WIDE_TAG_MIN = 15;
export const TARS_TAG_MAX = 255;
