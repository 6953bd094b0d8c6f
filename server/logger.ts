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
	return (level, event, facts = {}) => {
		const line = JSON.stringify(
			{ at: new Date(now()).toISOString(), level, event, ...facts },
			(_key, value) => (value instanceof Error ? describe(value) : value),
		);
		write(`${escapeControls(line)}\n`);
	};
}

export const silentLogger: Logger = () => {};

function describe(error: Error): Record<string, unknown> {
	return {
		name: error.name,
		message: error.message,
		...("code" in error && { code: error.code }),
		...("status" in error && { status: error.status }),
		stack: error.stack
			?.split("\n")
			.slice(1, 6)
			.map((line) => line.trim()),
		...(error.cause !== undefined && { cause: error.cause }),
	};
}

/** JSON escapes C0 by itself; C1, line separators and direction marks are left to us. */
const escapeControls = (line: string): string =>
	line.replace(
		/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
