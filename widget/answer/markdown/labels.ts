/**
 * What the writer may be told, and every word it says that no answer wrote.
 */
import type { Formulas } from "./formulas.ts";

export interface MarkdownLabels {
	copy: string;
	copied: string;
	/** Names a block of code; the language may be empty. */
	code: (language: string) => string;
	table: string;
	tooLong: string;
	done: string;
	toDo: string;
}

export interface MarkdownOptions {
	/** Where relative addresses lead. Without it they are text. */
	linkBase?: string | undefined;
	/** Hosts that images are loaded from, exactly as written. All other images are links. */
	imageHosts?: readonly string[] | undefined;
	labels: MarkdownLabels;
	/** A fence has closed: its code is whole. The text node stays one and is not to be split. */
	onCode?:
		| ((code: HTMLElement, text: Text, language: string) => void)
		| undefined;
	/** Formulas are looked for. */
	formulas?: Formulas | undefined;
}
