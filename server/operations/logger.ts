/**
 * The log: one JSON object per line.
 *
 * It never contains visitors' text, credentials or keys. Callers must not pass any; what a vendor's
 * error quotes is redacted here. Control characters are escaped, so no value can forge a line.
 */
import { isIPv4, isIPv6 } from "node:net";
import { escapeControls } from "./escape-controls.ts";
import { redact } from "./redact.ts";

/** From the least to the most severe. */
const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];
export type Logger = (
	level: Level,
	event: string,
	facts?: Record<string, unknown>,
	/** Texts that the facts may quote and the log must not contain, such as a visitor's message. */
	hidden?: readonly string[],
) => void;

/** Fields with these names are redacted at any depth. */
const secretName =
	/token|secret|passw|authorization|cookie|api[-_]?key|^(content|text|prompt|question|context)$/i;
const addressName = /^(ip|address|peer|remoteAddress)$/i;

/** Patterns of credentials within a text, and what replaces them. */
const credentials: readonly [RegExp, string][] = [
	[/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 …"],
	[/\beyJ[\w-]+(\.[\w-]*){1,4}/g, "eyJ…"],
	[/\bv1\.[\w-]+\.[\w-]+/g, "v1.…"],
	[/\bsk-[\w-]{8,}/g, "sk-…"],
	[/\/\/[^@/\s"]+@/g, "//…@"],
];

/**
 * @param secrets Redacted in every line. More may be added later.
 * @param minimum Lines below this level are dropped.
 */
export function createLogger(
	write: (line: string) => void,
	now: () => number,
	secrets: readonly string[] = [],
	minimum: () => Level = () => "info",
): Logger {
	let lastStack: string | undefined;
	/** A model that is down fails every reply with the same stack: it is logged once. */
	const shorten = (stack: unknown) => {
		const text = JSON.stringify(stack);
		if (text === lastStack) return "as before";
		lastStack = text;
		return stack;
	};
	return (level, event, facts = {}, hidden = []) => {
		if (levels.indexOf(level) < levels.indexOf(minimum())) return;
		const entry = { at: new Date(now()).toISOString(), level, event };
		const hiddenTexts = new Set([...secrets, ...hidden]);
		const line = lineOf(entry, facts, (name, value) => {
			if (name === "stack") return shorten(value);
			return typeof value === "string" ? redact(value, hiddenTexts) : value;
		});
		write(`${escapeControls(withoutCredentials(line))}\n`);
	};
}

/** Never throws: a value that JSON cannot hold must not fail the caller. */
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

/** A copy that is safe to serialise: errors as objects, bounded depth, no secret fields. */
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
		// Only the innermost error has a stack: it shows where the failure started.
		...(!(error.cause instanceof Error) && {
			stack: error.stack
				?.split("\n")
				.slice(1, 6)
				.map((line) => line.trim()),
		}),
		...(error.cause !== undefined && { cause: error.cause }),
	};
}

/** The network of an address: enough to see a pattern, too little to identify a person. */
function network(address: string): string {
	if (isIPv4(address))
		return `${address.split(".").slice(0, 3).join(".")}.0/24`;
	if (!isIPv6(address)) return "…";
	const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i)?.[1];
	if (mapped) return network(mapped);
	const [before = "", after] = address.split("::");
	const groups = before === "" ? [] : before.split(":");
	// `::` stands for zeros, which may be within the first three groups.
	const left = after === undefined ? groups : [...groups, "0", "0", "0"];
	return `${left.slice(0, 3).join(":")}::/48`;
}

const withoutCredentials = (line: string): string =>
	credentials.reduce(
		(text, [looks, instead]) => text.replace(looks, instead),
		line,
	);
