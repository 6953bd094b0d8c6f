/** The command `chat-stream` as a process: beside a running server, and through a pipe. */
import { afterAll, expect, test } from "bun:test";
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

test("a running server locks its store; afterwards all its data can be exported and deleted", async () => {
	const env = { CHAT_STORE: `sqlite:${tempFolder()}/chat.db` };
	const server = await startProgram(env);
	const line = await doors.webSocket.enter(server.url);
	for (let i = 0; i < 3; i++)
		await line.answer(await line.question("huge 300000"));
	const { conversation = "" } = line.comeback;
	line.leave();

	const busy = await command("conversations list", env);
	expect([busy.code, busy.out]).toEqual([1, ""]);
	expect(busy.complaints).toContain("most likely a running chat-stream");
	const deleting = `conversations delete ${conversation} --yes`;
	expect((await command(deleting, env)).code).toBe(1);

	server.signal("SIGTERM");
	expect(await server.exited).toBe(0);
	const listed = await command("conversations list --json", env);
	const entry = JSON.parse(listed.out);
	expect(entry.conversation).toBe(conversation);
	// More than a pipe's buffer, so that an early exit would truncate it.
	const exported = `conversations export --visitor ${entry.visitor}`;
	const copy = JSON.parse((await command(exported, env)).out);
	const lengths = copy.conversations[0].messages.map(
		({ text }: { text: string }) => text.length,
	);
	expect(lengths).toEqual([11, 300_000, 11, 300_000, 11, 300_000]);

	expect(await command(deleting, env)).toMatchObject({
		code: 0,
		out: "Deleted 1 conversation.\n",
	});
	const again = await startProgram(env);
	const back = await doors.webSocket.enter(again.url, line.comeback);
	expect(back.refusal?.code).toBe("not_found");
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
