/** What the program says when it starts, and when it cannot. */
import { afterAll, expect, test } from "bun:test";
import { endServers, startProgram } from "../support/server.ts";

afterAll(endServers);

test("an address that is not this machine's is the reason that is given", async () => {
	const start = startProgram({ HOST: "203.0.113.7" });
	await expect(start).rejects.toThrow(
		"chat-stream cannot start: 203.0.113.7 is not an address of this machine.",
	);
});

test("a port in use is the reason that is given", async () => {
	const { port } = new URL((await startProgram()).url);
	const start = startProgram({ PORT: port });
	await expect(start).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use.`);
});

test("listening on all addresses is said, and so is a variable that nothing reads", async () => {
	const { output } = await startProgram({
		HOST: "0.0.0.0",
		CHAT_MAX_REPLAY: "1",
	});
	expect(output()).toMatch(
		/listening on http:\/\/localhost:\d+ and on every other address of this machine/,
	);
	expect(output()).toContain("Did you mean CHAT_MAX_REPLY?");
	const quiet = await startProgram();
	expect(quiet.output()).not.toContain("every other address");
});
