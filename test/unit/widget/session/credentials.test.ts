/** The credentials: what a hello says, what is stored, and what is tried after a rejection. */
import { describe, expect, test } from "bun:test";
import { Credentials } from "../../../../widget/session/credentials.ts";
import { JsonStorage } from "../../../../widget/session/json-storage.ts";
import { manualClock } from "../../../support/clock.ts";
import { readyFrame } from "../../../support/fake-transport.ts";
import { memoryStorage } from "../../../support/oracle.ts";

const open = (map = memoryStorage()) =>
	new Credentials(new JsonStorage(map, "x "));
const anonymous = readyFrame({ token: "t1" });

/** Of a visitor whom the page knows, ready in the conversation `c1`. */
async function known(map = memoryStorage()) {
	const credentials = open(map);
	await credentials.askPage(() => "page", manualClock());
	credentials.readyReceived(readyFrame());
	return credentials;
}

describe("a hello", () => {
	test("has no unknown field", () => {
		expect(open().hello(0)).toEqual({ type: "hello", version: 1, after: 0 });
	});

	test("names what the server gave, after a reload, too", () => {
		const map = memoryStorage();
		open(map).readyReceived(anonymous);
		expect(open(map).hello(7)).toEqual({
			type: "hello",
			version: 1,
			after: 7,
			token: "t1",
			conversation: "c1",
			epoch: "e1",
		});
	});

	test("prefers the page's credential, which is not stored", async () => {
		const map = memoryStorage();
		const credentials = await known(map);
		expect(credentials.token).toBe("page");
		expect(
			JSON.stringify([...map.keys()].map((key) => map.getItem(key))),
		).not.toContain("page");
		expect(open(map).token).toBeUndefined();
	});

	test("of a known visitor without a conversation asks for the latest", async () => {
		const credentials = open();
		await credentials.askPage(() => "page", manualClock());
		expect(credentials.hello(0).latest).toBe(true);
		credentials.readyReceived(readyFrame());
		expect(credentials.hello(0)).not.toHaveProperty("latest");
		credentials.leaveConversation();
		expect(credentials.hello(0).latest).toBe(true);
	});

	test("of a visitor who asked for a new conversation does not", async () => {
		const credentials = await known();
		credentials.forgetConversation();
		expect(credentials.hello(0)).not.toHaveProperty("latest");
	});

	test("ignores what another script stored", () => {
		for (const text of [
			"null",
			"{",
			'{"token":5}',
			'{"epoch":{}}',
			'{"conversation":"not an id!"}',
			JSON.stringify({ token: "x".repeat(8_193) }),
		]) {
			const map = memoryStorage();
			map.setItem("x identity", text);
			expect(open(map).hello(0)).toEqual({
				type: "hello",
				version: 1,
				after: 0,
			});
		}
	});
});

describe("the page", () => {
	test("has 5 s to answer", async () => {
		const clock = manualClock();
		const credentials = open();
		const asking = credentials.askPage(() => new Promise(() => {}), clock);
		const outcome = asking.catch((error: Error) => error.message);
		await clock.advance(5_000);
		expect(await outcome).toBe("No answer in 5000 ms.");
	});

	test("may throw, which its caller sees", () => {
		const broken = open().askPage(() => {
			throw new Error("Broken.");
		}, manualClock());
		expect(broken).rejects.toThrow("Broken.");
	});
});

describe("after a rejection", () => {
	test("an anonymous visitor's credential is dropped, once", () => {
		const credentials = open();
		credentials.readyReceived(anonymous);
		expect(credentials.recovery("unauthorized", false)).toEqual({
			refreshesToken: true,
			startsConversation: true,
		});
		expect(credentials.token).toBeUndefined();
		expect(credentials.recovery("unauthorized", false)).toBeUndefined();
		credentials.allowRetries();
		expect(credentials.recovery("unauthorized", false)).toBeDefined();
	});

	test("a known visitor keeps the conversation and asks the page again", async () => {
		expect((await known()).recovery("unauthorized", true)).toEqual({
			refreshesToken: true,
			startsConversation: false,
		});
	});

	test("of the conversation another one is started", () => {
		for (const code of ["not_found", "forbidden"] as const) {
			const credentials = open();
			expect(credentials.recovery(code, true)).toBeUndefined();
			credentials.readyReceived(anonymous);
			expect(credentials.recovery(code, true)).toEqual({
				refreshesToken: false,
				startsConversation: true,
			});
		}
	});

	test("of another kind nothing helps", () => {
		const credentials = open();
		credentials.readyReceived(anonymous);
		for (const code of ["outdated", "internal", "bad_frame"] as const)
			expect(credentials.recovery(code, true)).toBeUndefined();
	});
});

describe("the conversation of another tab", () => {
	const other = readyFrame({ conversation: "c2", epoch: "e2", token: "t2" });

	test("is adopted where there is none, or a blank one", () => {
		const map = memoryStorage();
		const here = open(map);
		open(map).readyReceived(anonymous);
		expect(here.adopt(false)).toBe(true);
		expect(here.hello(0)).toMatchObject({ conversation: "c1", token: "t1" });
		open(map).readyReceived(other);
		expect(here.adopt(false)).toBe(false);
		expect(here.adopt(true)).toBe(true);
		expect(here.conversation).toBe("c2");
	});

	test("is not adopted after the visitor asked for a new one", () => {
		const map = memoryStorage();
		const here = open(map);
		here.readyReceived(anonymous);
		here.forgetConversation();
		open(map).readyReceived(other);
		expect(here.adopt()).toBe(false);
	});

	test("is not adopted if it is another kind of visitor's", async () => {
		const map = memoryStorage();
		const here = open(map);
		here.readyReceived(anonymous);
		const page = open(map);
		await page.askPage(() => "page", manualClock());
		page.readyReceived(other);
		expect(here.adopt(true)).toBe(false);
	});

	test("is continued when the own one is rejected", () => {
		const map = memoryStorage();
		const here = open(map);
		here.readyReceived(anonymous);
		open(map).readyReceived(other);
		expect(here.leaveConversation()).toBe(false);
		expect(here.conversation).toBe("c2");
	});
});

test("leaving says whether the conversation was a known visitor's", async () => {
	const credentials = await known();
	expect(credentials.leaveConversation()).toBe(true);
	expect(credentials.conversation).toBeUndefined();
});
