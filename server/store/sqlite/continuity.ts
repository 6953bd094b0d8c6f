/**
 * Detects that commits are missing from the store file: the newest ones after a power cut, all
 * since the backup after a restore.
 *
 * While the store is open, the small file `<file>-run` beside it records the run. Knows no log.
 */
import type { Database } from "bun:sqlite";
import {
	chownSync,
	existsSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import type { Settings } from "./settings.ts";

/** Closing a file takes at most this long, s. */
const closingSeconds = 10;

/** The last run that opened the store, and what it opened. */
type Run = { run: string; file: string; boot: string };

export class Continuity {
	readonly #settings: Settings;
	readonly #file: string;
	readonly #run = crypto.randomUUID();
	/** In s since 1970, the finest unit that every file system keeps. */
	#closedAt: number | undefined;

	constructor(db: Database, settings: Settings) {
		this.#settings = settings;
		this.#file = db.filename;
	}

	/**
	 * Whether the file holds every commit of the last run. A killed process loses none, because the
	 * operating system writes them. Call it inside a transaction, before {@link begin}.
	 */
	isUnbroken(): boolean {
		const run = this.#settings.find("run");
		// A new file, or one of a version that recorded no runs.
		if (run === undefined) return true;
		const closedAt = this.#settings.find("closed");
		if (closedAt) return isUntouchedSince(this.#file, Number(closedAt));
		const last = this.#read();
		return (
			last?.run === run &&
			last.file === identityOf(this.#file) &&
			last.boot !== "" &&
			last.boot === bootId()
		);
	}

	/** Records this run inside the transaction. Call {@link begun} after its commit. */
	begin() {
		this.#settings.keep("run", this.#run);
		this.#settings.keep("closed", "");
	}

	/** If the process dies before this write, the next start renews the epochs without need. */
	begun() {
		const run: Run = {
			run: this.#run,
			file: identityOf(this.#file),
			boot: bootId(),
		};
		const name = `${this.#file}-run`;
		const draft = `${name}.new`;
		writeFileSync(draft, `${JSON.stringify(run)}\n`, { mode: 0o600 });
		// A command run by root must leave the file readable for the user of the server.
		const { uid, gid } = statSync(this.#file);
		if (process.getuid?.() === 0) chownSync(draft, uid, gid);
		renameSync(draft, name);
	}

	/** The last write of this run, inside a transaction. Call {@link ended} after the file is closed. */
	end() {
		this.#closedAt = Math.floor(Date.now() / 1_000);
		this.#settings.keep("closed", `${this.#closedAt}`);
	}

	/** Gives the file the date that it contains, and leaves nothing beside it. */
	ended() {
		// The file may have been deleted while it was open.
		if (this.#closedAt === undefined || !existsSync(this.#file)) return;
		try {
			utimesSync(this.#file, this.#closedAt, this.#closedAt);
		} catch {
			// Another user owns the file: the next start renews the epochs without need.
		}
		rmSync(`${this.#file}-run`, { force: true });
	}

	#read(): Partial<Run> | undefined {
		try {
			return Object(JSON.parse(readFileSync(`${this.#file}-run`, "utf8")));
		} catch {
			// Missing or incomplete: the last run is unknown.
			return undefined;
		}
	}
}

/**
 * Whether a file that was closed at that time is the same now. A copy differs in the date of its
 * content, or in the date of its status, which no program can set.
 */
function isUntouchedSince(file: string, closedAt: number): boolean {
	const { mtimeMs, ctimeMs } = statSync(file);
	return (
		Math.floor(mtimeMs / 1_000) === closedAt &&
		Math.abs(ctimeMs / 1_000 - closedAt) <= closingSeconds
	);
}

/** Distinguishes a file from its copy under the same name. */
function identityOf(file: string): string {
	const { dev, ino, birthtimeNs } = statSync(file, { bigint: true });
	return [dev, ino, birthtimeNs].join(" ");
}

/** Changes with each start of the machine. Empty if the system does not provide it. */
function bootId(): string {
	const source = "/proc/sys/kernel/random/boot_id";
	return existsSync(source) ? readFileSync(source, "utf8").trim() : "";
}
