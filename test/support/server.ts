/**
 * Servers for tests of the wire: the real program as a child process, or the same parts in this process when a test
 * controls the provider and the clock.
 *
 * A test file calls `afterAll(endServers)`, which ends the servers that it started.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Clock } from "../../protocol/clock.ts";
import { createAuthentication } from "../../server/auth/visitor-tokens.ts";
import { Chat } from "../../server/chat/chat.ts";
import { VisitorData } from "../../server/chat/visitor-data.ts";
import { systemClock } from "../../server/clock.ts";
import { type Config, defaults } from "../../server/config/config.ts";
import { UsageLimits } from "../../server/limits/usage.ts";
import { silentLogger } from "../../server/operations/logger.ts";
import type { Provider } from "../../server/providers/provider.ts";
import { createServer } from "../../server/server.ts";
import { memoryStore } from "../../server/store/memory.ts";
import type { Store } from "../../server/store/store.ts";
import { scriptedProvider } from "./scripted-provider.ts";

const root = resolve(import.meta.dir, "../..");
const startMs = 15_000;

const children = new Set<Bun.Subprocess>();
const folders: string[] = [];
const drains: (() => Promise<void>)[] = [];

/** Stops every server that this file has started, and removes their folders. */
export async function endServers(): Promise<void> {
	for (const child of children) child.kill("SIGKILL");
	await Promise.all([...children].map((child) => child.exited));
	await Promise.all(drains.splice(0).map((drain) => drain()));
	for (const folder of folders.splice(0))
		rmSync(folder, { recursive: true, force: true });
}

export function tempFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "chat-stream-"));
	folders.push(folder);
	return folder;
}

/** Kills a process when this one ends, for any reason. */
export function own(child: Bun.Subprocess): void {
	children.add(child);
	// A killed test run calls no hook, but its end of this pipe closes.
	const watch = 'read never; kill -9 "$0"';
	const watchdog = Bun.spawn(["sh", "-c", watch, `${child.pid}`], {
		stdin: "pipe",
	});
	child.exited.then(() => {
		children.delete(child);
		watchdog.kill("SIGKILL");
	});
}

export type Program = {
	/** The URL on which it listens, without a slash at the end. */
	url: string;
	pid: number;
	/** Resolves with its exit code. */
	exited: Promise<number>;
	signal(signal: NodeJS.Signals): void;
	/** SIGKILL; resolves when the process has ended. */
	kill(): Promise<void>;
	/** Its standard output and error so far. */
	output(): string;
	/** Resident memory, bytes. */
	memory(): Promise<number>;
};

/**
 * Starts the real program, by default with a scripted provider and a store in memory.
 * @throws {Error} with its output, if it does not listen in time.
 */
export async function startProgram(
	environment: Record<string, string> = {},
	command: string[] = [process.execPath, join(root, "server/main.ts")],
	folder = tempFolder(),
): Promise<Program> {
	const child = Bun.spawn(command, {
		cwd: folder,
		env: {
			PATH: process.env.PATH ?? "",
			PORT: "0",
			CHAT_DEMO: "true",
			CHAT_STORE: "memory:",
			CHAT_PROVIDER: join(import.meta.dir, "scripted-provider.ts"),
			...environment,
		},
		stdout: "pipe",
		stderr: "pipe",
	});
	own(child);

	let output = "";
	const listening = Promise.withResolvers<string>();
	const collect = async (stream: ReadableStream<Uint8Array>) => {
		const decoder = new TextDecoder();
		for await (const chunk of stream) {
			output += decoder.decode(chunk, { stream: true });
			const port = output.match(/listening on http:\/\/\S+?:(\d+)/)?.[1];
			if (port) listening.resolve(`http://127.0.0.1:${port}`);
		}
	};
	const failed = (why: string) =>
		listening.reject(new Error(`The program ${why}:\n${output}`));
	const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
	// Its last output has the reason.
	child.exited.then(async (code) => {
		await collected;
		failed(`ended with ${code}`);
	});
	const late = setTimeout(() => failed("did not listen in time"), startMs);
	try {
		return {
			url: await listening.promise,
			pid: child.pid,
			exited: child.exited,
			signal: (signal) => child.kill(signal),
			async kill() {
				child.kill("SIGKILL");
				await child.exited;
			},
			output: () => output,
			async memory() {
				const status = await Bun.file(`/proc/${child.pid}/status`).text();
				return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]) * 1_024;
			},
		};
	} finally {
		clearTimeout(late);
	}
}

export type InProcess = {
	url: string;
	provider: ReturnType<typeof scriptedProvider>;
	chat: Chat;
	drain(): Promise<void>;
};

/** The same parts without a process of their own. The provider records its questions. */
export function startInProcess(
	parts: {
		settings?: Partial<Config>;
		clock?: Clock;
		store?: Store;
		provider?: Provider & { asked: string[] };
		/** The rules of authentication. */
		rules?: Parameters<typeof createAuthentication>[2];
	} = {},
): InProcess {
	const { clock = systemClock, provider = scriptedProvider() } = parts;
	const { store = memoryStore(clock) } = parts;
	const settings = { ...defaults, port: 0, drainMs: 0, ...parts.settings };
	const chat = new Chat({
		store,
		provider,
		clock,
		logger: silentLogger,
		limits: settings,
		settings,
		systemPrompt: undefined,
		usageLimits: new UsageLimits(settings, clock),
	});
	const visitorData = new VisitorData(store);
	const { isKept } = visitorData;
	const server = createServer({
		chat,
		authentication: createAuthentication(
			"a secret of at least 32 characters",
			clock,
			{
				isKept,
				...parts.rules,
			},
		),
		visitorData,
		staticFiles: async () => undefined,
		clock,
		logger: silentLogger,
		settings,
	});
	drains.push(server.drain);
	const url = `http://127.0.0.1:${server.port}`;
	return { url, provider, chat, drain: server.drain };
}
