import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex, utf8Bytes } from "../../../src/base/bytes.js";
import { STATUS } from "../../../src/ledger/engine.js";
import type { StateReader } from "../../../src/ledger/records.js";
import { StateOverlay } from "../../../src/ledger/stateOverlay.js";
import { POINTS_ADDRESS } from "../../../src/ledger/system/addresses.js";
import { POINTS_SUPPLY_TABLE, POINTS_TABLE } from "../../../src/ledger/system/contracts/points.js";
import { ADMIN, account, genesis, World } from "./world.js";

const [A, B, C] = [account(11), account(12), account(13)];

const issue = (world: World, to: Uint8Array, amount: bigint, from = ADMIN) =>
  world.call(POINTS_ADDRESS, "issue(address,uint256)", [to, amount], { from });
const pay = (world: World, from: Uint8Array, to: Uint8Array, amount: bigint) =>
  world.call(POINTS_ADDRESS, "transfer(address,uint256)", [to, amount], { from });
const balance = (world: World, of: Uint8Array) => world.ask(POINTS_ADDRESS, "balanceOf(address)", [of], "(uint256)")[0];
const supply = (world: World) => world.ask(POINTS_ADDRESS, "totalSupply()", [], "(uint256)")[0];

describe("points", () => {
  it("are issued by a governor and paid by their owners", () => {
    const world = new World();
    expect([balance(world, A), supply(world)]).toEqual([0n, 0n]);
    expect(issue(world, A, 100n).status).toBe(0);
    expect(pay(world, A, B, 30n).status).toBe(0);
    expect(pay(world, B, C, 30n).status).toBe(0);
    expect(pay(world, A, A, 70n).status).toBe(0);
    expect([A, B, C].map((each) => balance(world, each))).toEqual([70n, 0n, 30n]);
    expect(supply(world)).toBe(100n);
    world.next();
    expect(pay(world, C, A, 1n).status).toBe(0);
    world.next();
    // What a device reads from a proven record.
    expect(toHex(world.get(POINTS_TABLE, toHex(A))!)).toBe("47".padStart(64, "0"));
    expect(toHex(world.get(POINTS_SUPPLY_TABLE, "total")!)).toBe("64".padStart(64, "0"));
  });

  it("tell of every payment by one event", () => {
    const world = new World();
    const { hash } = world.suite;
    const topic = (who: Uint8Array) => concatBytes([new Uint8Array(12), who]);
    const event = hash(utf8Bytes("Transfer(address,address,uint256)"));
    const amount = fromHex("05".padStart(64, "0"));
    const issued = issue(world, A, 5n);
    expect(issued.logs).toEqual([
      { address: POINTS_ADDRESS, topics: [event, topic(new Uint8Array(20)), topic(A)], data: amount },
    ]);
    expect(toHex(issued.output)).toBe("01".padStart(64, "0"));
    expect(pay(world, A, B, 5n).logs).toEqual([
      { address: POINTS_ADDRESS, topics: [event, topic(A), topic(B)], data: amount },
    ]);
  });

  it("are never more than were issued, nor than fit", () => {
    const world = new World();
    const most = 2n ** 256n - 1n;
    expect(issue(world, A, most).status).toBe(0);
    expect(pay(world, A, B, most).status).toBe(0);
    world.next();
    const refused = [issue(world, A, 1n), pay(world, A, B, 1n), pay(world, C, C, 1n)];
    for (const outcome of refused) {
      expect(outcome.status).toBe(STATUS.revert);
      expect(outcome.logs).toEqual([]);
    }
    expect(world.next()).toEqual([]);
    expect(pay(world, B, B, most).status).toBe(0);
    expect([balance(world, A), balance(world, B), supply(world)]).toEqual([0n, most, most]);
  });

  it("leave no record where nothing is paid", () => {
    const world = new World();
    expect(issue(world, A, 0n).status).toBe(0);
    expect(pay(world, A, B, 0n).status).toBe(0);
    expect(world.next()).toEqual([]);
  });

  it("are issued by anybody only where authority is not checked", () => {
    const world = new World();
    expect(issue(world, A, 1n, A).status).toBe(STATUS.permissionDenied);
    expect(world.next()).toEqual([]);
    expect(issue(new World(genesis({ isAuthCheck: false, authAdminAccount: "" })), A, 1n, A).status).toBe(0);
  });

  it("do not read the account that is paid", () => {
    const world = new World();
    for (const payer of [B, C]) issue(world, payer, 5n);
    world.next();
    const read: string[] = [];
    const watched: StateReader = {
      get: (table, key) => {
        read.push(`${table} ${key}`);
        return world.get(table, key);
      },
    };
    world.overlay = new StateOverlay(watched);
    expect(pay(world, B, A, 2n).status).toBe(0);
    expect(pay(world, C, A, 3n).status).toBe(0);
    expect(read).not.toContain(`${POINTS_TABLE} ${toHex(A)}`);
    world.overlay = new StateOverlay(world);
    pay(world, B, A, 2n);
    pay(world, C, A, 3n);
    expect(balance(world, A)).toBe(5n);
  });
});
