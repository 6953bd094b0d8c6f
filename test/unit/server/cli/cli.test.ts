import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { openSiteTokens } from "../../../../server/auth/site-jwt.ts";
import { run } from "../../../../server/cli/run.ts";
import { readConfig } from "../../../../server/config/config.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
import { openLocalSocket } from "../../../../server/operator/socket-server.ts";
import { sqliteStore } from "../../../../server/store/sqlite/sqlite-store.ts";
import { manualClock, settle } from "../../../support/clock.ts";
import { end, question, reply, token } from "../../../support/drafts.ts";

const folders: string[] = [];
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true });
});
const newFolder = () => {
	const folder = mkdtempSync(join(tmpdir(), "chat-cli-"));
	folders.push(folder);
	return folder;
};

/** Runs a command in a world of its own. */
async function command(
	args: string,
	env: Record<string, string> = {},
	folder = newFolder(),
	clock = manualClock(),
) {
	let out = "";
	let complaints = "";
	const code = await run(args.split(" ").filter(Boolean), {
		async out(text) {
			out += text;
		},
		complain(text) {
			complaints += text;
		},
		env,
		folder,
		clock,
	});
	return { code, out, complaints };
}

const running: (() => Promise<void>)[] = [];
const stopServers = async () => {
	for (const stop of running.splice(0)) await stop();
};
afterEach(stopServers);

/** Two visitors' conversations in a file that a running server has open, or no server. */
async function someConversations(state: "running" | "stopped" = "stopped") {
	const file = join(newFolder(), "chat.db");
	const store = sqliteStore(file, manualClock());
	for (const [id, owner, text] of [
		["a1", "ann", "How do I change a tyre?"],
		["b1", "bob", "\u001b]52;c;evil\u0007 and \u202eback"],
		["a2", "ann", "And the spare?"],
	] as const) {
		await store.create(id, owner);
		await store.append(id, [question("q", text), reply("r")]);
		await store.append(id, [token("Like this."), end("r", "Like this.")]);
	}
	const env = { CHAT_STORE: `sqlite:${file}` };
	if (state === "stopped") {
		await store.close();
		return { file, env };
	}
	const stop = await openLocalSocket(`${file}.sock`, store, silentLogger);
	running.push(async () => {
		await stop();
		await store.close();
	});
	return { file, env };
}

describe("the command line", () => {
	test("lists the commands, on --help and without a command", async () => {
		const asked = await command("--help");
		expect(asked.code).toBe(0);
		for (const name of ["serve", "check", "conversations list", "token"])
			expect(asked.out).toContain(`  ${name}`);
		expect(await command("")).toMatchObject({ code: 2, out: asked.out });
		expect(await command("help")).toEqual(asked);
		const group = await command("conversations --help");
		expect(group.out).not.toContain("  token");
		expect(group.code).toBe(0);
	});

	test("every command has help that names its options", async () => {
		for (const name of [
			"serve",
			"check",
			"token",
			"backup",
			...["list", "show", "export", "delete"].map(
				(it) => `conversations ${it}`,
			),
		]) {
			const { code, out } = await command(`${name} --help`);
			expect([code, out]).toEqual([0, expect.stringContaining(name)]);
			expect(out).toContain("--help");
		}
		const { out } = await command("conversations delete --help");
		expect(out).toContain("--visitor <id>");
		expect(out).toContain("--yes");
	});

	test("--version prints the version of package.json", async () => {
		const { version } = await Bun.file(
			join(import.meta.dir, "../../../../package.json"),
		).json();
		for (const args of ["--version", "-v"])
			expect(await command(args)).toEqual({
				code: 0,
				out: `${version}\n`,
				complaints: "",
			});
		expect((await command("--help")).out).toContain("--version");
	});

	test("wrong arguments exit with 2 and name the help", async () => {
		for (const [args, says, hint] of [
			["nonsense", 'Unknown command "nonsense"', "chat-stream --help"],
			["conversations", "Expected conversations list", "--help"],
			["token --nonsense", "--nonsense", "chat-stream token --help"],
			["conversations show", "the id of a conversation", "show --help"],
			["conversations show a b", 'Unexpected argument "b"', "show --help"],
			[
				"conversations export --visitor a b",
				'Unexpected argument "b"',
				"export",
			],
			["conversations list b", 'Unexpected argument "b"', "list --help"],
			["check all", '"all"', "check --help"],
		] as const) {
			const { code, out, complaints } = await command(args);
			expect([args, code, out]).toEqual([args, 2, ""]);
			expect(complaints).toContain(says);
			expect(complaints).toContain(hint);
		}
	});
});

for (const state of ["running", "stopped"] as const)
	describe(`conversations, with a ${state} server`, () => {
		test("list prints all conversations or one visitor's, as a table or as JSON", async () => {
			const { env } = await someConversations(state);
			const { out, code } = await command("conversations list", env);
			expect(code).toBe(0);
			const lines = out.trim().split("\n");
			expect(lines.map((line) => line.split(/ +/)[0])).toEqual([
				"CONVERSATION",
				"a1",
				"b1",
				"a2",
			]);
			const json = await command(
				"conversations list --visitor ann --json",
				env,
			);
			const entries = json.out
				.trim()
				.split("\n")
				.map((it) => JSON.parse(it));
			expect(entries).toMatchObject([
				{ conversation: "a1", visitor: "ann", head: 4 },
				{ conversation: "a2", visitor: "ann", head: 4 },
			]);
		});

		test("show prints the messages with control characters escaped", async () => {
			const { env } = await someConversations(state);
			const { out } = await command("conversations show b1", env);
			expect(out).toContain("visitor bob");
			expect(out).toContain("Like this.");
			expect(out).toContain("assistant");
			expect(out).toContain("\\u001b]52;c;evil\\u0007 and \\u202eback");
			expect(out).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
		});

		test("export prints one conversation, or all of a visitor, exactly", async () => {
			const { env } = await someConversations(state);
			const one = await command("conversations export b1", env);
			expect(JSON.parse(one.out)).toMatchObject({
				conversation: "b1",
				messages: [{ text: "\u001b]52;c;evil\u0007 and \u202eback" }, {}],
			});
			const all = await command("conversations export --visitor ann", env);
			const copy = JSON.parse(all.out);
			expect(copy.visitor).toBe("ann");
			expect(copy.conversations).toHaveLength(2);
			expect(all.out).not.toContain("evil");
		});

		test("delete needs --yes", async () => {
			const { env, file } = await someConversations(state);
			const left = async () =>
				(await command("conversations list --json", env)).out
					.trim()
					.split("\n")
					.map((line) => JSON.parse(line).conversation);
			const asked = await command("conversations delete --visitor ann", env);
			expect(asked.code).toBe(2);
			expect(asked.out).toContain("--yes");
			expect(await left()).toEqual(["a1", "b1", "a2"]);
			const some = "conversations delete a1 none --yes";
			const half = await command(some, env);
			expect([half.code, half.complaints]).toEqual([
				1,
				'No such conversation: "none".\n',
			]);
			expect(await left()).toEqual(["a1", "b1", "a2"]);
			const one = await command("conversations delete a1 --yes", env);
			expect(one).toMatchObject({ code: 0, out: "Deleted 1 conversation.\n" });
			const all = "conversations delete --visitor ann --yes";
			expect((await command(all, env)).out).toBe("Deleted 1 conversation.\n");
			expect(await left()).toEqual(["b1"]);
			await stopServers();
			expect(await Bun.file(file).text()).not.toContain("spare");
		});
	});

describe("backup", () => {
	for (const state of ["running", "stopped"] as const)
		test(`saves a whole store that a server can use, with a ${state} server`, async () => {
			const { env, file } = await someConversations(state);
			const folder = newFolder();
			const { code, out } = await command("backup copy.db", env, folder);
			expect(code).toBe(0);
			const copy = join(folder, "copy.db");
			expect(out).toContain(`Saved 3 conversations of `);
			expect(out).toContain(copy);
			expect(readdirSync(folder)).toEqual(["copy.db"]);
			expect(statSync(copy).mode & 0o777).toBe(0o600);
			await stopServers();
			const saved = { CHAT_STORE: `sqlite:${copy}` };
			for (const args of [
				"conversations list --json",
				"conversations export a1",
			])
				expect((await command(args, saved)).out).toBe(
					(await command(args, { CHAT_STORE: `sqlite:${file}` })).out,
				);
		});

	test("replaces a file only with --overwrite, and never the store", async () => {
		const { env, file } = await someConversations("running");
		const folder = newFolder();
		const copy = join(folder, "copy.db");
		writeFileSync(copy, "mine");
		const { code, complaints } = await command("backup copy.db", env, folder);
		expect([code, await Bun.file(copy).text()]).toEqual([1, "mine"]);
		expect(complaints).toContain("--overwrite");
		const over = await command("backup copy.db --overwrite", env, folder);
		expect(over.code).toBe(0);
		const itself = await command(`backup ${file} --overwrite`, env);
		expect(itself.complaints).toContain("is the store itself");
		const nowhere = await command("backup no/such/copy.db", env, folder);
		expect(nowhere.complaints).toContain("Cannot write");
		expect(nowhere.code).toBe(1);
		expect((await command("backup", env)).code).toBe(2);
		expect((await command("backup a b", env)).code).toBe(2);
		expect(readdirSync(folder)).toEqual(["copy.db"]);
	});

	test("leaves nothing behind when the server stops meanwhile", async () => {
		const path = join(newFolder(), "chat.db.sock");
		const server = Bun.serve({
			unix: path,
			fetch: ({ url }) =>
				new URL(url).pathname === "/"
					? Response.json({ socket: 1, version: "0.1.0", pid: 1 })
					: new Response(
							new ReadableStream({
								async pull(controller) {
									controller.enqueue(new Uint8Array(70_000));
									await Bun.sleep(20);
									server.stop(true);
								},
							}),
						),
		});
		const env = { CHAT_STORE: `sqlite:${path.replace(/\.sock$/, "")}` };
		const folder = newFolder();
		const { code, complaints } = await command("backup copy.db", env, folder);
		expect(code).toBe(1);
		expect(complaints).toContain("The backup broke off");
		expect(readdirSync(folder)).toEqual([]);
	});
});

describe("commands on the store", () => {
	test("need an existing, unlocked store file and create none", async () => {
		const { file, env } = await someConversations();
		const missing = `${file}.not`;
		const none = { CHAT_STORE: `sqlite:${missing}` };
		const { code, complaints } = await command("conversations list", none);
		expect(code).toBe(1);
		expect(complaints).toContain(`There is no store file ${missing}`);
		expect(existsSync(missing)).toBe(false);
		const memory = { CHAT_STORE: "memory:" };
		const held = await command("conversations list", memory);
		expect(held.complaints).toContain("only in the running server");
		const store = sqliteStore(file, manualClock());
		const busy = await command("conversations list", env);
		expect([busy.code, busy.out]).toEqual([1, ""]);
		expect(busy.complaints).toContain("most likely a running chat-stream");
		await store.close();
		expect((await command("conversations list", env)).code).toBe(0);
	});
});

describe("check", () => {
	const stateOf = (out: string) =>
		Object.fromEntries(
			out
				.trim()
				.split("\n")
				.map((line) => line.trim().split(/ {2,}/))
				.map(([what = "", state = ""]) => [what, state]),
		);
	const provider = (source: string) => {
		const path = join(newFolder(), "provider.ts");
		writeFileSync(path, source);
		return path;
	};
	const talks = provider(
		`export default async function* () { yield "Hello"; }`,
	);

	test("a valid setup exits with 0 and leaves nothing behind", async () => {
		const folder = newFolder();
		const file = join(folder, "data", "chat.db");
		const env = { CHAT_STORE: `sqlite:${file}`, CHAT_PROVIDER: talks };
		const { code, out } = await command("check", env, folder);
		const { script, ...rest } = stateOf(out);
		expect(rest).toEqual({
			configuration: "ok",
			address: "ok",
			store: "ok",
			visitors: "ok",
			model: "ok",
		});
		expect(out).toContain("“Hello”");
		expect(code).toBe(script === "ok" ? 0 : 1);
		expect(existsSync(join(folder, "data"))).toBe(false);
	});

	test("each failed test has its sentence, and the exit code is 1", async () => {
		const { file } = await someConversations();
		const store = sqliteStore(file, manualClock());
		const fails = provider(
			`export default async function* () { throw new Error("quota \\u001b[2J used up, key-of-the-gateway"); }`,
		);
		const env = {
			CHAT_STORE: `sqlite:${file}`,
			CHAT_PROVIDER: fails,
			OPENAI_HEADERS: '{"x-gate":"key-of-the-gateway"}',
		};
		const { code, out } = await command("check", env);
		expect(stateOf(out)).toMatchObject({
			configuration: "ok",
			store: "not ok",
			model: "not ok",
		});
		expect(out).toContain("quota \\u001b[2J used up");
		expect(out).not.toContain("key-of-the-gateway");
		expect(out).toContain("in use by another process");
		expect(code).toBe(1);
		await store.close();
		const closed = { ...env, CHAT_STORE: "memory:", CHAT_ANONYMOUS: "false" };
		const nobody = await command("check", closed);
		expect(stateOf(nobody.out)).toMatchObject({ visitors: "not ok" });
		const wrong = await command("check", { PORT: "many" });
		expect(wrong.code).toBe(1);
		expect(wrong.out).toContain("Expected PORT to be a whole number");
		expect(stateOf(wrong.out)).not.toHaveProperty("model");
	});

	test("the model gets what a first visitor's message gives it", async () => {
		const echo = provider(
			`export default async function* ({ turns, context }) {
				yield turns.map(({ role }) => role).join() + " " + Object.keys(context).join();
			}`,
		);
		const env = { CHAT_STORE: "memory:", CHAT_PROVIDER: echo };
		const asked = { ...env, CHAT_SYSTEM_PROMPT: "Be kind." };
		const { out } = await command("check", asked);
		expect(out).toContain("“system,user url,title”");
	});

	test("likely mistakes are warnings, as at the start, and do not fail the check", async () => {
		const env = {
			CHAT_STORE: "memory:",
			CHAT_PROVIDER: talks,
			CHAT_WITHOUT_ORIGIN: "true",
		};
		const { code, out } = await command("check", env);
		expect(out).toMatch(/warning +CHAT_WITHOUT_ORIGIN is true, but/);
		expect(code).toBe(stateOf(out).script === "ok" ? 0 : 1);
	});

	test("a host that does not resolve is not ok", async () => {
		const env = { CHAT_STORE: "memory:", CHAT_PROVIDER: talks };
		const { code, out } = await command("check", {
			...env,
			HOST: "no-such-host.invalid",
		});
		expect(stateOf(out)).toMatchObject({ address: "not ok" });
		expect(out).toContain("does not resolve to an address");
		expect(code).toBe(1);
	});

	test("the store of a running server is ok, with the server's version and process", async () => {
		const { env } = await someConversations("running");
		const set = { ...env, CHAT_PROVIDER: talks };
		const { out } = await command("check", set);
		expect(stateOf(out)).toMatchObject({ store: "ok" });
		expect(out).toContain(`process ${process.pid}`);
	});

	test("a model without text is not ok, whether it ends or not", async () => {
		const env = { CHAT_STORE: "memory:", CHAT_FIRST_CHUNK_TIMEOUT_MS: "1000" };
		const mute = provider("export default async function* () {}");
		const ends = await command("check", { ...env, CHAT_PROVIDER: mute });
		expect(ends.out).toContain("ended its answer without text");
		const silent = provider(
			"export default async function* () { await new Promise(() => {}); }",
		);
		const clock = manualClock();
		const asked = { ...env, CHAT_PROVIDER: silent };
		const late = command("check", asked, newFolder(), clock);
		while (clock.pending === 0) await settle();
		await clock.advance(1_000);
		expect((await late).out).toContain("sent no text within 1000 ms");
		expect(clock.pending).toBe(0);
	});
});

describe("token", () => {
	const secret = "0123456789abcdef0123456789abcdef";
	const env = { CHAT_JWT_SECRET: secret };
	const key = new TextEncoder().encode(secret);

	test("prints a JWT that a verifier with the same secret accepts", async () => {
		const clock = manualClock();
		const args = "token --sub ann --iss shop --aud chat --exp 2h";
		const { code, out } = await command(args, env, newFolder(), clock);
		expect(code).toBe(0);
		const { payload } = await jwtVerify(out.trim(), key, {
			algorithms: ["HS256"],
			issuer: "shop",
			audience: "chat",
			currentDate: new Date(clock.now()),
		});
		const iat = Math.floor(clock.now() / 1_000);
		const claims = { sub: "ann", iss: "shop", aud: "chat" };
		expect(payload).toEqual({ ...claims, iat, exp: iat + 7_200 });
		expect(decodeProtectedHeader(out.trim()).alg).toBe("HS256");
	});

	test("by default lasts ten minutes and has only the required claims", async () => {
		const { out } = await command("token --sub ann", env);
		const [, payload = ""] = out.split(".");
		const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
		expect(Object.keys(claims).toSorted()).toEqual(["exp", "iat", "sub"]);
		expect(claims.exp - claims.iat).toBe(600);
	});

	test("is accepted by a server with the same settings as that visitor", async () => {
		const clock = manualClock();
		const settings = {
			...env,
			CHAT_JWT_ISSUER: "shop",
			CHAT_JWT_AUDIENCE: "chat",
			CHAT_JWT_ALGORITHMS: "HS384",
		};
		const { out } = await command(
			"token --sub ann",
			settings,
			newFolder(),
			clock,
		);
		const site = await openSiteTokens(readConfig(settings), clock);
		expect((await site?.verify(out.trim()))?.visitor.id).toBe("known:ann");
	});

	test("needs a visitor, a real secret and a time", async () => {
		for (const [args, given, code, says] of [
			["token", env, 2, "Expected --sub"],
			["token --sub=", env, 2, "Expected --sub"],
			["token --sub ann --exp 1y", env, 2, 'got "1y"'],
			["token --sub ann --exp 0m", env, 2, 'got "0m"'],
			["token --sub ann", {}, 1, "Expected CHAT_JWT_SECRET"],
			["token --sub ann", { CHAT_JWT_SECRET: "short" }, 1, "at least 32"],
		] as const) {
			const result = await command(args, given);
			expect([args, result.code, result.out]).toEqual([args, code, ""]);
			expect(result.complaints).toContain(says);
			expect(result.complaints).not.toContain("short\n");
		}
	});
});
