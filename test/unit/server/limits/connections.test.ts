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
