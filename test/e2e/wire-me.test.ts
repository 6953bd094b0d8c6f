/**
 * The endpoint /me: a visitor's own copy and deletion, over the wire, with open connections on every
 * endpoint, and across a kill -9.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../server/clock.ts";
import { memoryStore } from "../../server/store/memory.ts";
import {
	type Answer,
	codeOf,
	doors,
	eventsPath,
	everyDoor,
	get,
	post,
	visit,
} from "../support/doors.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
	tempFolder,
} from "../support/server.ts";

afterAll(endServers);

const erase = async (url: string, token: string): Promise<Answer> => {
	const response = await fetch(`${url}/chat/me`, {
		method: "DELETE",
		headers: { Authorization: `Bearer ${token}` },
	});
	const { status, headers } = response;
	return { status, headers, body: await response.json() };
};
type Copy = {
	visitor: string;
	conversations: { conversation: string; messages: { text: string }[] }[];
};
const textsOf = ({ body }: Answer) =>
	(body as Copy).conversations.flatMap(({ messages }) =>
		messages.map(({ text }) => text),
	);

describe("the endpoint /me", () => {
	let program: Program;
	beforeAll(async () => {
		program = await startProgram({
			CHAT_STORE: `sqlite:${tempFolder()}/chat.db`,
		});
	});

	/** A visitor whose conversation has a question and its answer. */
	async function talk(content = "count 3") {
		const line = await doors.webSocket.enter(program.url);
		await line.answer(await line.question(content));
		line.leave();
		const { token = "", conversation = "" } = line.comeback;
		return { token, conversation };
	}

	test("returns the visitor's own copy as a download, and no other", async () => {
		const [ann, bob] = await Promise.all([talk("count 3"), talk("count 4")]);
		const answer = await get(program.url, "/me", ann.token);
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toContain("application/json");
		expect(answer.headers.get("cache-control")).toContain("no-store");
		expect(answer.headers.get("content-disposition")).toContain("attachment");
		const { conversations } = answer.body as Copy;
		expect(conversations.map((it) => it.conversation)).toEqual([
			ann.conversation,
		]);
		expect(textsOf(answer)).toEqual(["count 3", "1 2 3 "]);
		expect(JSON.stringify(answer.body)).not.toContain(bob.conversation);
	});

	test("deletes the visitor's own conversations and no others; the credential starts no new one", async () => {
		const [ann, bob] = await Promise.all([talk(), talk()]);
		expect(await erase(program.url, ann.token)).toMatchObject({
			status: 200,
			body: { deleted: 1 },
		});
		expect((await erase(program.url, ann.token)).body).toEqual({ deleted: 0 });
		const hello = { type: "hello", version: 1, token: ann.token };
		const { conversation } = ann;
		const resumed = { ...hello, conversation };
		const back = await post(program.url, "/frames", resumed);
		expect([back.status, codeOf(back)]).toEqual([404, "not_found"]);
		const anew = await post(program.url, "/frames", hello);
		expect([anew.status, codeOf(anew)]).toEqual([401, "unauthorized"]);
		expect(textsOf(await get(program.url, "/me", ann.token))).toEqual([]);
		expect(textsOf(await get(program.url, "/me", bob.token))).toHaveLength(2);
	});

	test("needs a credential in the header, and allows two methods", async () => {
		const { token } = await talk();
		const answers = [
			await get(program.url, "/me"),
			await get(program.url, "/me", "v1.forged.forged"),
			await get(program.url, `/me?token=${token}`),
			await erase(program.url, "v1.forged.forged"),
			await post(program.url, "/me", {}, token),
		];
		expect(answers.map(codeOf)).toEqual([
			...Array(4).fill("unauthorized"),
			"bad_frame",
		]);
		expect(textsOf(await get(program.url, "/me", token))).toHaveLength(2);
	});

	test("can be used by a page of another origin, after its preflight", async () => {
		const response = await fetch(`${program.url}/chat/me`, {
			method: "OPTIONS",
			headers: {
				Origin: "https://shop.example",
				"Access-Control-Request-Method": "DELETE",
			},
		});
		expect(response.status).toBe(204);
		const allowed = response.headers.get("access-control-allow-methods");
		expect(allowed).toContain("DELETE");
	});

	test("returns a copy larger than one chunk completely", async () => {
		const { token, frames } = await visit(program.url);
		for (let i = 0; i < 3; i++) {
			const send = { type: "send", id: `q${i}`, content: "huge 400000" };
			await post(program.url, frames, send, token);
		}
		const conversation = new URLSearchParams(frames.split("?")[1]);
		const id = conversation.get("conversation") ?? "";
		const line = await doors.webSocket.enter(program.url, {
			token,
			conversation: id,
		});
		for (let i = 0; i < 3; i++) await line.answer(`q${i}`);
		line.leave();
		const lengths = textsOf(await get(program.url, "/me", token)).map(
			({ length }) => length,
		);
		expect(lengths.filter((length) => length === 400_000)).toHaveLength(3);
	});

	for (const door of everyDoor)
		test(`sends not_found to a reader on ${door.name} during an answer`, async () => {
			const line = await door.enter(program.url);
			await line.question("endless 2");
			await line.growing(10);
			expect(await erase(program.url, line.comeback.token ?? "")).toMatchObject(
				{ status: 200, body: { deleted: 1 } },
			);
			await line.gone();
			if (door === doors.plainJson) expect(line.closed?.code).toBe(4_404);
			else expect(line.refusal?.code).toBe("not_found");
			const { last } = line.picture;
			const back = await door.enter(program.url, line.comeback);
			expect(back.refusal?.code).toBe("not_found");
			expect(line.picture.last).toBe(last);
		});

	test("ends the plain request that waits for its answer", async () => {
		const { token, conversation } = await talk();
		const body = { content: "silent", conversation };
		const asking = post(program.url, "/messages", body, token);
		const isAsked = async () =>
			textsOf(await get(program.url, "/me", token)).includes("silent");
		while (!(await isAsked())) await Bun.sleep(5);
		await erase(program.url, token);
		const answer = await asking;
		expect([answer.status, codeOf(answer)]).toEqual([404, "not_found"]);
	});
});

test("deleted data stays deleted after kill -9", async () => {
	const settings = { CHAT_STORE: `sqlite:${tempFolder()}/chat.db` };
	let program = await startProgram(settings);
	const line = await doors.webSocket.enter(program.url);
	await line.answer(await line.question("huge 200000"));
	await line.question("endless 1");
	await line.growing(20);
	const { token = "" } = line.comeback;
	const deleted = await erase(program.url, token);
	await program.kill();
	expect(deleted.body).toEqual({ deleted: 1 });
	program = await startProgram(settings);
	const back = await doors.webSocket.enter(program.url, line.comeback);
	expect(back.refusal?.code).toBe("not_found");
	expect(textsOf(await get(program.url, "/me", token))).toEqual([]);
	line.leave();
});

test("a poll whose conversation is deleted while it waits holds no connection of its visitor", async () => {
	const { url } = startInProcess({ settings: { maxConnectionsPerVisitor: 1 } });
	const { token, conversation, ready } = await visit(url);
	const { epoch } = ready;
	const log = eventsPath({ conversation, epoch, after: 0 });
	const polling = get(url, `${log}&wait=20`, token);
	const isBusy = async () =>
		codeOf(await get(url, `${log}&wait=0`, token)) === "rate_limited";
	while (!(await isBusy())) await Bun.sleep(5);
	await erase(url, token);
	expect(codeOf(await polling)).toBe("not_found");
	const again = await get(url, `${log}&wait=0`, token);
	expect(codeOf(again)).toBe("not_found");
});

test("half a copy cannot be taken for a whole one", async () => {
	const store = memoryStore(systemClock);
	const { url } = startInProcess({ store });
	const line = await doors.webSocket.enter(url);
	await line.answer(await line.question("count 3"));
	line.leave();
	const { list, read } = store;
	let reads = 0;
	store.list = async (which) => {
		// The store fails after the first of two conversations. The connection's own reads come before the copy.
		reads = 0;
		const entries = await list(which);
		return [...entries, ...entries];
	};
	store.read = async (...args) => {
		if (++reads > 1) throw new Error("The disk is gone.");
		return read(...args);
	};
	const headers = { Authorization: `Bearer ${line.comeback.token}` };
	const text = await (await fetch(`${url}/chat/me`, { headers })).text();
	expect(text).toContain("1 2 3");
	expect(text).toContain('"code":"internal"');
	expect(text).not.toContain("disk");
	expect(() => JSON.parse(text)).toThrow();
});

test("CHAT_RETENTION_DAYS deletes old conversations at startup", async () => {
	const file = `${tempFolder()}/chat.db`;
	// From 2025, by the first version of the store. This start closes one of the three.
	const old = Bun.file(`${import.meta.dir}/../vectors/store-1.db`);
	await Bun.write(file, old);
	const settings = { CHAT_STORE: `sqlite:${file}`, CHAT_RETENTION_DAYS: "30" };
	const program = await startProgram(settings);
	const said = () => program.output().includes('"event":"retention"');
	for (let i = 0; i < 400 && !said(); i++) await Bun.sleep(5);
	expect(program.output()).toContain('"event":"retention","deleted":2');
	program.signal("SIGTERM");
	expect(await program.exited).toBe(0);
	expect(await Bun.file(file).text()).not.toContain("boot");
});
