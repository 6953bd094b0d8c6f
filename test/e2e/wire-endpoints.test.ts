/**
 * PROTOCOL.md sections 2, 3 and 5, sentence by sentence, on every endpoint. The real program, tested from
 * outside.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	type Conversation,
	hashText,
	type Reply,
} from "../../protocol/conversation.ts";
import type { End, Failure, Start } from "../../protocol/frames.ts";
import { type Door, doors, everyDoor } from "../support/doors.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import { answersIn, isRefusal, type Line } from "../support/wire.ts";

let program: Program;
const lines = new Set<Line>();

beforeAll(async () => {
	program = await startProgram({ CHAT_HEARTBEAT_MS: "300" });
});
afterAll(async () => {
	for (const line of lines) line.leave();
	await endServers();
});

async function enter(
	door: Door,
	greeting = {},
	picture?: Conversation,
): Promise<Line> {
	const line = await door.enter(program.url, greeting, picture);
	lines.add(line);
	return line;
}

const closeOf = (line: Line, reply: Reply) =>
	line.events.find(
		(event): event is End | Failure =>
			event.type === "control" &&
			(event.action === "end" || event.action === "error") &&
			event.data.message === reply.id,
	);

const refusalOf = async (asked: ReturnType<Line["ask"]>) => {
	const frame = await asked;
	if (!isRefusal(frame)) throw new Error("It was not refused.");
	return frame.data;
};

for (const door of everyDoor)
	describe(`on ${door.name}`, () => {
		test("hello without a conversation starts a new one, and ready describes it", async () => {
			const line = await enter(door);
			expect(line.ready).toMatchObject({
				type: "ready",
				version: 1,
				head: 0,
				heartbeat: 300,
				limits: { content: 8_000 },
			});
			expect(line.ready.conversation).toMatch(/^[\w.:-]{1,128}$/);
			expect(line.ready.epoch).not.toBe("");
			expect(line.comeback.token).toBeString();
		});

		test("the start event of a question is its echo, and the answer follows token by token", async () => {
			const line = await enter(door);
			const id = crypto.randomUUID();
			const before = Date.now();
			const echo = await line.ask({ type: "send", id, content: "count 20" });
			expect(echo).toMatchObject({
				type: "control",
				action: "start",
				sequence: 1,
				data: { message: id, role: "user", content: "count 20" },
			});
			const { at } = (echo as Start).data;
			expect(at).toBeGreaterThanOrEqual(before);
			expect(at).toBeLessThanOrEqual(Date.now());

			const reply = await line.answer(id);
			const text = Array.from({ length: 20 }, (_, i) => `${i + 1} `).join("");
			expect(reply.text).toBe(text);
			expect(reply.replyTo).toBe(id);
			expect(closeOf(line, reply)?.data).toEqual({
				message: reply.id,
				reason: "complete",
				hash: hashText(text),
			});
			expect(line.faults).toEqual([]);
		});

		test("a send repeated, in sequence or at once, makes one question and one reply", async () => {
			const line = await enter(door);
			const id = crypto.randomUUID();
			const send = { type: "send", id, content: "count 3" } as const;
			const echoes = await Promise.all([1, 2, 3].map(() => line.ask(send)));
			await line.answer(id);
			echoes.push(await line.ask(send));
			for (const echo of echoes)
				expect(echo).toMatchObject({ sequence: 1, data: { message: id } });
			const again = await enter(door, { ...line.comeback, after: 0 });
			await again.answer(id);
			expect(again.picture.messages).toHaveLength(2);
		});

		test("one id with different content is a conflict that names the send; the connection stays open", async () => {
			const line = await enter(door);
			const id = await line.question("count 2");
			const other = { type: "send", id, content: "count 3" } as const;
			expect(await refusalOf(line.ask(other))).toMatchObject({
				code: "conflict",
				id,
			});
			expect(line.closed).toBeUndefined();
			expect((await line.answer(id)).text).toBe("1 2 ");
		});

		test("content over the limit is too_large for that send, in characters, not in units", async () => {
			const line = await enter(door);
			const id = crypto.randomUUID();
			const content = "x".repeat(8_001);
			const refusal = await refusalOf(line.ask({ type: "send", id, content }));
			expect(refusal).toMatchObject({ code: "too_large", id });
			const emoji = "😀".repeat(8_000);
			const echo = await line.ask({ type: "send", id, content: emoji });
			expect(echo).toMatchObject({ sequence: 1, data: { content: emoji } });
		});

		test("a context over 4 KiB is too_large; a smaller one reaches the model and not the log", async () => {
			const line = await enter(door);
			const id = crypto.randomUUID();
			const send = { type: "send", id, content: "context" } as const;
			const large = { title: "ä".repeat(2_100) };
			const refusal = await refusalOf(line.ask({ ...send, context: large }));
			expect(refusal).toMatchObject({ code: "too_large", id });

			const context = { url: "https://shop.example/", title: "Prices" };
			await line.ask({ ...send, context });
			const { text } = await line.answer(id);
			expect(JSON.parse(text)).toEqual(context);
			expect(JSON.stringify(line.events[0])).not.toContain("Prices");
		});

		test("stop closes the open reply as stopped and keeps its text; repeating it is allowed", async () => {
			const line = await enter(door);
			const id = await line.question("endless 5");
			await line.growing(4);
			expect(await line.stop()).toEqual({ type: "pong" });
			const reply = await line.answer(id);
			expect(reply.close).toEqual({ by: "end", reason: "stopped" });
			expect(reply.text).toStartWith("1 2 ");
			const head = line.picture.last;
			expect(await line.stop()).toEqual({ type: "pong" });
			const next = await line.question("count 1");
			await line.answer(next);
			expect(line.events.find(({ sequence }) => sequence === head + 1)).toEqual(
				expect.objectContaining({ action: "start" }),
			);
			expect(line.faults).toEqual([]);
		});

		test("stop of a message that is not the open one does nothing", async () => {
			const line = await enter(door);
			const id = await line.question("slow 2 30");
			await line.growing();
			await line.ask({ type: "stop", message: "another" });
			expect((await line.answer(id)).close).toMatchObject({
				reason: "complete",
			});
		});

		test("a second question while a reply is open is stored at once and answered in order", async () => {
			const line = await enter(door);
			const name = crypto.randomUUID();
			const first = await line.question(`hold ${name}`);
			await line.growing();
			const second = await line.question("count 2");
			const third = await line.question("count 3");
			expect(answersIn(line.picture, second)).toEqual([]);
			const other = await enter(door);
			await other.question(`release ${name}`);
			expect((await line.answer(third)).text).toBe("1 2 3 ");
			expect(
				line.picture.messages.map((m) =>
					m.role === "user" ? m.id : `to ${m.replyTo}`,
				),
			).toEqual([
				first,
				`to ${first}`,
				second,
				third,
				`to ${second}`,
				`to ${third}`,
			]);
			expect(line.faults).toEqual([]);
		});

		test("retry answers again, as a new message with the same replyTo; the old one stays", async () => {
			const line = await enter(door);
			const id = await line.question("count 2");
			const old = await line.answer(id);
			const start = (await line.ask({ type: "retry", message: id })) as Start;
			expect(start.data).toMatchObject({ role: "assistant", replyTo: id });
			expect(start.data).not.toHaveProperty("continues");
			const anew = await line.answer(id, 1);
			expect(anew.id).not.toBe(old.id);
			expect(answersIn(line.picture, id)[0]).toEqual(old);
		});

		test("retry with continue has continues, and the model gets the text as its beginning", async () => {
			const line = await enter(door);
			const id = await line.question("halves");
			const broken = await line.answer(id);
			expect(broken).toMatchObject({
				text: "First half,",
				close: { by: "error", code: "provider_failed", retryable: true },
			});
			const retry = { type: "retry", message: id, continue: true } as const;
			expect(await line.ask(retry)).toMatchObject({
				data: { continues: broken.id, replyTo: id },
			});
			const rest = await line.answer(id, 1);
			expect(rest.text).toBe(" second half after 11 characters");
			expect(rest.continues).toBe(broken.id);
		});

		test("retry while a reply is open is a conflict, of an unknown message not_found; the connection stays open", async () => {
			const line = await enter(door);
			const id = await line.question("slow 2 50");
			await line.growing();
			const retry = { type: "retry", message: id } as const;
			expect(await refusalOf(line.ask(retry))).toMatchObject({
				code: "conflict",
				id,
			});
			expect((await line.answer(id)).close).toMatchObject({
				reason: "complete",
			});
			expect(line.closed).toBeUndefined();
			const none = { type: "retry", message: "nothing" } as const;
			expect(await refusalOf(line.ask(none))).toMatchObject({
				code: "not_found",
				id: "nothing",
			});
		});

		test("feedback is an event of the log, the last one counts, and invalid feedback is rejected", async () => {
			const line = await enter(door);
			const id = await line.question("count 1");
			const { id: message } = await line.answer(id);
			for (const value of ["up", "down"] as const)
				expect(
					await line.ask({ type: "feedback", message, value }),
				).toMatchObject({ action: "feedback", data: { message, value } });
			const again = await enter(door, { ...line.comeback, after: 0 });
			await again.when(() => again.picture.last === 6, "six events");
			expect(await again.answer(id)).toMatchObject({ feedback: "down" });
			const onQuestion = {
				type: "feedback",
				message: id,
				value: "up",
			} as const;
			expect(await refusalOf(again.ask(onQuestion))).toMatchObject({
				code: "not_found",
				id,
			});
		});
	});

describe("all endpoints together", () => {
	const pairs = everyDoor.flatMap((a) =>
		everyDoor.filter((b) => b !== a).map((b) => [a, b] as const),
	);
	for (const [here, there] of pairs)
		test(`a message on ${here.name} is seen and stopped on ${there.name}`, async () => {
			const one = await enter(here);
			const two = await enter(there, one.comeback);
			const id = await one.question("endless 5");
			await two.growing(4);
			await two.stop();
			const reply = await one.answer(id);
			expect(reply.close).toEqual({ by: "end", reason: "stopped" });
			expect(await two.answer(id)).toEqual(reply);
		});

	test("one send on all endpoints at once makes one question and one reply", async () => {
		const first = await enter(doors.webSocket);
		const others = [
			await enter(doors.eventStream, first.comeback),
			await enter(doors.plainJson, first.comeback),
		];
		const id = crypto.randomUUID();
		const send = { type: "send", id, content: "count 5" } as const;
		await Promise.all([first, ...others].map((line) => line.ask(send)));
		await first.answer(id);
		expect(first.picture.messages).toHaveLength(2);
	});

	test("the same conversation folds to equal conversations on every endpoint, live and read again", async () => {
		const first = await enter(doors.webSocket);
		const live = [
			first,
			await enter(doors.eventStream, first.comeback),
			await enter(doors.plainJson, first.comeback),
		];
		await first.answer(await first.question("slow 1 80"));
		await first.answer(await first.question("throw"));
		const id = await first.question("huge 40000");
		await Promise.all(live.map((line) => line.answer(id)));
		const { last } = first.picture;
		const later = await Promise.all(
			everyDoor.flatMap((door) =>
				[0, 1, 2, 3, Math.floor(last / 2), last - 1].map(async (after) => {
					const line = await enter(door, { ...first.comeback, after: 0 });
					await line.when(() => line.picture.last === last, "the whole log");
					const half = await enter(door, { ...first.comeback, after });
					await half.when(
						() => half.events.at(-1)?.sequence === last,
						`the log after ${after}`,
					);
					return line;
				}),
			),
		);
		for (const line of [...live, ...later]) {
			expect(line.picture).toEqual(first.picture);
			expect(line.faults).toEqual([]);
		}
	});
});
