/**
 * Tells whether a store file still holds everything that this machine committed to it. After a power
 * cut the newest commits may be missing, and after a restored backup all commits since the backup.
 *
 * A small file beside the store, `<file>-run`, names the last run of the store. Knows no log.
 */
import type { Database } from "bun:sqlite";
import {
	chownSync,
	existsSync,
	readFileSync,
	renameSync,
	statSync,
	writeFileSync,
} from "node:fs";
import type { Settings } from "./settings.ts";

/** The last run that opened the store, and what it opened. */
type Run = { run: string; file: string; boot: string };

export class Continuity {
	readonly #settings: Settings;
	readonly #file: string;
	readonly #run = crypto.randomUUID();

	constructor(db: Database, settings: Settings) {
		this.#settings = settings;
		this.#file = db.filename;
	}

	/**
	 * Whether every commit of the last run is in the file. A process that was killed loses none: the
	 * operating system has them. To be called inside a transaction, before {@link begin}.
	 */
	isUnbroken(): boolean {
		const last = this.#settings.find("run");
		// A new file, or one of a version that kept no record of its runs.
		if (last === undefined) return true;
		const recorded = this.#read();
		if (recorded?.run !== last || recorded.file !== identityOf(this.#file))
			return false;
		const wasClosed = this.#settings.find("closed") === last;
		return wasClosed || (recorded.boot !== "" && recorded.boot === bootId());
	}

	/** Records this run, inside the transaction. {@link begun} follows its commit. */
	begin() {
		this.#settings.keep("run", this.#run);
	}

	/** If the process dies before this is written, the next start finds a break where there is none. */
	begun() {
		const run: Run = {
			run: this.#run,
			file: identityOf(this.#file),
			boot: bootId(),
		};
		const name = `${this.#file}-run`;
		const draft = `${name}.new`;
		writeFileSync(draft, `${JSON.stringify(run)}\n`, { mode: 0o600 });
		// A command that root runs must not lock the server's user out.
		const { uid, gid } = statSync(this.#file);
		if (process.getuid?.() === 0) chownSync(draft, uid, gid);
		renameSync(draft, name);
	}

	/** The last write of this run, inside a transaction. */
	end() {
		this.#settings.keep("closed", this.#run);
	}

	#read(): Partial<Run> | undefined {
		try {
			return Object(JSON.parse(readFileSync(`${this.#file}-run`, "utf8")));
		} catch {
			// Missing or cut off: nothing is known of the last run.
			return undefined;
		}
	}
}

/** A copy of a file has another identity, under the same name, too. */
function identityOf(file: string): string {
	const { dev, ino, birthtimeNs } = statSync(file, { bigint: true });
	return [dev, ino, birthtimeNs].join(" ");
}

/** Another value after each start of the machine; empty where the system does not tell. */
function bootId(): string {
	const source = "/proc/sys/kernel/random/boot_id";
	return existsSync(source) ? readFileSync(source, "utf8").trim() : "";
}
