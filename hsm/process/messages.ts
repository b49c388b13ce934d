/** What goes through the pipe between the node and a process that holds foreign native code. */

export interface Call<Request> {
  readonly id: number;
  readonly request: Request;
}

export type Answer<Problem> =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: Problem };
