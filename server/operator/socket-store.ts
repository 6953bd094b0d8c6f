/**
 * The store of the running server, used through its local socket.
 *
 * Knows no engine and no file.
 */
import { ChatError } from "../../protocol/errors.ts";
import {
	type Failure,
	type OperatorStore,
	type ServerStatus,
	socketVersion,
	type Verb,
} from "./operator-store.ts";

/** Events in one read, if the caller gives no limit. */
const defaultLimit = 256;
/** How long the server may take to answer the first request, ms. */
const answerMs = 5_000;

export type RunningServer = { status: ServerStatus; store: OperatorStore };

/**
 * Connects to the server that listens at `path`. `undefined`: no server does.
 * @throws {Error} a sentence, if a server listens but cannot be used.
 */
export async function findServer(
	path: string,
): Promise<RunningServer | undefined> {
	let response: Response;
	try {
		response = await fetch("http://localhost/", {
			unix: path,
			signal: AbortSignal.timeout(answerMs),
		});
	} catch (cause) {
		const { code, name } = Object(cause);
		if (["ENOENT", "ECONNREFUSED", "ENAMETOOLONG", "ENOTDIR"].includes(code))
			return undefined;
		if (code === "EACCES" || code === "EPERM")
			throw new Error(
				`This user may not use ${path}, the socket of the running server. Run the command as the server's user or as root.`,
				{ cause },
			);
		throw new Error(
			name === "TimeoutError"
				? `The running server did not answer within ${answerMs} ms at ${path}. Try again, or stop the server first.`
				: `The running server does not answer at ${path}. Try again in a moment.`,
			{ cause },
		);
	}
	const status: ServerStatus = await response.json();
	if (status.socket !== socketVersion)
		throw new Error(
			`The running server is of version ${status.version}, which this command cannot use. Use the command of the server's version, or restart the server.`,
		);
	return { status, store: socketStore(path) };
}

function socketStore(path: string): OperatorStore {
	const post = (name: string, body: string) =>
		fetch(`http://localhost/${name}`, { unix: path, method: "POST", body });

	const call = async (verb: Verb, ...given: unknown[]) => {
		const response = await post(verb, JSON.stringify(given)).catch(stopped);
		const { result, error } = await response.json();
		if (error) throw errorOf(error);
		return result;
	};

	return {
		list: (which) => call("list", which),
		head: (conversation) => call("head", conversation),
		read: (conversation, after, limit = defaultLimit) =>
			call("read", conversation, after, limit),
		context: (conversation, message) => call("context", conversation, message),
		remove: (conversation) => call("remove", conversation),
		check: () => call("check"),
		async *backup() {
			const response = await post("backup", "[]").catch(stopped);
			if (!response.ok || !response.body)
				throw new Error("This server cannot make a backup.");
			try {
				yield* response.body;
			} catch (cause) {
				throw new Error(
					"The backup broke off: the server stopped, or could not read its store.",
					{ cause },
				);
			}
		},
		close: async () => undefined,
	};
}

/** The operator may read the cause, unlike a visitor. */
function errorOf({ code, text, cause }: Failure): Error {
	return new ChatError(code, text, cause ? { cause: new Error(cause) } : {});
}

function stopped(cause: unknown): never {
	throw new Error(
		"The running server stopped meanwhile. Run the command again.",
		{ cause },
	);
}
