/** What the program prints at startup, and when it cannot start. */
import { afterAll, expect, test } from "bun:test";
import { endServers, startProgram } from "../support/server.ts";

afterAll(endServers);

test("an address of another machine is reported as the cause", async () => {
	const start = startProgram({ HOST: "203.0.113.7" });
	await expect(start).rejects.toThrow(
		"chat-stream cannot start: 203.0.113.7 is not an address of this machine.",
	);
});

test("a port in use is reported as the cause", async () => {
	const { port } = new URL((await startProgram()).url);
	const start = startProgram({ PORT: port });
	await expect(start).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use.`);
});

test("listening on all addresses is reported, and so is an unknown variable", async () => {
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
