/**
 * The whole, from the session's outbox to the store and back, over a network that does everything a
 * network can do: real sessions, the real gate and Chat, no sockets, a manual clock.
 *
 * One seed is one history; a seed that fails is printed and becomes a named test. FUZZ_FACTOR and
 * FUZZ_SEED set how many seeds, and the first one.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../server/store/open.ts";
import { manualClock, seeded, settle } from "../support/clock.ts";
import { fuzzMs, seeds } from "../support/fuzz.ts";
import { limitChars, type Tab, World } from "../support/line-world.ts";
import { fair, type Weather } from "../support/lossy-transport.ts";

const steps = 30;
/** From the last fault to the moment when all is well again, at most. */
const healMs = 240_000;

/** Lets one seed's history happen and says what was wrong. */
async function history(seed: number, folder?: string): Promise<string[]> {
	const random = seeded(seed);
	const upTo = (most: number) => random() * most;
	const pick = <Item>(items: readonly Item[]): Item | undefined =>
		items[Math.floor(upTo(items.length))];
	const clock = manualClock(seed + 1);
	let stores = 0;
	const openNext = () =>
		openStore(
			folder ? `sqlite:${join(folder, `${seed}-${stores++}.db`)}` : "memory:",
			clock,
		);
	const corrupts = random() < 0.1;
	const world = new World(clock, openNext(), random() < 0.3);
	const { net, mouths, tabs } = world;
	const tab = () => pick(tabs) as Tab;
	const cable = () => pick([...net.cables]);
	const messageBy = (role: string) => {
		const { session } = tab();
		const { messages } = session.conversation;
		return { session, id: pick(messages.filter((m) => m.role === role))?.id };
	};
	const weather = (): Weather => ({
		latencyMs: pick([0, 20, 20, 400, 3_000]) ?? 20,
		isDown: random() < 0.15,
		blocked: pick([[], [], ["websocket"], ["websocket", "stream"]]) ?? [],
		lose: pick([0, 0, 0.05, 0.3]) ?? 0,
		repeat: pick([0, 0.2]) ?? 0,
		late: pick([0, 0.2]) ?? 0,
		corrupt: corrupts ? 0.2 : 0,
		refuse: pick([0, 0.4]) ?? 0,
	});
	const words = ["a", " word", "👩", "\ud83d", "\udc69", "x".repeat(99)];

	const moves: [number, () => unknown][] = [
		[8, () => tab().send(`text ${world.sent.size} 👩‍👧`)],
		[0.3, () => tab().send("x".repeat(limitChars + 1))],
		[30, () => mouths.splice(upTo(mouths.length), 1)[0]?.(pick(words))],
		[4, () => mouths.shift()?.(undefined)],
		[2, () => mouths.shift()?.(new Error("broken off"))],
		[3, () => tab().session.stopReply()],
		[
			2,
			() => {
				const { session, id } = messageBy("user");
				if (id) session.retry(id, { continue: random() < 0.5 });
			},
		],
		[
			2,
			() => {
				const { session, id } = messageBy("assistant");
				if (id) session.rate(id, pick(["up", "down", "none"]) ?? "up");
			},
		],
		[
			2,
			() => {
				const { session } = tab();
				const refused = pick(session.pending);
				if (refused?.state === "refused") session.resend(refused.id);
			},
		],
		[25, () => clock.advance(upTo(100))],
		[10, () => clock.advance(upTo(3_000))],
		[1, () => clock.advance(upTo(40_000))],
		[1, () => clock.sleep(upTo(60_000))],
		[5, () => cable()?.cut()],
		[2, () => cable()?.cut({ server: false })],
		[2, () => cable()?.cut({ client: false })],
		[
			2,
			() => {
				const torn = cable();
				if (torn) torn.hole = pick(["up", "down", "both"] as const);
			},
		],
		[
			2,
			() => {
				const slow = cable();
				if (slow) slow.isFull = true;
			},
		],
		[4, () => net.cables.forEach((slow) => void slow.drain())],
		[
			5,
			() => {
				net.weather = weather();
			},
		],
		[
			5,
			() => {
				net.weather = fair;
			},
		],
		[
			1,
			() => {
				if (world.process) world.process.isOut = !world.process.isOut;
			},
		],
		[
			2,
			async () => {
				await world.crash();
				await clock.advance(upTo(pick([0, 8_000]) ?? 0));
				const isOther = random() < 0.2;
				const keeps = random() < 0.2 ? () => 0 : random;
				if (isOther) await world.restore(openNext(), keeps);
				await world.boot();
			},
		],
		[3, () => tab().load()],
		[0.5, () => tab().beginAnew()],
		[1, () => tab().session.sleep()],
		[2, () => tab().session.wake()],
		[1, () => tab().session.setOffline(random() < 0.5)],
		[
			0.5,
			() => {
				const { session } = tab();
				session.stop();
				session.start();
			},
		],
		[1, () => tabs.length < 3 && world.open(pick([tab().storage, undefined]))],
	];
	const total = moves.reduce((sum, [weight]) => sum + weight, 0);
	const health = fetchOf(world);
	try {
		await world.boot();
		world.open();
		if (random() < 0.9) await clock.advance(200);
		for (let step = 0; step < steps && world.faults.length === 0; step++) {
			let at = upTo(total);
			for (const [weight, move] of moves) {
				at -= weight;
				if (at >= 0) continue;
				await move();
				break;
			}
			await settle(1);
			world.lookForLost();
		}
		if (world.faults.length === 0) await heal(world);
		return world.faults;
	} finally {
		health.restore();
		await world.close();
	}
}

/** Ends every fault, and waits until everybody has what the log has. */
async function heal(world: World) {
	const { clock, net, tabs, faults } = world;
	net.weather = fair;
	if (world.process) world.process.isOut = false;
	const until = clock.now() + healMs;
	const isWell = () =>
		world.chat?.openReplies === 0 && tabs.every((tab) => tab.isUpToDate);
	do {
		for (const cable of net.cables) cable.drain();
		for (const mouth of world.mouths.splice(0)) mouth(undefined);
		for (const { session } of tabs) {
			session.setOffline(false);
			session.start();
		}
		await clock.advance(1_000);
	} while (!isWell() && clock.now() < until && faults.length === 0);
	for (const [at, { isUpToDate, session }] of tabs.entries())
		if (!isUpToDate)
			faults.push(
				`visitor ${at} never came to the log: ${JSON.stringify(session.connection)}`,
			);
	world.lookForDoubles();
	world.lookForLost();
	await world.holdMirrors();
	const alarms = tabs.reduce((sum, tab) => sum + tab.alarms, 0);
	if (alarms > net.corrupted)
		faults.push(`${alarms} alarms, ${net.corrupted} corrupted frames`);
}

/** The fallback chain asks the health endpoint before it steps down. */
function fetchOf(world: World) {
	const before = globalThis.fetch;
	globalThis.fetch = Object.assign(
		async () => {
			if (!world.isHealthy) throw new TypeError("No network.");
			return Response.json({ status: "ok" });
		},
		{ preconnect: before.preconnect },
	);
	return {
		restore() {
			globalThis.fetch = before;
		},
	};
}

test(
	"whatever the network does, everybody ends with the log",
	async () => {
		const folder = mkdtempSync(join(tmpdir(), "chat-stream-line-"));
		const bad: string[] = [];
		try {
			for (const seed of seeds(2_000)) {
				const faults = await history(
					seed,
					seed % 20 === 0 ? folder : undefined,
				);
				if (faults.length > 0)
					bad.push(`FUZZ_SEED=${seed}: ${faults.slice(0, 3).join("; ")}`);
				if (bad.length >= 5) break;
			}
		} finally {
			rmSync(folder, { recursive: true });
		}
		expect(bad).toEqual([]);
	},
	fuzzMs,
);
