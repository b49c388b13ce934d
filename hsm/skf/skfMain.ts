/**
 * The program that holds a vendor's SKF library. What may be presented to the token, and when, is decided by the node
 * (skfProcess.ts): it outlives this process, so that an attempt with the PIN is remembered when the library is not.
 */
import { serveCalls } from "../process/serveCalls.js";
import { loadSkfLibrary, type SkfLibrary } from "./library.js";
import type { OpenedToken, SkfAddress, SkfRequest } from "./messages.js";
import { SkfError, type SkfProblem } from "./problems.js";
import { SkfSession } from "./session.js";

let library: SkfLibrary | undefined;
let session: SkfSession | undefined;

/** Settles when what was asked for before has been carried out. */
let before: Promise<unknown> = Promise.resolve();

serveCalls(inOrder, problemOf);

/**
 * One request after the other: the standard promises no thread safety, and some libraries take the disconnection of an old
 * handle for that of the device.
 */
function inOrder(request: SkfRequest): Promise<unknown> {
  const work = before.then(() => carryOut(request));
  before = work.catch(() => undefined);
  return work;
}

async function carryOut(request: SkfRequest): Promise<unknown> {
  switch (request.kind) {
    case "open":
      return await open(request.address);
    case "verifyPin":
      return await verifyPin(request.pin);
    case "sign":
      return await opened().sign(request.e);
    case "giveBack":
      return await giveBack();
  }
}

async function open(address: SkfAddress): Promise<OpenedToken> {
  library ??= await loadSkfLibrary(address.module);
  session = new SkfSession(library);
  await session.open(address);
  return {
    serial: session.serial,
    publicKey: await session.publicKey(),
    triesLeft: await session.triesLeft(),
  };
}

async function verifyPin(pin: Uint8Array): Promise<number> {
  try {
    return await opened().verifyPin(pin);
  } finally {
    pin.fill(0);
  }
}

async function giveBack(): Promise<void> {
  const open = session;
  session = undefined;
  await open?.close();
}

function opened(): SkfSession {
  if (session === undefined) throw new SkfError({ code: "SKF_CLOSED" });
  return session;
}

function problemOf(thrown: unknown, request: SkfRequest): SkfProblem {
  if (thrown instanceof SkfError) return thrown.problem;
  // A message might quote an argument, and one of them is the PIN: only the kind of error goes out.
  const reason = thrown instanceof Error ? thrown.name : "UNEXPECTED";
  return { code: "SKF_CALL_FAILED", call: request.kind, reason };
}
