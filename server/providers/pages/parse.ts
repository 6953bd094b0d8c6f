/**
 * Splits a Markdown page into passages, which can be quoted as an answer. A passage is a section or
 * a part of a long one, cut between blocks, never inside a list, a table or a code block. Pure.
 * Knows no index.
 */

export type MarkdownPage = {
	/** Inside the folder, with slashes and with its ending. */
	path: string;
	title: string;
	/** The page's order, if its front matter gives one. */
	order?: number;
	passages: Passage[];
};

export type Passage = {
	path: string;
	title: string;
	/** The nearest heading. Before the first heading: the page's title. */
	heading: string;
	/** The anchor that GitHub gives the heading; absent before any. */
	slug?: string;
	/** 1 … 6, 0 before any heading. */
	level: number;
	/** Its place among the page's passages. */
	place: number;
	/** Markdown. Empty when only other headings follow the heading. */
	text: string;
	/** The section continues in the next passage. */
	goesOn: boolean;
};

/** A passage ends with the block that brings it near this length, in characters. */
const passageChars = 1_100;

const mottoChars = 60;

type Section = { heading: string; slug?: string; level: number; text: string };

export function readPage(path: string, source: string): MarkdownPage {
	const {
		title: given,
		order,
		body,
	} = frontMatter(source.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n"));
	const sections = sectionsOf(withInlineLinks(body));
	const title =
		given ??
		sections.find(({ level }) => level === 1)?.heading ??
		titleOfPath(path);
	const passages: Passage[] = [];
	for (const { heading, text, ...section } of sections) {
		const parts = partsOf(text);
		for (const [at, part] of parts.entries())
			passages.push({
				path,
				title,
				...section,
				heading: heading || title,
				place: passages.length,
				text: part,
				goesOn: at < parts.length - 1,
			});
	}
	return { path, title, passages, ...(order !== undefined && { order }) };
}

/** Text without Markdown syntax and link targets, for headings and the index. */
export function plain(markdown: string): string {
	return markdown
		.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
		.replaceAll(/[*`~]+|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, "")
		.replaceAll(/\\([!-/:-@[-`{-~])/g, "$1")
		.trim();
}

/** The lines, and whether each is in a fenced code block. */
export function* linesOf(
	markdown: string,
): Generator<{ line: string; code: boolean }> {
	let fence: string | undefined;
	for (const line of markdown.split("\n")) {
		const mark = /^\s*(`{3,}|~{3,})(.*)$/.exec(line);
		const [, ticks = "", info = ""] = mark ?? [];
		if (fence !== undefined) {
			yield { line, code: true };
			if (ticks.startsWith(fence) && info.trim() === "") fence = undefined;
		} else {
			// A line such as ```code``` opens no block.
			if (mark && !(ticks[0] === "`" && info.includes("`"))) fence = ticks;
			yield { line, code: fence !== undefined };
		}
	}
}

function sectionsOf(body: string): Section[] {
	const taken = new Map<string, number>();
	const sections: Section[] = [{ heading: "", level: 0, text: "" }];
	let lines: string[] = [];
	const close = () => {
		const section = sections.at(-1) as Section;
		section.text = lines.join("\n").trim();
		lines = [];
	};
	for (const { line, code } of linesOf(body)) {
		const mark = code ? null : /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(line);
		const [, signs = "", rest = ""] = mark ?? [];
		const words = rest.replace(/(^|[ \t]+)#+[ \t]*$/, "");
		const [, text = words, id] = /^(.*?)\s*\{#([\w-]+)\}$/.exec(words) ?? [];
		const heading = plain(text);
		if (heading === "") {
			if (!mark) lines.push(line);
			continue;
		}
		close();
		const slug = id ?? freeSlug(heading, taken);
		sections.push({ heading, slug, level: signs.length, text: "" });
	}
	close();
	const [first, ...rest] = sections;
	if (!first) return rest;
	// A short line above all headings is a badge or a motto, unless the page has no headings.
	const least = rest.length === 0 ? 1 : mottoChars;
	return partsOf(first.text).join("").length >= least ? sections : rest;
}

/** GitHub's anchor: lower case, no punctuation, hyphens for spaces, and a number for repeats. */
function freeSlug(heading: string, taken: Map<string, number>): string {
	const slug = heading
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, "")
		.replaceAll(/\s/g, "-");
	const times = taken.get(slug) ?? 0;
	taken.set(slug, times + 1);
	return times === 0 ? slug : `${slug}-${times}`;
}

function partsOf(text: string): string[] {
	const parts: string[] = [];
	let part = "";
	for (const block of blocksOf(text)) {
		const isFull = part.length + block.length > passageChars;
		// A block that ends with a colon introduces the next one.
		if (part !== "" && isFull && !part.endsWith(":")) {
			parts.push(part);
			part = "";
		}
		part += part === "" ? block : `\n\n${block}`;
	}
	return [...parts, part];
}

/** The blocks between blank lines and rules, outside code and lists. */
function blocksOf(text: string): string[] {
	const blocks: string[][] = [];
	let isOpen = false;
	let isList = false;
	for (const { line, code } of linesOf(text)) {
		const isItem = /^\s*([-*+]|\d+[.)])\s/.test(line);
		if (/^\s*([-*_]\s*){3,}$|^\s*$/.test(line) && !code) {
			isOpen = false;
			continue;
		}
		const goesOn = isOpen || (isList && (isItem || /^\s/.test(line)));
		if (!goesOn) {
			blocks.push([]);
			isList = isItem;
		} else if (!isOpen) blocks.at(-1)?.push("");
		blocks.at(-1)?.push(line);
		isOpen = true;
	}
	return blocks.map((lines) => lines.join("\n"));
}

/**
 * Drops comments and tags, and turns `[text][name]` into `[text](target)`: a passage leaves the page without
 * the lines at its end that say where the names lead.
 */
function withInlineLinks(body: string): string {
	const targets = new Map<string, string>();
	const kept: { line: string; code: boolean }[] = [];
	for (const each of linesOf(withoutTags(withoutComments(body)))) {
		const [, name, target] =
			/^ {0,3}\[([^\]^]+)\]:\s*<?([^\s>]+)/.exec(each.line) ?? [];
		if (each.code || !name || !target) kept.push(each);
		else targets.set(name.toLowerCase(), target);
	}
	if (targets.size === 0) return kept.map(({ line }) => line).join("\n");
	return kept
		.map(({ line, code }) =>
			code
				? line
				: line.replaceAll(
						/\[([^\]]+)\](?:\[([^\]]*)\])?(?![([:])/g,
						(whole, text: string, name: string) => {
							const target = targets.get((name || text).toLowerCase());
							return target ? `[${text}](${target})` : whole;
						},
					),
		)
		.join("\n");
}

/** Removes HTML tags and keeps their text, because a chat would show them as text. */
function withoutTags(body: string): string {
	const tag =
		/<\/?(?:a|abbr|b|br|center|dd|details|div|dl|dt|em|figcaption|figure|font|h[1-6]|hr|i|iframe|img|kbd|li|ol|p|picture|source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|video)(?:\s[^<>]*)?\/?>/gi;
	return [...linesOf(body)]
		.map(({ line, code }) =>
			code || !line.includes("<")
				? line
				: line
						.split(/(`+[^`]*`+)/)
						.map((part) =>
							part.startsWith("`") ? part : part.replaceAll(tag, ""),
						)
						.join(""),
		)
		.join("\n");
}

function withoutComments(body: string): string {
	if (!body.includes("<!--")) return body;
	const kept: string[] = [];
	let inside = false;
	for (const { line, code } of linesOf(body)) {
		let rest = line;
		if (inside) {
			const end = line.indexOf("-->");
			if (end === -1) continue;
			inside = false;
			rest = line.slice(end + 3);
		}
		if (!code) {
			rest = rest.replaceAll(/<!--.*?-->/g, "");
			const start = rest.indexOf("<!--");
			if (start !== -1) {
				inside = true;
				rest = rest.slice(0, start);
			}
		}
		kept.push(rest);
	}
	return kept.join("\n");
}

type FrontMatter = { title?: string; order?: number; body: string };

function frontMatter(source: string): FrontMatter {
	const match = /^---\n([\s\S]*?)\n(?:---|\.\.\.)(?:\n|$)/.exec(source);
	const [whole = "", head = ""] = match ?? [];
	const title = /^title:[ \t]*(.+)$/m.exec(head)?.[1]?.trim();
	const order =
		/^(?:order|nav_order|sidebar_position|weight):[ \t]*(\d+)/m.exec(head)?.[1];
	return {
		body: source.slice(whole.length),
		...(title && { title: title.replace(/^(["'])(.*)\1$/, "$2") }),
		...(order && { order: Number(order) }),
	};
}

function titleOfPath(path: string): string {
	const parts = path.replace(/\.[^./]+$/, "").split("/");
	const name = isIndex(path) ? (parts.at(-2) ?? "Home") : (parts.at(-1) ?? "");
	const words = name.replaceAll(/[-_]+/g, " ").trim();
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether a page is the index page of its folder. */
export const isIndex = (path: string): boolean =>
	/(^|\/)(index|readme)\.[^./]+$/i.test(path);
