import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore } from "../../../../server/store/memory.ts";
import { openStore } from "../../../../server/store/open.ts";
import { sqliteStore } from "../../../../server/store/sqlite/sqlite-store.ts";
import { storeConformance } from "../../../conformance/store.ts";
import { manualClock } from "../../../support/clock.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-store-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);
const errorOf = (work: () => unknown): string => {
	try {
		work();
		return "no error";
	} catch (error) {
		return (error as Error).message;
	}
};

storeConformance("memory", memoryStore);
storeConformance("sqlite", (options) => sqliteStore(newFile(), options));

describe("openStore", () => {
	const options = manualClock();

	test("memory: and sqlite:<file> are engines", async () => {
		const file = newFile();
		await openStore("memory:", options).close();
		await openStore(`sqlite:${file}`, options).close();
		await openStore(`sqlite://${file}`, options).close();
		expect(existsSync(file)).toBe(true);
	});

	test("anything else is rejected in a sentence without its secrets", () => {
		const got = (url: string) => errorOf(() => openStore(url, options));
		const sentence = "Expected CHAT_STORE to be memory: or sqlite:<file>; got";
		expect(got("postgres://ann:secret@db/chat")).toBe(
			`${sentence} "postgres://…".`,
		);
		expect(got("chat.db")).toBe(`${sentence} "chat.db".`);
		expect(got("sqlite:")).toBe(`${sentence} "sqlite:".`);
		expect(got("1nn:secret@db")).toBe(`${sentence} something else.`);
		expect(got("")).toBe(`${sentence} "".`);
	});
});
