/**
 * The lock file is the same on every machine: `npm install` leaves it as it is and `npm ci` works, on every
 * platform, with npm 10 and 11, from any registry.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";

type Lock = {
	packages: Record<string, { optionalDependencies?: Record<string, string> }>;
};
const lockPath = join(import.meta.dir, "../../package-lock.json");
const lock: Lock = await Bun.file(lockPath).json();
const entries = Object.entries(lock.packages);
const locked = new Set(entries.map(([path]) => path));

/** As Node resolves it: beside the package, or beside a package that it lies in. */
function isLocked(name: string, from: string): boolean {
	if (locked.has(`${from && `${from}/`}node_modules/${name}`)) return true;
	const outer = from.lastIndexOf("node_modules/");
	return outer >= 0 && isLocked(name, from.slice(0, Math.max(0, outer - 1)));
}

test("the lock file names the optional packages of every platform", () => {
	const missing = entries.flatMap(([path, { optionalDependencies = {} }]) =>
		Object.keys(optionalDependencies).filter((name) => !isLocked(name, path)),
	);
	expect(missing).toEqual([]);
});

test("the lock file names no registry", () => {
	const naming = entries.filter(([, entry]) => "resolved" in entry);
	expect(naming.map(([path]) => path)).toEqual([]);
});

// npm 10 deletes this field and npm 11 writes it, but neither touches an entry without it.
test("the lock file has no field that npm 10 and npm 11 treat differently", () => {
	const differing = entries.filter(([, entry]) => "libc" in entry);
	expect(differing.map(([path]) => path)).toEqual([]);
});
