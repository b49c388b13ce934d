/** Time as a value. Pure rooms receive it as an argument; only adapters read a real clock. */

/** Milliseconds since 1970-01-01T00:00:00Z, as block timestamps count. */
export type Millis = number;

export interface Clock {
  /** Wall clock; may jump when the system clock is set. */
  now(): Millis;
}
