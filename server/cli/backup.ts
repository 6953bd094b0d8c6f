/**
 * `chat-stream backup`: saves a consistent copy of the store, while the server runs or is stopped.
 *
 * The copy gets its name when it is complete and has been opened as a server would open it.
 */
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfig } from "../config/config.ts";
import { loadConfigFile } from "../config/config-file.ts";
import { verifyCopy } from "../store/open.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import { busyMs, type Found, findStore } from "./open-store.ts";

export const backupCommand: Command = {
	name: "backup",
	words: "<file>",
	says: "Save a consistent copy of all conversations, also while the server runs",
	options: {
		overwrite: {
			type: "boolean",
			says: "Replace the file if it exists, once the new copy is complete",
		},
	},
	more: "  Opens the copy and checks it before the file gets its name. Only this user can read it.",

	async run({ words, options }, io) {
		const [target, extra] = words;
		if (!target) throw new UsageError("Expected the file to save to.");
		if (extra !== undefined)
			throw new UsageError(`Unexpected argument "${extra}".`);
		const path = resolve(io.folder, target);
		const config = readConfig(io.env, await loadConfigFile(io.folder));
		if (existsSync(path) && !statSync(path).isFile())
			throw new Error(`${path} is no file. Choose the name of a file.`);
		if (existsSync(path) && !options.overwrite)
			throw new Error(
				`${path} exists. Choose another name, or replace it with --overwrite.`,
			);
		const found = await findStore(config, io);
		try {
			await io.out(await save(found, path, io));
			return 0;
		} finally {
			await found.store.close();
		}
	},
};

async function save(found: Found, path: string, io: Io): Promise<string> {
	const { store, file, server } = found;
	if (existsSync(path) && isSame(path, file))
		throw new Error(`${path} is the store itself. Choose another name.`);
	if (!store.backup) throw new Error("This store has no file to copy.");
	const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
	try {
		await write(store.backup(), draft);
		const count = await verifyCopy(draft, { now: io.clock.now, busyMs });
		const { size } = statSync(draft);
		renameSync(draft, path);
		const from = server ? "the running server" : file;
		return `Saved ${count === 1 ? "1 conversation" : `${count} conversations`} of ${from} to ${path} (${size} bytes). The copy opens and is intact.\n`;
	} finally {
		for (const end of ["", "-wal", "-shm", "-run"])
			rmSync(draft + end, { force: true });
	}
}

async function write(chunks: AsyncIterable<Uint8Array>, path: string) {
	const file = await open(path, "wx", 0o600).catch((cause) => {
		throw new Error(
			`Cannot write ${path}. Let this user write to its folder, or choose another. (${cause.message})`,
			{ cause },
		);
	});
	try {
		for await (const chunk of chunks) await file.writeFile(chunk);
		await file.sync();
	} finally {
		await file.close();
	}
}

function isSame(one: string, other: string): boolean {
	const [first, second] = [one, other].map((path) =>
		statSync(path, { bigint: true }),
	);
	return first?.ino === second?.ino && first?.dev === second?.dev;
}
