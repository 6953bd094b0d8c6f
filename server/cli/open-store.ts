/**
 * Finds the store for a command: through the local socket of the running server, or else the file.
 *
 * The commands use one interface and do not know which of the two they have.
 */
import type { Config } from "../config/config.ts";
import type {
	OperatorStore,
	ServerStatus,
} from "../operator/operator-store.ts";
import { socketPathOf } from "../operator/socket-path.ts";
import { findServer } from "../operator/socket-store.ts";
import { fileOf, openStore } from "../store/open.ts";
import type { Io } from "./command.ts";

/** How long to wait until a server that is stopping releases the file, ms. */
export const busyMs = 500;

export type Found = {
	store: OperatorStore;
	/** The file of the store. */
	file: string;
	/** The server that has the file open, if one is running. */
	server?: ServerStatus;
};

/**
 * Opens the configured store. Does not create one.
 * @throws {Error} a sentence for the operator.
 */
export async function findStore(
	{ store: url }: Pick<Config, "store">,
	{ clock }: Pick<Io, "clock">,
): Promise<Found> {
	const file = fileOf(url);
	if (file === undefined)
		throw new Error(
			"CHAT_STORE is memory: so the conversations exist only in the running server.",
		);
	const running = await findRunning(file);
	if (running) return running;
	try {
		const options = { now: clock.now, mustExist: true, busyMs };
		return { store: openStore(url, options), file };
	} catch (error) {
		// The server may have started meanwhile.
		const started = await findRunning(file);
		if (started) return started;
		throw error;
	}
}

/** The store of the server that uses this file. `undefined` if none is running. */
export async function findRunning(file: string): Promise<Found | undefined> {
	const path = socketPathOf(file);
	const found = path === undefined ? undefined : await findServer(path);
	return found && { store: found.store, file, server: found.status };
}
