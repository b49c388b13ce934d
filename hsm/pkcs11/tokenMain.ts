/**
 * The program that holds a PKCS#11 module. A module is foreign native code that may hang, crash, or forget its sessions;
 * here it can do so without the node: the node ends this process and starts another.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Millis } from "../../src/base/clock.js";
import { loadCryptoki } from "./cryptoki.js";
import { ANSWER_WAIT_MS, ANSWERS_TOGETHER_MAX } from "./limits.js";
import type { LoginReport, TokenAnswer, TokenMessage, TokenReport, TokenRequest } from "./messages.js";
import { Pkcs11Error, type Pkcs11Problem } from "./problems.js";
import { Token } from "./token.js";

let token: Token | undefined;

process.on("message", (messages) => {
  const receivedAt = performance.now();
  open += (messages as TokenMessage[]).length;
  for (const message of messages as TokenMessage[]) void answer(message, receivedAt + message.timeLeftMs);
});
// Without the node nobody needs the token. A plain exit would wait for threads that hang in the module.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
const watching = once(new Worker(new URL("./parentWatch.js", import.meta.url)), "message");

async function answer({ id, request }: TokenMessage, deadline: Millis): Promise<void> {
  try {
    send({ id, value: await carryOut(request, deadline) });
  } catch (thrown) {
    send({ id, problem: problemOf(thrown, request) });
  }
}

async function carryOut(request: TokenRequest, deadline: Millis): Promise<unknown> {
  if (request.kind === "open") {
    await watching;
    token = await Token.open(await loadCryptoki(), request, reportLogin);
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

/** Past the outbox: C_Login blocks this process, and may end it. */
function reportLogin(login: LoginReport["login"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const written = (error: Error | null): void => {
      if (error === null) resolve();
      else reject(new Pkcs11Error({ code: "PKCS11_CLOSED" }));
    };
    const reports: TokenReport[] = [{ login }];
    process.send?.(reports, undefined, undefined, written);
  });
}

function problemOf(thrown: unknown, request: TokenRequest): Pkcs11Problem {
  if (thrown instanceof Pkcs11Error) return thrown.problem;
  // A message might quote an argument, and one of them is the PIN: only the kind of error goes out.
  const ckr = thrown instanceof Error ? thrown.name : "UNEXPECTED";
  return { code: "PKCS11_CALL_FAILED", call: request.kind, ckr };
}

/**
 * Answers travel together while the token has more to do: a message through the pipe costs both processes more than an
 * answer in it, and whoever waits for the token waits longer for the token than for the pipe.
 */
let outbox: TokenAnswer[] = [];
let due: NodeJS.Timeout | undefined;
/** Asked and not yet on the way back. */
let open = 0;

function send(message: TokenAnswer): void {
  outbox.push(message);
  if (outbox.length >= Math.min(open, ANSWERS_TOGETHER_MAX)) flush();
  else due ??= setTimeout(flush, ANSWER_WAIT_MS);
}

function flush(): void {
  clearTimeout(due);
  due = undefined;
  const answers = outbox;
  outbox = [];
  open -= answers.length;
  process.send?.(answers);
}
