/**
 * The program that holds a PKCS#11 module. A module is foreign native code that may hang, crash, or forget its sessions;
 * here it can do so without the node: the node ends this process and starts another.
 */
import type { Millis } from "../../src/base/clock.js";
import { serveCalls, tellNode } from "../process/serveCalls.js";
import { loadCryptoki } from "./cryptoki.js";
import type { LoginNote, TokenRequest } from "./messages.js";
import { Pkcs11Error, type Pkcs11Problem } from "./problems.js";
import { Token } from "./token.js";

let token: Token | undefined;

serveCalls(carryOut, problemOf);

async function carryOut(request: TokenRequest, deadline: Millis): Promise<unknown> {
  if (request.kind === "open") {
    token = await Token.open(await loadCryptoki(), request, tellNode<LoginNote>);
    return token.opened();
  }
  if (token === undefined) throw new Pkcs11Error({ code: "PKCS11_CLOSED" });
  switch (request.kind) {
    case "sign":
      return token.sign(request.digest, deadline);
    case "readAnchor":
      return token.readAnchor();
    case "writeAnchor":
      return token.writeAnchor(request.value);
    case "generate":
      return token.generate(request.label);
    case "close":
      return token.close();
  }
}

function problemOf(thrown: unknown, request: TokenRequest): Pkcs11Problem {
  if (thrown instanceof Pkcs11Error) return thrown.problem;
  // A message might quote an argument, and one of them is the PIN: only the kind of error goes out.
  const ckr = thrown instanceof Error ? thrown.name : "UNEXPECTED";
  return { code: "PKCS11_CALL_FAILED", call: request.kind, ckr };
}
