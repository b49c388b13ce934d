/** Reads the body of a request within its limit and within what all requests together may hold. */
import type { IncomingMessage } from "node:http";
import type { HeldBytes } from "./heldBytes.js";

export type BodyVerdict =
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "too large" }
  | { readonly kind: "busy" }
  /** The client went away, or was too slow. */
  | { readonly kind: "gone" };

/** The bytes stay counted in `held` under `owner` until it is released there. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  held: HeldBytes,
  owner: object,
): Promise<BodyVerdict> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > bytesMax) return Promise.resolve({ kind: "too large" });
  return new Promise<BodyVerdict>((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const end = (verdict: BodyVerdict): void => {
      request.off("data", take);
      resolve(verdict);
    };
    const take = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length > bytesMax) end({ kind: "too large" });
      else if (!held.take(owner, chunk.length)) end({ kind: "busy" });
      else chunks.push(chunk);
    };
    request.on("data", take);
    request.once("end", () => end({ kind: "body", bytes: Buffer.concat(chunks) }));
    request.once("close", () => end({ kind: "gone" }));
    // Its close follows, which says all we need.
    request.on("error", () => undefined);
  });
}
