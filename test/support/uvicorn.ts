/** A real FastAPI under uvicorn, for tests. Installs both where that is possible. */
import { ensureDebian } from "./ensure-debian.ts";

const python = "/usr/bin/python3";

/** Time for installing Debian's packages, ms. */
export const installMs = 180_000;

export type Uvicorn = {
	/** Where it listens, without a slash at the end. */
	url: string;
	stop(): Promise<void>;
};

/**
 * @param app As uvicorn takes it: `module:variable`, the module in `folder`.
 * @throws {Error} that says what to install, or what uvicorn printed.
 */
export async function startUvicorn(
	folder: string,
	app: string,
): Promise<Uvicorn> {
	ensureDebian(["python3-fastapi", "python3-uvicorn"], canImport);
	const child = Bun.spawn([python, "-m", "uvicorn", app, "--port", "0"], {
		cwd: folder,
		env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
		stdin: "ignore",
		stdout: "ignore",
		stderr: "pipe",
	});
	return {
		url: await addressFrom(child.stderr),
		async stop() {
			child.kill();
			await child.exited;
		},
	};
}

function canImport(): boolean {
	try {
		return Bun.spawnSync([python, "-c", "import fastapi, uvicorn"]).success;
	} catch {
		// No Python at all.
		return false;
	}
}

/** Reads on after the address was printed, so that uvicorn never waits for a reader. */
async function addressFrom(log: ReadableStream<Uint8Array>): Promise<string> {
	const reader = log.getReader();
	const decoder = new TextDecoder();
	let printed = "";
	for (;;) {
		const { value, done } = await reader.read();
		printed += decoder.decode(value, { stream: true });
		const found = /running on (http:\/\/[\d.:]+)/.exec(printed)?.[1];
		if (found) {
			const drain = async () => {
				while (!(await reader.read()).done);
			};
			void drain();
			return found;
		}
		if (done) throw new Error(`uvicorn did not start: ${printed}`);
	}
}
