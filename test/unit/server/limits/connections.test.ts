/** Limits on open connections. */
import { beforeEach, expect, test } from "bun:test";
import { defaults } from "../../../../server/config/config.ts";
import { ConnectionLimits } from "../../../../server/limits/connections.ts";
import { manualClock } from "../../../support/clock.ts";

const address = { group: "192.0.2.1", isLocal: false };
const limited = expect.objectContaining({ code: "rate_limited" });

let limits: ConnectionLimits;
beforeEach(() => {
	const settings = {
		...defaults,
		maxPendingConnections: 2,
		maxConnectionsPerAddress: 3,
		maxConnectionsPerVisitor: 1,
	};
	limits = new ConnectionLimits(settings, manualClock());
});

test("a connection without a visitor is pending, and no longer once the visitor is known", () => {
	limits.open(address);
	const second = limits.open(address);
	expect(() => limits.open(address)).toThrow(limited);
	second.identify("ann");
	limits.open(address);
	expect(() => limits.open(address)).toThrow(limited);
});

test("a visitor with too many connections gets no more until one closes", () => {
	const first = limits.open(address);
	first.identify("ann");
	const second = limits.open(address);
	expect(() => second.identify("ann")).toThrow(limited);
	first.release();
	second.identify("ann");
});

test("a connection is not counted for a visitor after its release", () => {
	const gone = limits.open(address);
	gone.release();
	gone.identify("ann");
	expect(limits.size).toBe(0);
	limits.open(address).identify("ann");
});

test("localhost has no limit per address", () => {
	const local = { group: "127.0.0.1", isLocal: true };
	for (let i = 0; i < 10; i++) limits.open(local);
});

test("requests of one address are limited at once, and those of its /48 network at twice the limit", () => {
	const few = new ConnectionLimits(
		{ ...defaults, maxRequestsPerAddress: 2 },
		manualClock(),
	);
	const releases = [few.openRequest(address), few.openRequest(address)];
	expect(() => few.openRequest(address)).toThrow(limited);
	for (const release of releases) release();
	expect(few.size).toBe(0);
	const home = (i: number) => ({
		group: `20010db80000000${i}/64`,
		wider: "20010db80000/48",
		isLocal: false,
	});
	for (let i = 0; i < 4; i++) few.openRequest(home(i));
	expect(() => few.openRequest(home(4))).toThrow(limited);
});

test("an address keeps as many connections open between requests as its limit", async () => {
	const clock = manualClock();
	const few = new ConnectionLimits(
		{ ...defaults, maxRequestsPerAddress: 2 },
		clock,
	);
	const kept = () => [1, 2, 3].map(() => few.keepsOpen(address));
	expect(kept()).toEqual([true, true, false]);
	await clock.advance(10_000);
	expect(kept()).toEqual([true, true, false]);
});
