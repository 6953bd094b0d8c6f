/** Prints a state machine as the Markdown table in ARCHITECTURE.md, by running it on samples. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

type Step<State> = { state: State; effect?: string };

/**
 * One row for each event, one column for each state. A cell names the next state and the effect; `–`
 * means that nothing happens. Several samples of a state or an event may have several outcomes.
 */
export function printTable<State extends { name: string }, Event>(
	states: Record<string, readonly State[]>,
	events: Record<string, readonly Event[]>,
	next: (state: State, event: Event) => Step<State>,
): string {
	const rowOf = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	const names = Object.keys(states);
	const outcome = (state: State, event: Event) => {
		const { state: after, effect } = next(state, event);
		const isSame = after.name === state.name;
		if (!effect) return isSame ? "–" : after.name;
		return isSame ? `_${effect}_` : `${after.name}, _${effect}_`;
	};
	const cell = (name: string, type: string) => {
		const outcomes = (states[name] ?? []).flatMap((state) =>
			(events[type] ?? []).map((event) => outcome(state, event)),
		);
		return [...new Set(outcomes)].join(" or ");
	};
	return [
		rowOf(["event", ...names]),
		rowOf(["---", ...names.map(() => "---")]),
		...Object.keys(events).map((type) =>
			rowOf([type, ...names.map((name) => cell(name, type))]),
		),
	].join("\n");
}

/** The table under a heading of ARCHITECTURE.md, without padding. */
export function tableUnder(heading: string): string {
	const path = join(import.meta.dir, "../../ARCHITECTURE.md");
	const text = readFileSync(path, "utf8");
	const [, section = ""] = text.split(`\n## ${heading}\n`);
	const [, table = ""] = /((?:^\|.*\n)+)/m.exec(section) ?? [];
	return table.trim().replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");
}
