/**
 * Says which parts of a piece of code are of which kind, by highlight.js' grammars.
 *
 * Used by part.ts. What comes out are places in the text: no HTML is made, and none is asked for.
 */
import type { Emitter } from "highlight.js";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** What has a colour of its own. */
export const kinds = [
	"keyword",
	"string",
	"number",
	"comment",
	"name",
	"type",
	"attribute",
	"added",
	"removed",
] as const;
export type Kind = (typeof kinds)[number];

export type Mark = { kind: Kind; from: number; to: number };

/** The grammars' scopes, by their first word. Those that are not here look like what is around them. */
const kindsOf: Partial<Record<string, Kind | "plain">> = {
	keyword: "keyword",
	"selector-tag": "keyword",
	name: "keyword",
	string: "string",
	regexp: "string",
	char: "string",
	symbol: "string",
	link: "string",
	code: "string",
	number: "number",
	literal: "number",
	bullet: "number",
	comment: "comment",
	quote: "comment",
	title: "name",
	section: "name",
	type: "type",
	built_in: "type",
	class: "type",
	attr: "attribute",
	attribute: "attribute",
	variable: "attribute",
	"template-variable": "attribute",
	"selector-class": "attribute",
	"selector-id": "attribute",
	"selector-attr": "attribute",
	"selector-pseudo": "attribute",
	meta: "attribute",
	addition: "added",
	deletion: "removed",
	// Code within a string.
	subst: "plain",
};

/** What the grammars tell, in the order of the text. */
class Marks implements Emitter {
	readonly marks: Mark[] = [];
	#at = 0;
	readonly #scopes: (Kind | "plain")[] = [];

	get #kind(): Kind | "plain" {
		return this.#scopes.at(-1) ?? "plain";
	}

	startScope(name: string) {
		const [first = ""] = name.split(".");
		this.#scopes.push(kindsOf[first] ?? this.#kind);
	}

	endScope() {
		this.#scopes.pop();
	}

	/** Modes that are scopes themselves come by these two. */
	openNode(name: string) {
		this.startScope(name);
	}

	closeNode() {
		this.endScope();
	}

	addText(text: string) {
		const from = this.#at;
		this.#at += text.length;
		const kind = this.#kind;
		if (kind !== "plain") this.#mark({ kind, from, to: this.#at });
	}

	__addSublanguage(within: Emitter) {
		const { marks, length } = within as Marks;
		for (const { kind, from, to } of marks)
			this.#mark({ kind, from: from + this.#at, to: to + this.#at });
		this.#at += length;
	}

	#mark(mark: Mark) {
		const last = this.marks.at(-1);
		if (last?.kind === mark.kind && last.to === mark.from) last.to = mark.to;
		else if (mark.from < mark.to) this.marks.push(mark);
	}

	get length(): number {
		return this.#at;
	}

	finalize() {
		this.#scopes.length = 0;
	}

	toHTML(): string {
		return "";
	}
}

const grammars = hljs.newInstance();
grammars.configure({ __emitter: Marks });
for (const [name, grammar] of Object.entries({
	bash,
	c,
	cpp,
	csharp,
	css,
	diff,
	go,
	ini,
	java,
	javascript,
	json,
	kotlin,
	markdown,
	php,
	python,
	ruby,
	rust,
	shell,
	sql,
	swift,
	typescript,
	xml,
	yaml,
}))
	grammars.registerLanguage(name, grammar);

/** Nothing for a language that is not known, by its name or by a usual other one. */
export function marksOf(code: string, language: string): readonly Mark[] {
	if (!grammars.getLanguage(language)) return [];
	const { _emitter, errorRaised } = grammars.highlight(code, {
		language,
		ignoreIllegals: true,
	});
	const { marks, length } = _emitter as Marks;
	return errorRaised || length !== code.length ? [] : marks;
}
