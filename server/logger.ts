/**
 * What operators read: one JSON object a line, on standard error.
 *
 * Made by `main.ts` and handed down. Never gets a visitor's words, a credential or a key; control
 * characters leave as JSON escapes, so that no value can forge a line or drive a terminal.
 */
export type Level = "info" | "warn" | "error";
export type Logger = (
	level: Level,
	event: string,
	facts?: Record<string, unknown>,
) => void;

export function createLogger(
	write: (line: string) => void,
	now: () => number,
): Logger {
	let lastStack: string | undefined;
	/** A model that is down fails every reply at the same place: that is said once. */
	const shorten = (name: string, value: unknown) => {
		if (name !== "stack") return value;
		const stack = JSON.stringify(value);
		if (stack === lastStack) return "as before";
		lastStack = stack;
		return value;
	};
	return (level, event, facts = {}) => {
		const entry = { at: new Date(now()).toISOString(), level, event };
		write(`${escapeControls(lineOf(entry, facts, shorten))}\n`);
	};
}

/** Never throws: what cannot be written as JSON is not worth a reply that stays open. */
function lineOf(
	entry: object,
	facts: Record<string, unknown>,
	shorten: (name: string, value: unknown) => unknown,
): string {
	try {
		return JSON.stringify({ ...entry, ...plain(facts, 6) }, shorten);
	} catch (error) {
		return JSON.stringify({ ...entry, unwritable: String(error) });
	}
}

/** A copy that is safe to write: errors in words, bounded in depth, so that it has an end. */
function plain(value: unknown, depth: number): object {
	const copy: Record<string, unknown> = {};
	const source = value instanceof Error ? describe(value) : Object(value);
	for (const [name, part] of Object.entries(source)) {
		if (typeof part === "bigint" || typeof part === "symbol")
			copy[name] = String(part);
		else if (part === null || typeof part !== "object") copy[name] = part;
		else if (depth === 0) copy[name] = "…";
		else if (Array.isArray(part))
			copy[name] = Object.values(plain(part.slice(0, 100), depth - 1));
		else copy[name] = plain(part, depth - 1);
	}
	return copy;
}

export const silentLogger: Logger = () => {};

function describe(error: Error): Record<string, unknown> {
	return {
		name: error.name,
		message: error.message,
		...("code" in error && { code: error.code }),
		...("status" in error && { status: error.status }),
		// Where it began is what counts: what passed it on has no stack of its own to show.
		...(!(error.cause instanceof Error) && {
			stack: error.stack
				?.split("\n")
				.slice(1, 6)
				.map((line) => line.trim()),
		}),
		...(error.cause !== undefined && { cause: error.cause }),
	};
}

/** JSON escapes C0 by itself; C1, line separators and direction marks are left to us. */
const escapeControls = (line: string): string =>
	line.replace(
		/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
