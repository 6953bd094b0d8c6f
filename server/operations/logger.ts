/**
 * What operators read: one JSON object a line, on standard error.
 *
 * Made by `main.ts` and handed down. Nobody hands it a visitor's words, a credential or a key; should
 * somebody, or a vendor's error hold one, it goes no further. Control characters leave as JSON
 * escapes, so that no value can forge a line or drive a terminal.
 */
import { isIPv4, isIPv6 } from "node:net";
import { escapeControls } from "./escape-controls.ts";
import { redact } from "./redact.ts";

export type Level = "info" | "warn" | "error";
export type Logger = (
	level: Level,
	event: string,
	facts?: Record<string, unknown>,
	/** What the facts may quote and the log must not have: a visitor's words. */
	hidden?: readonly string[],
) => void;

/** Names of what is nobody's business, wherever it stands. */
const secretName =
	/token|secret|passw|authorization|cookie|api[-_]?key|^(content|text|prompt|question|context)$/i;
const addressName = /^(ip|address|peer|remoteAddress)$/i;

/** What looks like a credential in the middle of a text: what it was can still be told. */
const credentials: readonly [RegExp, string][] = [
	[/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 …"],
	[/\beyJ[\w-]+(\.[\w-]*){1,4}/g, "eyJ…"],
	[/\bv1\.[\w-]+\.[\w-]+/g, "v1.…"],
	[/\bsk-[\w-]{8,}/g, "sk-…"],
	[/\/\/[^@/\s"]+@/g, "//…@"],
];

/** `secrets` never leave, whoever quotes them; it may be filled later. */
export function createLogger(
	write: (line: string) => void,
	now: () => number,
	secrets: readonly string[] = [],
): Logger {
	let lastStack: string | undefined;
	/** A model that is down fails every reply at the same place: that is said once. */
	const shorten = (stack: unknown) => {
		const text = JSON.stringify(stack);
		if (text === lastStack) return "as before";
		lastStack = text;
		return stack;
	};
	return (level, event, facts = {}, hidden = []) => {
		const entry = { at: new Date(now()).toISOString(), level, event };
		const hiddenTexts = new Set([...secrets, ...hidden]);
		const line = lineOf(entry, facts, (name, value) => {
			if (name === "stack") return shorten(value);
			return typeof value === "string" ? redact(value, hiddenTexts) : value;
		});
		write(`${escapeControls(withoutCredentials(line))}\n`);
	};
}

/** Never throws: what cannot be written as JSON is not worth a reply that stays open. */
function lineOf(
	entry: object,
	facts: Record<string, unknown>,
	replace: (name: string, value: unknown) => unknown,
): string {
	try {
		return JSON.stringify({ ...entry, ...plain(facts, 6) }, replace);
	} catch (error) {
		return JSON.stringify({ ...entry, unwritable: String(error) });
	}
}

/** A copy that is safe to write: errors in words, bounded in depth, so that it has an end. */
function plain(value: unknown, depth: number): object {
	const copy: Record<string, unknown> = {};
	const source = value instanceof Error ? describe(value) : Object(value);
	for (const [name, part] of Object.entries(source)) {
		if (secretName.test(name) && part !== undefined) copy[name] = "…";
		else if (addressName.test(name)) copy[name] = network(String(part));
		else if (typeof part === "bigint" || typeof part === "symbol")
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

/** The network of an address: enough to see a pattern, too little to see a person. */
function network(address: string): string {
	if (isIPv4(address))
		return `${address.split(".").slice(0, 3).join(".")}.0/24`;
	if (!isIPv6(address)) return "…";
	const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i)?.[1];
	if (mapped) return network(mapped);
	const [before = "", after] = address.split("::");
	const groups = before === "" ? [] : before.split(":");
	// What the two colons leave out are zeros; they may stand within the first three groups.
	const left = after === undefined ? groups : [...groups, "0", "0", "0"];
	return `${left.slice(0, 3).join(":")}::/48`;
}

const withoutCredentials = (line: string): string =>
	credentials.reduce(
		(text, [looks, instead]) => text.replace(looks, instead),
		line,
	);
