/** The command `chat-stream` as a process: beside a running server, and through a pipe. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { doors } from "../support/doors.ts";
import { endServers, startProgram, tempFolder } from "../support/server.ts";

afterAll(endServers);

const program = join(import.meta.dir, "../../server/cli/chat-stream.ts");

function spawn(args: string[], env: Record<string, string>) {
	return Bun.spawn([process.execPath, program, ...args], {
		cwd: tempFolder(),
		env: { PATH: process.env.PATH ?? "", ...env },
		stdout: "pipe",
		stderr: "pipe",
	});
}
async function command(args: string, env: Record<string, string>) {
	const child = spawn(args.split(" "), env);
	const [out, complaints, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { out, complaints, code };
}

/** A server with one conversation of three long answers, and its visitor's connection. */
async function withConversation() {
	const folder = tempFolder();
	const env = { CHAT_STORE: `sqlite:${folder}/chat.db` };
	const server = await startProgram(env);
	const line = await doors.webSocket.enter(server.url);
	for (let i = 0; i < 3; i++)
		await line.answer(await line.question("huge 300000"));
	const { conversation = "" } = line.comeback;
	return { folder, env, server, line, conversation };
}

test("every command works while the server runs, and after it has stopped", async () => {
	const { env, server, line, conversation } = await withConversation();
	const results = async () => {
		const listed = await command("conversations list --json", env);
		const entry = JSON.parse(listed.out);
		expect(entry.conversation).toBe(conversation);
		const show = `conversations show ${conversation}`;
		// More than a pipe's buffer, so that an early exit would truncate it.
		const exported = `conversations export --visitor ${entry.visitor}`;
		const copy = JSON.parse((await command(exported, env)).out);
		const lengths = copy.conversations[0].messages.map(
			({ text }: { text: string }) => text.length,
		);
		expect(lengths).toEqual([11, 300_000, 11, 300_000, 11, 300_000]);
		return { entry, copy, shown: await command(show, env) };
	};
	const running = await results();
	line.leave();
	server.signal("SIGTERM");
	expect(await server.exited).toBe(0);
	expect(await results()).toEqual(running);
}, 30_000);

test("a deletion beside the running server ends the open reply, and the page learns of it", async () => {
	const { env, server, line, conversation } = await withConversation();
	await line.question("endless 5");
	await line.growing(5);
	const asked = `conversations delete ${conversation}`;
	expect((await command(asked, env)).code).toBe(2);
	const done = { code: 0, out: "Deleted 1 conversation.\n", complaints: "" };
	expect(await command(`${asked} --yes`, env)).toEqual(done);
	expect((await line.gone())?.code).toBe(4404);
	const back = await doors.webSocket.enter(server.url, line.comeback);
	expect(back.refusal?.code).toBe("not_found");
	expect((await command(`${asked} --yes`, env)).code).toBe(1);
}, 30_000);

test("the socket is private, survives a second server, and is replaced after a crash", async () => {
	const { folder, env, server, conversation } = await withConversation();
	const socket = `${folder}/chat.db.sock`;
	const list = async () =>
		(await command("conversations list --json", env)).out;
	expect(statSync(socket).mode & 0o777).toBe(0o600);
	await expect(startProgram(env)).rejects.toThrow("in use by another process");
	expect(await list()).toContain(conversation);

	server.signal("SIGKILL");
	await server.exited;
	expect(existsSync(socket)).toBe(true);
	// Without a server the command opens the file itself.
	expect(await list()).toContain(conversation);
	const again = await startProgram(env);
	expect(again.output()).not.toContain("local_socket_unavailable");
	expect(await list()).toContain(conversation);
	again.signal("SIGTERM");
	expect(await again.exited).toBe(0);
	expect(readdirSync(folder)).toEqual(["chat.db"]);
}, 30_000);

test("serve starts the server, and SIGTERM ends it", async () => {
	const child = spawn(["serve"], {
		PORT: "0",
		CHAT_STORE: "memory:",
		CHAT_PROVIDER: join(import.meta.dir, "../support/scripted-provider.ts"),
	});
	let said = "";
	const decoder = new TextDecoder();
	for await (const chunk of child.stdout) {
		said += decoder.decode(chunk, { stream: true });
		const port = said.match(/listening on \S+:(\d+)/)?.[1];
		if (!port || child.killed) continue;
		const health = await fetch(`http://127.0.0.1:${port}/chat/health`);
		expect(health.status).toBe(200);
		child.kill("SIGTERM");
	}
	expect(said).toContain("listening on");
	expect(await child.exited).toBe(0);
}, 20_000);
