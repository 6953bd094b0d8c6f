/**
 * The running server's local socket, through which commands use its store.
 *
 * HTTP over a Unix socket that only the server's user can open. That user can read the store file as
 * well, so there is no credential. The store's lock permits one server per file, so a socket without
 * a listener was left by a killed process. Knows no engine.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { ChatError } from "../../protocol/errors.ts";
import type { Logger } from "../operations/logger.ts";
import { version } from "../operations/version.ts";
import {
	type OperatorStore,
	type Outcome,
	type ServerStatus,
	socketVersion,
	type Verb,
	verbs,
} from "./operator-store.ts";

/** A client that reads no byte of a backup for this long is disconnected, s. */
const idleTimeoutS = 120;
/** Only this user may open the socket. */
const privateSocket = 0o600;
const maxBodyBytes = 65_536;
/** How long another server may take to answer, ms. */
const answerMs = 2_000;

/** Stops listening and removes the socket. Calling it again has no effect. */
export type StopSocket = () => Promise<void>;

/**
 * Listens at `path`. If that fails, the server runs without: it logs why, and commands need a stopped
 * server.
 */
export async function openLocalSocket(
	path: string,
	store: OperatorStore,
	logger: Logger,
): Promise<StopSocket> {
	try {
		await removeStale(path);
		const server = listen(path, store, logger);
		return () => server.stop(true);
	} catch (error) {
		logger("warn", "local_socket_unavailable", { path, error });
		return async () => undefined;
	}
}

/** @throws {Error} if `path` is in use, or is no socket. */
async function removeStale(path: string) {
	const found = lstatSync(path, { throwIfNoEntry: false });
	if (!found) return;
	if (!found.isSocket()) throw new Error("There is a file that is no socket.");
	const isStale = await fetch("http://localhost/", {
		unix: path,
		signal: AbortSignal.timeout(answerMs),
	}).then(
		() => false,
		(error) => error?.code === "ECONNREFUSED",
	);
	if (!isStale) throw new Error("Another process listens at this socket.");
	unlinkSync(path);
}

function listen(path: string, store: OperatorStore, logger: Logger) {
	// The socket is never open to other users, not even before chmod.
	const mask = process.umask(0o177);
	try {
		// @ts-expect-error Bun's types allow no idleTimeout with a socket, but it works.
		const server = Bun.serve({
			unix: path,
			idleTimeout: idleTimeoutS,
			maxRequestBodySize: maxBodyBytes,
			fetch: (request: Request) => respond(request, store, logger),
			error: (error: Error) => Response.json(outcomeOf(error), { status: 500 }),
		});
		chmodSync(path, privateSocket);
		return server;
	} finally {
		process.umask(mask);
	}
}

async function respond(
	request: Request,
	store: OperatorStore,
	logger: Logger,
): Promise<Response> {
	const name = new URL(request.url).pathname.slice(1);
	logger("debug", "local_socket_request", { name });
	if (name === "") {
		const status: ServerStatus = {
			socket: socketVersion,
			version,
			pid: process.pid,
		};
		return Response.json(status);
	}
	if (request.method !== "POST")
		return new Response("Expected POST.\n", { status: 405 });
	if (name === "backup" && store.backup)
		return new Response(streamOf(store.backup()));
	if (!isVerb(name)) return new Response("No such verb.\n", { status: 404 });
	try {
		const result = await call(store, name, await request.json());
		const outcome: Outcome = { result };
		return Response.json(outcome);
	} catch (error) {
		return Response.json(outcomeOf(error), { status: 500 });
	}
}

const isVerb = (name: string): name is Verb => Object.hasOwn(verbs, name);

function call(
	store: OperatorStore,
	verb: Verb,
	given: unknown,
): Promise<unknown> {
	switch (verb) {
		case "list": {
			const [{ owner, after, limit }] = verbs.list.parse(given);
			return store.list({
				limit,
				...(owner !== undefined && { owner }),
				...(after !== undefined && { after }),
			});
		}
		case "head":
			return store.head(...verbs.head.parse(given));
		case "read":
			return store.read(...verbs.read.parse(given));
		case "context":
			return store.context(...verbs.context.parse(given));
		case "remove":
			return store.remove(...verbs.remove.parse(given));
		case "check":
			return store.check?.() ?? Promise.resolve();
		default: {
			const never: never = verb;
			throw new Error(`Unexpected verb ${never}.`);
		}
	}
}

/** A reader that disconnects ends the generator, which lets the engine continue its checkpoints. */
function streamOf(
	chunks: AsyncGenerator<Uint8Array, void, undefined>,
): ReadableStream<Uint8Array> {
	return new ReadableStream({
		async pull(controller) {
			const { done, value } = await chunks.next();
			if (done) controller.close();
			else controller.enqueue(value);
		},
		async cancel() {
			await chunks.return();
		},
	});
}

/** The operator may read the cause, unlike a visitor. */
function outcomeOf(error: unknown): Outcome {
	const { code, message } =
		error instanceof ChatError
			? error
			: { code: "internal" as const, message: String(error) };
	const { cause } = Object(error);
	return {
		error: {
			code,
			text: message,
			...(cause instanceof Error && { cause: cause.message }),
		},
	};
}
