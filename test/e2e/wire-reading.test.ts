/**
 * PROTOCOL.md sections 2, 3, 5 and 6 on every endpoint: what a reader receives after any reconnection. The
 * real program, tested from outside.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	type Conversation,
	hashText,
	type Reply,
} from "../../protocol/conversation.ts";
import type { End, Failure } from "../../protocol/frames.ts";
import { type Door, everyDoor } from "../support/doors.ts";
import { hugeText } from "../support/scripted-provider.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import type { Line } from "../support/wire.ts";

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

for (const door of everyDoor)
	describe(`on ${door.name}`, () => {
		test("a reader that reconnects continues from its cursor and gets no event twice", async () => {
			const line = await enter(door);
			const id = await line.question("slow 2 120");
			await line.growing(20);
			line.leave();
			const back = await enter(door, line.comeback, line.picture);
			expect(back.ready.conversation).toBe(line.ready.conversation);
			expect(back.ready.head).toBeGreaterThanOrEqual(line.picture.last);
			expect((await back.answer(id)).text).toEndWith(" 120 ");
			expect(back.faults).toEqual([]);
			const [first] = back.events;
			const from = (first && "from" in first && first.from) || first?.sequence;
			expect(from).toBe(line.picture.last + 1);
		});

		test("merged tokens on catch-up never span another event, and every frame stays small", async () => {
			const line = await enter(door);
			const name = crypto.randomUUID();
			const first = await line.question("bulk 4 15000");
			await line.answer(first);
			const second = await line.question(`hold ${name}`);
			const { id: message } = await line.growing();
			await line.ask({ type: "feedback", message, value: "up" });
			const third = await line.question("count 3");
			const other = await enter(door);
			await other.question(`release ${name}`);
			await line.answer(third);

			const again = await enter(door, { ...line.comeback, after: 0 });
			await again.answer(third);
			expect(again.faults).toEqual([]);
			expect(again.picture).toEqual(line.picture);
			let last = 0;
			for (const event of again.events) {
				const from = ("from" in event && event.from) || event.sequence;
				expect(from).toBe(last + 1);
				if (from < event.sequence) expect(event.type).toBe("token");
				expect(JSON.stringify(event).length).toBeLessThan(65_536);
				last = event.sequence;
			}
			expect(again.events.length).toBeLessThan(last);
			expect((await again.answer(first)).text).toBe(hugeText(15_000).repeat(4));
			expect((await again.answer(second)).text).toBe("held and released");
		});

		test("with another epoch, or a cursor past the head, everything is sent from 1", async () => {
			const line = await enter(door);
			const id = await line.question("count 4");
			await line.answer(id);
			const { last } = line.picture;
			for (const wrong of [
				{ ...line.comeback, epoch: "another", after: 2 },
				{ ...line.comeback, after: last + 100 },
			]) {
				const again = await enter(door, wrong);
				await again.answer(id);
				expect(again.ready).toMatchObject({
					epoch: line.ready.epoch,
					head: last,
				});
				expect(again.picture).toEqual(line.picture);
			}
		});

		test("a lost connection does not stop the reply", async () => {
			const line = await enter(door);
			const id = await line.question("slow 2 60");
			await line.growing();
			line.leave();
			const back = await enter(door, { ...line.comeback, after: 0 });
			const reply = await back.answer(id);
			expect(reply.text).toEndWith(" 60 ");
			expect(reply.close).toEqual({ by: "end", reason: "complete" });
		});

		test("the model's reason, usage and sources are in the end", async () => {
			const line = await enter(door);
			for (const reason of ["length", "filtered"] as const) {
				const id = await line.question(`reason ${reason}`);
				const reply = await line.answer(id);
				expect(reply.close).toEqual({ by: "end", reason });
			}
			const id = await line.question("facts");
			expect((await line.answer(id)).close).toEqual({
				by: "end",
				reason: "complete",
				usage: { input: 3, output: 5 },
				sources: [{ title: "A page", url: "/docs/a" }],
			});
		});

		test("a failing model closes the reply with a text for the visitor and the hash of the text so far", async () => {
			const line = await enter(door);
			for (const [question, text] of [
				["throw", "Half an answer"],
				["throw first", ""],
				["error 429", ""],
			] as const) {
				const reply = await line.answer(await line.question(question));
				const close = closeOf(line, reply);
				expect(close?.data).toMatchObject({
					message: reply.id,
					code: "provider_failed",
					retryable: true,
					hash: hashText(text),
				});
				expect(reply.text).toBe(text);
				expect((close as Failure).data.text).toMatch(/^[A-Z].+\.$/);
			}
			expect(JSON.stringify(line.frames)).not.toContain("canary");
			expect(line.faults).toEqual([]);
		});

		test("a character split between chunks arrives whole, a lone half as U+FFFD", async () => {
			const line = await enter(door);
			const whole = await line.question("half emoji");
			expect((await line.answer(whole)).text).toBe("a😀b");
			const lone = await line.question("half only");
			expect((await line.answer(lone)).text).toBe("a\ufffd");
			for (const event of line.events)
				if (event.type === "token")
					expect(event.content.isWellFormed()).toBeTrue();
			expect(line.faults).toEqual([]);
		});

		test("one huge chunk becomes frames of a limited size with the same text", async () => {
			const line = await enter(door);
			const id = await line.question("huge 200000");
			expect((await line.answer(id)).text).toBe(hugeText(200_000));
			for (const event of line.events)
				expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(65_536);
		});

		test("a forged, tampered or missing credential is unauthorized, close code 4401", async () => {
			const line = await enter(door);
			const { token, conversation } = line.comeback;
			const [kind, payload = "", signature = ""] = token.split(".");
			const life = JSON.parse(Buffer.from(payload, "base64url").toString());
			const other = Buffer.from(
				JSON.stringify({ ...life, visitor: "root" }),
			).toString("base64url");
			const flipped =
				(signature.startsWith("A") ? "B" : "A") + signature.slice(1);
			for (const wrong of [
				"nonsense",
				"v1..",
				`${kind}.${other}.${signature}`,
				`${kind}.${payload}.${flipped}`,
				`${kind}.${payload}.`,
				`${token}.x`,
				undefined,
			]) {
				const refused = await door.enter(program.url, {
					conversation,
					...(wrong !== undefined && { token: wrong }),
				});
				expect(refused.refusal?.code).toBe("unauthorized");
				expect(refused.closed?.code).toBe(4401);
			}
		});

		test("another visitor's conversation gives the same error as one that does not exist", async () => {
			const owner = await enter(door);
			const stranger = await enter(door);
			const { token } = stranger.comeback;
			const [theirs, nobodys] = await Promise.all(
				[owner.ready.conversation, "no-such-one"].map((conversation) =>
					door.enter(program.url, { token, conversation }),
				),
			);
			expect(theirs?.refusal?.code).toBe("not_found");
			expect(theirs?.frames).toEqual(nobodys?.frames as never);
			expect(theirs?.closed?.code).toBe(4404);
		});

		test("another version is outdated, close code 4426", async () => {
			// Its credential is not checked.
			for (const token of [undefined, "v2.of-another-kind"]) {
				const line = await door.enter(program.url, { version: 2, token });
				expect(line.refusal?.code).toBe("outdated");
				expect(line.closed?.code).toBe(4426);
			}
		});

		test("a visitor's credential opens several of the visitor's conversations", async () => {
			const first = await enter(door);
			const { token } = first.comeback;
			const second = await enter(door, { token });
			expect(second.ready.conversation).not.toBe(first.ready.conversation);
			const back = await enter(door, first.comeback);
			expect(back.ready.conversation).toBe(first.ready.conversation);
		});

		test("hostile names in a context, and text of any script, arrive unchanged", async () => {
			const line = await enter(door);
			const content =
				'turns "\\ \u202e <script>\r\n\t\u0007 日本 👩‍👩‍👧 e\u0301';
			const id = crypto.randomUUID();
			const context = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
			await line.ask({ type: "send", id, content, context });
			await line.answer(id);
			const [question] = line.picture.messages;
			expect(question?.text).toBe(content);
		});
	});
